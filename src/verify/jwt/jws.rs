//! The compact serialization (RFC 7515 §3.1): three parts and two dots.

use memchr::memchr_iter;

use super::header::Header;
use crate::{
    TokenFault,
    jose::base64url,
    verify::jwks::{Key, KeySet},
};

/// The longest signature of a supported algorithm: RSA with 8192 bits.
const MAX_SIGNATURE: usize = 1024;

/// A token taken apart, with its header read. Nothing about it has been verified.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub(crate) token: &'a str,
    pub(crate) header: Header,
    /// The encoded claims.
    pub(crate) payload: &'a str,
    signature: &'a str,
    signing_input: &'a str,
}

/// What a key set says about a signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Signature {
    Valid,
    Invalid(TokenFault),
    /// No key of the set verifies it, and the set has no key of that name: a newer set may.
    UnknownKey(TokenFault),
}

impl<'a> Jws<'a> {
    /// Takes a token apart and reads its header.
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenFault> {
        let Parts { header, payload, signature, signing_input } =
            Parts::split(token).ok_or(TokenFault::Malformed)?;
        Ok(Self { token, header: Header::read(header)?, payload, signature, signing_input })
    }

    /// Checks the signature with the keys that its header allows.
    pub(super) fn check_signature(&self, keys: &KeySet) -> Signature {
        let Header { algorithm, kid, .. } = &self.header;
        let mut buffer = [0; MAX_SIGNATURE];
        let Some(signature) = base64url::decode_into(self.signature, &mut buffer) else {
            return Signature::Invalid(TokenFault::Signature);
        };
        let message = self.signing_input.as_bytes();
        let is_signer = |key: &Key| key.verify(*algorithm, message, signature);
        let kid = kid.as_deref();
        if keys.candidates(kid, *algorithm).any(is_signer) {
            return Signature::Valid;
        }
        let fault = keys.mismatch(kid, *algorithm).unwrap_or(TokenFault::Signature);
        if kid.is_some_and(|kid| keys.has_kid(kid)) {
            Signature::Invalid(fault)
        } else {
            // Only keys without a `kid` were tried, or none at all.
            Signature::UnknownKey(fault)
        }
    }
}

/// The parts of a token, still encoded.
struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload with the dot between them: what is signed.
    signing_input: &'a str,
}

impl<'a> Parts<'a> {
    /// Stops at the third dot, so a JWE with five parts and a million dots cost the same. An empty signature
    /// is left to the key.
    fn split(token: &'a str) -> Option<Self> {
        let mut dots = memchr_iter(b'.', token.as_bytes());
        let (first, second) = (dots.next()?, dots.next()?);
        let (signing_input, signature) = (token.get(..second)?, after(token, second)?);
        let (header, payload) = (token.get(..first)?, after(signing_input, first)?);
        let is_whole = dots.next().is_none() && !header.is_empty() && !payload.is_empty();
        is_whole.then_some(Self { header, payload, signature, signing_input })
    }
}

/// Returns what follows the dot at `dot`.
fn after(token: &str, dot: usize) -> Option<&str> {
    token.get(dot.checked_add(1)?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_three_parts() {
        let parts = Parts::split("aa.bbb.c").unwrap();
        assert_eq!(
            (parts.header, parts.payload, parts.signature, parts.signing_input),
            ("aa", "bbb", "c", "aa.bbb")
        );
        let dots = ".".repeat(1_000_000);
        for token in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", ".b.c", "a..c", "..", &dots] {
            assert!(Parts::split(token).is_none());
            assert_eq!(Jws::parse(token).unwrap_err(), TokenFault::Malformed);
        }
    }

    #[test]
    fn an_empty_signature_is_parsed() {
        assert_eq!(Parts::split("a.b.").unwrap().signature, "");
    }
}
