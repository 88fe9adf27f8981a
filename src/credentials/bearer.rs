//! Bearer tokens (RFC 6750).

use std::{borrow::Cow, fmt};

use http::HeaderMap;
use memchr::memchr;

use super::Authorization;
use crate::{Error, error::RequestFault, jose::base64url};

/// The unverified access token of a request ([RFC 6750 §2.1]). It is never empty, and contains only the characters of
/// `token68`, unless the layer accepts
/// [more of them](crate::AuthenticateLayer::lenient_token_characters).
///
/// `Debug` doesn't show the token.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::BearerToken;
///
/// let mut headers = HeaderMap::new();
/// headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer mF_9.B5f-4.1JqM"));
/// let token = BearerToken::from_headers(&headers)?;
/// assert_eq!(token.as_str(), "mF_9.B5f-4.1JqM");
/// assert_eq!(format!("{token:?}"), "BearerToken([redacted])");
/// # Ok::<(), portcullis::Error>(())
/// ```
///
/// With the `axum` feature this is also an extractor, which doesn't need a layer.
///
/// [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
#[derive(Clone)]
pub struct BearerToken<'a>(
    // As bytes, because validating them as UTF-8 takes longer than the other checks together, and JWTs are verified as
    // bytes. They are always ASCII.
    Cow<'a, [u8]>,
);

/// The characters that a token may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenCharacters {
    /// The characters of `token68`, which RFC 6750 §2.1 allows.
    Token68,
    /// Every visible ASCII character, except quotation marks and the backslash, which end or escape the strings that a
    /// token may be copied into.
    Visible,
}

impl<'a> BearerToken<'a> {
    /// The scheme's name on the wire.
    pub(crate) const SCHEME: &'static str = "Bearer";

    /// Reads the token from the `Authorization` header.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingCredentials`](crate::ErrorKind::MissingCredentials) without the header, or
    /// with another scheme in it; [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the
    /// header is repeated or malformed.
    pub fn from_headers(headers: &'a HeaderMap) -> Result<Self, Error> {
        Authorization::read_only(headers, Self::SCHEME, Self::parse)
    }

    /// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
    pub(crate) fn parse(token: &'a [u8]) -> Result<Self, RequestFault> {
        let padding = token.iter().rev().take_while(|&&byte| byte == b'=').count();
        let body = token.len().checked_sub(padding).and_then(|end| token.get(..end));
        match body {
            Some(body) if !body.is_empty() && is_alphabet(body) => Ok(Self(Cow::Borrowed(token))),
            _ => Err(RequestFault::Malformed),
        }
    }

    /// Parses a token that may contain these characters.
    pub(crate) fn parse_with(
        token: &'a [u8],
        characters: TokenCharacters,
    ) -> Result<Self, RequestFault> {
        match characters {
            TokenCharacters::Token68 => Self::parse(token),
            TokenCharacters::Visible
                if !token.is_empty() && token.iter().copied().all(is_visible) =>
            {
                Ok(Self(Cow::Borrowed(token)))
            }
            TokenCharacters::Visible => Err(RequestFault::Malformed),
        }
    }

    /// Parses a token that was decoded from another place.
    pub(crate) fn parse_owned(
        token: String,
        characters: TokenCharacters,
    ) -> Result<Self, RequestFault> {
        BearerToken::parse_with(token.as_bytes(), characters)?;
        Ok(Self(Cow::Owned(token.into_bytes())))
    }

    /// Returns the token. It is a secret, because anyone who has it can use it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the token as bytes, which takes no time, unlike [`as_str`](Self::as_str), which validates them as UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns an owned copy of the token.
    #[must_use]
    pub fn into_owned(self) -> BearerToken<'static> {
        BearerToken(Cow::Owned(self.0.into_owned()))
    }
}

/// The number of parts of a token that are checked with vector instructions: those of a JWE. A token of dots has more,
/// and each costs more than a byte.
const PARTS: usize = 5;

/// Returns whether all bytes belong to the alphabet. Nearly all tokens are base64url in parts that are separated by
/// dots, which are checked with vector instructions.
fn is_alphabet(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    for _ in 0..PARTS {
        let (part, after) = match memchr(b'.', rest).and_then(|dot| rest.split_at_checked(dot)) {
            Some((part, after)) => (part, after.get(1..)),
            None => (rest, None),
        };
        if !base64url::is_valid(part) {
            break;
        }
        match after {
            Some(after) => rest = after,
            None => return true,
        }
    }
    is_alphabet_by_byte(rest)
}

/// The same for any text. There are no branches, so that the compiler can vectorize it.
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
fn is_alphabet_by_byte(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, &byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        // `-`, `.`, `/` and the digits are consecutive.
        let digit = byte.wrapping_sub(b'-') < 13;
        let mark = (byte == b'_') | (byte == b'~') | (byte == b'+');
        all & (letter | digit | mark)
    })
}

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\')
}

impl fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_tokens_exclude_quotation_marks_and_backslashes() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_graphic() && !b"\"'`\\".contains(&byte);
            for token in [vec![byte], vec![b'a', byte, b'z']] {
                let parsed = BearerToken::parse_with(&token, TokenCharacters::Visible);
                assert_eq!(parsed.is_ok(), expected, "{byte}");
                if BearerToken::parse(&token).is_ok() {
                    assert!(expected, "{byte}");
                }
            }
        }
        assert!(BearerToken::parse_with(b"", TokenCharacters::Visible).is_err());
        for token in [&b"1|abc"[..], b"token-x:y", b"a,b=c", b"{}"] {
            assert!(BearerToken::parse_with(token, TokenCharacters::Visible).is_ok());
            assert!(BearerToken::parse_with(token, TokenCharacters::Token68).is_err());
        }
    }

    #[test]
    fn only_bytes_of_the_alphabet_are_accepted() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_alphabet(&[byte]), expected, "{byte}");
            for before in ["a", "aaaa", ".", "aaaa.", &"a".repeat(64), &"b.".repeat(64)] {
                for after in ["", "z", ".", ".zz", "zzzz.zz", &"z".repeat(64), &".z".repeat(64)] {
                    let token = [before.as_bytes(), &[byte], after.as_bytes()].concat();
                    assert_eq!(is_alphabet(&token), expected, "{token:?}");
                }
            }
        }
    }

    #[test]
    fn the_grammar_of_b64token() {
        let cases: [(&[u8], bool); 16] = [
            (b"a", true),
            (b"mF_9.B5f-4.1JqM", true),
            (b"AZaz09-._~+/", true),
            (b"abc=", true),
            (b"abc==", true),
            (b"", false),
            (b"=", false),
            (b"==", false),
            (b"a=b", false),
            (b"a b", false),
            (b"a,b", false),
            (b"a\"b", false),
            (b"a\tb", false),
            (b"\xff", false),
            (b"\xc3\xa9", false),
            (b"a\0", false),
        ];
        for (token, valid) in cases {
            assert_eq!(BearerToken::parse(token).is_ok(), valid, "{token:?}");
        }
    }
}
