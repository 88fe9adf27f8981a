use std::{
    fmt,
    hash::{Hash, Hasher},
};

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::fill_random;

/// Computes HMAC-SHA-256 digests. Without the key, guesses can't be tested against them.
pub(crate) struct KeyedDigest(Hmac<Sha256>);

impl KeyedDigest {
    #[expect(
        clippy::expect_used,
        reason = "a system without randomness can serve no one; no request makes a key"
    )]
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        fill_random(&mut key).expect("the system's random number generator");
        Self::with_key(&key)
    }

    /// Creates a digest with a shared key.
    pub(crate) fn with_key(key: &[u8]) -> Self {
        // A key as long as a block is used directly. A shorter one is padded with zeros, and a longer one is hashed
        // (RFC 2104 §2).
        let digest = (key.len() > 64).then(|| super::sha256(key));
        let key = digest.as_ref().map_or(key, |digest| &digest[..]);
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        Self(Hmac::new(&block.into()))
    }

    /// Returns the digest of these texts. It also depends on the boundaries between them.
    pub(crate) fn of(&self, texts: &[&[u8]]) -> Digest {
        let lengths: Vec<[u8; 8]> =
            texts.iter().map(|text| (text.len() as u64).to_be_bytes()).collect();
        let parts = lengths.iter().zip(texts).flat_map(|(length, text)| [&length[..], text]);
        let mut digest = self.0.clone();
        parts.for_each(|part| digest.update(part));
        Digest(digest.finalize().into_bytes().into())
    }
}

impl fmt::Debug for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedDigest([redacted])")
    }
}

/// The output of a [`KeyedDigest`], compared in constant time.
#[derive(Clone, Copy)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns whether the digest begins with these bytes, in constant time.
    pub(crate) fn starts_with(&self, bytes: &[u8]) -> bool {
        self.0.get(..bytes.len()).is_some_and(|start| start.ct_eq(bytes).into())
    }
}

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
    fn a_digest_depends_on_each_text_its_boundaries_and_the_key() {
        let digest = KeyedDigest::new();
        let alice = digest.of(&[b"alice", b"secret"]);
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
    fn the_same_key_makes_the_same_digests_whatever_its_length() {
        let of = |key: &[u8]| KeyedDigest::with_key(key).of(&[b"alice"]);
        let (short, long) = ([7; 32], [7; 100]);
        assert!(of(&short) == of(&short));
        assert!(of(&long) == of(&long));
        assert!(of(&long) == of(&crate::digest::sha256(&long)));
        assert!(of(&short) != of(&long));
        assert!(of(&long) != of(&[7; 101]));
    }
}
