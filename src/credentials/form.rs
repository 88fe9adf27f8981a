//! Names and values of forms (`application/x-www-form-urlencoded`).

use zeroize::Zeroizing;

use super::percent::PercentDecoder;
use crate::error::RequestFault;

/// Decodes a name or a value of a form (RFC 6749 appendix B). A `%` without two digits after it, bytes that
/// aren't UTF-8 and control characters are rejected.
pub(super) fn decode(text: &str) -> Result<Zeroizing<String>, RequestFault> {
    // The capacity is never exceeded, so no part of a secret is left behind in a smaller buffer.
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    for byte in PercentDecoder::form(text.as_bytes()) {
        decoded.push(byte.ok_or(RequestFault::Malformed)?);
    }
    match str::from_utf8(&decoded) {
        Ok(text) if !text.contains(char::is_control) => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(RequestFault::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_and_malformed_text_is_rejected() {
        for (text, decoded) in [
            ("", Some("")),
            ("abc-._~", Some("abc-._~")),
            ("a+b", Some("a b")),
            ("a%20b", Some("a b")),
            ("%2B%25%26%3d", Some("+%&=")),
            ("%C2%A3%e2%82%ac", Some("\u{a3}\u{20ac}")),
            ("\u{e9}", Some("\u{e9}")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("%+1", None),
            ("%-1", None),
            ("% 41", None),
            ("%\u{e9}1", None),
            ("%ff", None),
            ("%C2", None),
            ("%00", None),
            ("%7f", None),
            ("%C2%85", None),
            ("\n", None),
        ] {
            let result = decode(text).ok();
            assert_eq!(result.as_ref().map(|text| text.as_str()), decoded, "{text:?}");
        }
    }
}
