//! Texts as forms encode them.

use zeroize::Zeroizing;

use crate::RequestFault;

/// Decodes a name or a value of `application/x-www-form-urlencoded` (RFC 6749 appendix B). Strictly:
/// a `%` without two digits behind it, what isn't UTF-8 and control characters are refused.
pub(super) fn decode(text: &str) -> Result<Zeroizing<String>, RequestFault> {
    // As long as it can become, so that no part of a secret stays behind in a smaller buffer.
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next()), digit(bytes.next()));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(RequestFault::Malformed);
                };
                u8::try_from((high << 4) | low).map_err(|_| RequestFault::Malformed)?
            }
            byte => byte,
        });
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
    fn what_is_encoded_is_decoded_and_what_is_not_is_refused() {
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
