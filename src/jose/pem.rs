//! The textual encoding of keys (RFC 7468).

use zeroize::Zeroizing;

/// A block of a PEM text, not decoded yet. Text outside of blocks is ignored.
#[derive(Clone, Copy)]
pub(crate) struct PemBlock<'a> {
    pub(crate) label: &'a str,
    /// What follows the label: the content, headers of encrypted keys before it, and the end line.
    pub(crate) rest: &'a str,
}

impl<'a> PemBlock<'a> {
    /// Returns the blocks that begin in a text.
    pub(crate) fn all(pem: &'a str) -> impl Iterator<Item = Self> + Clone {
        let blocks = pem.split("-----BEGIN ").skip(1);
        blocks.filter_map(|block| {
            let (label, rest) = block.split_once("-----")?;
            Some(Self { label, rest })
        })
    }

    /// Decodes the content. Returns `None` if it isn't base64, or doesn't end with the label with which it begins.
    pub(crate) fn decode(self) -> Option<Zeroizing<Vec<u8>>> {
        let (content, _) = self.rest.split_once(&format!("-----END {}-----", self.label))?;
        let content = content.bytes().filter(|byte| !byte.is_ascii_whitespace());
        let content: Zeroizing<Vec<u8>> = Zeroizing::new(content.collect());
        base64_simd::STANDARD.decode_to_vec(&*content).ok().map(Zeroizing::new)
    }
}
