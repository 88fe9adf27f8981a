//! The compact serialisation (RFC 7515 §3.1): three parts and two dots.

use memchr::memchr_iter;

use crate::TokenFault;

/// A token taken apart; nothing is decoded yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compact<'a> {
    pub(super) header: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: &'a str,
    /// Header and payload with the dot between: what is signed.
    pub(super) signing_input: &'a str,
}

impl<'a> Compact<'a> {
    /// Five parts, a JWE, are no token of ours; nor are a million.
    pub(super) fn split(token: &'a str) -> Result<Self, TokenFault> {
        let split = || {
            let mut dots = memchr_iter(b'.', token.as_bytes());
            let (first, second) = (dots.next()?, dots.next()?);
            let (signing_input, signature) = (token.get(..second)?, after(token, second)?);
            let (header, payload) = (token.get(..first)?, after(signing_input, first)?);
            let whole = dots.next().is_none() && !header.is_empty() && !payload.is_empty();
            whole.then_some(Self { header, payload, signature, signing_input })
        };
        split().ok_or(TokenFault::Malformed)
    }
}

/// What follows the dot at `dot`.
fn after(token: &str, dot: usize) -> Option<&str> {
    token.get(dot.checked_add(1)?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_three_parts() {
        let compact = Compact::split("aa.bbb.c").unwrap();
        assert_eq!(
            (compact.header, compact.payload, compact.signature, compact.signing_input),
            ("aa", "bbb", "c", "aa.bbb")
        );
        let dots = ".".repeat(1_000_000);
        for token in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", ".b.c", "a..c", "..", &dots] {
            assert_eq!(Compact::split(token).unwrap_err(), TokenFault::Malformed);
        }
    }

    #[test]
    fn an_empty_signature_is_left_to_the_key() {
        assert_eq!(Compact::split("a.b.").unwrap().signature, "");
    }
}
