//! base64url without padding (RFC 7515 §2). Tokens must use the canonical encoding.

use base64_simd::{Out, URL_SAFE_NO_PAD};

/// Decodes into a new buffer.
pub(crate) fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

/// Decodes a value from a document of a configured issuer, which may have padding and use the
/// alphabet of standard base64 (RFC 4648 §4).
#[cfg(feature = "_jwt")]
pub(crate) fn decode_lenient(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    decode(text.replace('+', "-").replace('/', "_"))
}

/// Decodes into the start of `buffer`. Returns `None` if the text is invalid or the buffer is too
/// small.
pub(crate) fn decode_into(text: impl AsRef<[u8]>, buffer: &mut [u8]) -> Option<&[u8]> {
    let text = text.as_ref();
    if URL_SAFE_NO_PAD.estimated_decoded_length(text.len()) > buffer.len() {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text, Out::from_slice(buffer)).ok().map(|bytes| &*bytes)
}

/// Returns whether a text is valid, without decoding it.
pub(crate) fn is_valid(text: &[u8]) -> bool {
    URL_SAFE_NO_PAD.check(text).is_ok()
}

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_encoding_is_decoded() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("Zg", Some(b"f")),
            ("Zm8", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("-_-_", Some(&[0xfb, 0xff, 0xbf])),
            ("Zh", None),
            ("Zm9", None),
            ("Zg==", None),
            ("Zm8=", None),
            ("Z", None),
            ("Zm9vZ", None),
            ("Zm 9v", None),
            ("Zm9v\n", None),
            ("+/+/", None),
            ("Zm9\u{e9}", None),
        ] {
            let mut buffer = [0; 16];
            assert_eq!(decode(text).as_deref(), bytes, "{text:?}");
            assert_eq!(decode_into(text, &mut buffer), bytes, "{text:?}");
            assert_eq!(is_valid(text.as_bytes()), bytes.is_some(), "{text:?}");
        }
    }

    #[test]
    #[cfg(feature = "_jwt")]
    fn padding_and_the_standard_alphabet_are_decoded_leniently() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("Zg", Some(b"f")),
            ("Zg==", Some(b"f")),
            ("Zg=", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("-_-_", Some(&[0xfb, 0xff, 0xbf])),
            ("+/+/", Some(&[0xfb, 0xff, 0xbf])),
            ("+_-/", Some(&[0xfb, 0xff, 0xbf])),
            ("Zh==", None),
            ("Zg===", None),
            ("=", Some(b"")),
            ("Z", None),
            ("Zm 9v", None),
            ("Zm9v\n", None),
            ("Zm=9v", None),
        ] {
            assert_eq!(decode_lenient(text).as_deref(), bytes, "{text:?}");
        }
    }

    #[test]
    fn a_buffer_that_is_too_small_does_not_panic() {
        assert_eq!(decode_into("Zm9vZm9v", &mut [0; 5]), None);
    }
}
