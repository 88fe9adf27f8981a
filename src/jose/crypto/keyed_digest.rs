use std::hash::{Hash, Hasher};

use subtle::ConstantTimeEq;

use super::{backend, fill_random};

/// Makes digests that nobody else can make or check: HMAC-SHA-256 with a random key of its own,
/// which never leaves it.
pub(crate) struct KeyedDigest(backend::DigestKey);

impl KeyedDigest {
    #[expect(
        clippy::expect_used,
        reason = "a system without randomness can serve no one; no request makes a key"
    )]
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        fill_random(&mut key).expect("the system's random number generator");
        Self(backend::DigestKey::new(&key))
    }

    /// The digest of these texts. Where one ends and the next begins counts.
    pub(crate) fn of(&self, texts: &[&[u8]]) -> Digest {
        let lengths: Vec<[u8; 8]> =
            texts.iter().map(|text| (text.len() as u64).to_be_bytes()).collect();
        let parts = lengths.iter().zip(texts).flat_map(|(length, text)| [&length[..], text]);
        Digest(self.0.digest(parts))
    }
}

/// What a [`KeyedDigest`] makes. Comparing two takes the same time wherever they differ.
#[derive(Clone)]
pub(crate) struct Digest(Box<[u8]>);

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_each_text_their_borders_and_the_key() {
        let digest = KeyedDigest::new();
        let alice = digest.of(&[b"alice", b"secret"]);
        assert_eq!(alice.0.len(), 32);
        assert!(alice == digest.of(&[b"alice", b"secret"]));
        for other in [
            digest.of(&[b"alice", b"Secret"]),
            digest.of(&[b"alices", b"ecret"]),
            digest.of(&[b"alicesecret"]),
            digest.of(&[b"alice", b"secret", b""]),
            digest.of(&[]),
            KeyedDigest::new().of(&[b"alice", b"secret"]),
        ] {
            assert!(alice != other);
        }
    }

    #[test]
    #[cfg(all(feature = "aws-lc-rs", feature = "rust-crypto"))]
    fn both_back_ends_make_the_same_digest() {
        use crate::jose::crypto::{aws_lc, rust_crypto};

        let (key, parts) = ([7; 32], [&b"a"[..], b"", b"bc"]);
        let pure = rust_crypto::DigestKey::new(&key).digest(parts.into_iter());
        assert_eq!(aws_lc::DigestKey::new(&key).digest(parts.into_iter()), pure);
    }
}
