//! The digest of a token, computed once.

use std::sync::OnceLock;

use crate::digest::sha256;

/// The number of bytes at the end of a token that are compared. They are part of the signature, so
/// they identify the token.
const TAIL: usize = 32;

/// The SHA-256 digest of the token to which a confirmation belongs.
///
/// A client sends the same token with many proofs, so the digest of the first token is stored. The digest of
/// any other token is computed each time, which is necessary for verifiers that return the same identity for
/// several tokens.
#[derive(Debug, Default)]
pub(super) struct TokenHash(OnceLock<Known>);

#[derive(Debug)]
struct Known {
    length: usize,
    tail: [u8; TAIL],
    digest: [u8; 32],
}

impl TokenHash {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(super) fn of(&self, token: &[u8]) -> [u8; 32] {
        let Some(tail) = token.last_chunk() else { return sha256(token) };
        let compute = || Known { length: token.len(), tail: *tail, digest: sha256(token) };
        let known = self.0.get_or_init(compute);
        let is_known = (known.length, &known.tail) == (token.len(), tail);
        if is_known { known.digest } else { sha256(token) }
    }
}

/// A clone starts without a digest.
impl Clone for TokenHash {
    fn clone(&self) -> Self {
        Self::new()
    }
}

/// All values are equal, because the digest isn't part of the confirmation.
impl PartialEq for TokenHash {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for TokenHash {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_own_digest() {
        let hash = TokenHash::new();
        let long = |start: &str, end: &str| format!("{start}{}{end}", "a".repeat(40));
        for token in [
            String::new(),
            "short".to_owned(),
            long("", ""),
            long("b", ""),
            long("", "b"),
            long("", "c"),
            long("", ""),
        ] {
            assert_eq!(hash.of(token.as_bytes()), sha256(token.as_bytes()), "{token}");
            assert_eq!(TokenHash::new().of(token.as_bytes()), sha256(token.as_bytes()), "{token}");
        }
    }
}
