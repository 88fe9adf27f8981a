//! A newly generated token.

use std::fmt;

use zeroize::Zeroizing;

use super::TokenDigest;

/// A newly generated token, which can be shown to the user only now.
///
/// [`OwnTokenFormat::generate`](super::OwnTokenFormat::generate) creates one. `Debug` redacts the token,
/// and its memory is cleared on drop.
///
/// ```
/// use portcullis::own_tokens::OwnTokenFormat;
///
/// let token = OwnTokenFormat::new("hcms_pat")?.generate()?;
/// assert_eq!(token.reveal().len(), "hcms_pat_".len() + 49);
/// assert!(format!("{token:?}").starts_with("NewToken { text: [redacted], digest: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NewToken {
    text: Zeroizing<String>,
    digest: TokenDigest,
}

impl NewToken {
    pub(super) fn new(text: Zeroizing<String>) -> Self {
        let digest = TokenDigest::of(&text);
        Self { text, digest }
    }

    /// Returns the token, to be shown to its user. Anyone who has it can use it, so don't log or store it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Returns the digest, to be stored instead of the token.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("text", &format_args!("[redacted]"))
            .field("digest", &self.digest)
            .finish()
    }
}
