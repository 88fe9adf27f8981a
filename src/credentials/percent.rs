//! Percent-encoding (RFC 3986 §2.1), in URIs and in forms.

/// An iterator over the decoded bytes of a percent-encoded text.
///
/// The item of a `%` without two hexadecimal digits after it is `None`. Which bytes and characters may be
/// encoded is for the caller to decide.
#[derive(Debug, Clone)]
pub(crate) struct PercentDecoder<'a> {
    rest: &'a [u8],
    /// The byte that `+` stands for.
    plus: u8,
}

impl<'a> PercentDecoder<'a> {
    /// Decodes `application/x-www-form-urlencoded`, in which `+` stands for a space.
    pub(crate) const fn form(text: &'a [u8]) -> Self {
        Self { rest: text, plus: b' ' }
    }

    /// Decodes a part of a URI, in which `+` stands for itself.
    pub(crate) const fn uri(text: &'a [u8]) -> Self {
        Self { rest: text, plus: b'+' }
    }

    /// Decodes the next byte if it is percent-encoded. Otherwise returns `None`, and consumes nothing.
    #[inline]
    pub(crate) fn next_encoded(&mut self) -> Option<u8> {
        let [b'%', high, low, ref rest @ ..] = *self.rest else { return None };
        let byte = (digit(high)? << 4) | digit(low)?;
        self.rest = rest;
        Some(byte)
    }

    /// Returns the text that is not decoded yet.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl Iterator for PercentDecoder<'_> {
    type Item = Option<u8>;

    #[inline]
    fn next(&mut self) -> Option<Option<u8>> {
        let (&first, rest) = self.rest.split_first()?;
        let byte = match first {
            b'%' => match self.next_encoded() {
                Some(byte) => return Some(Some(byte)),
                None => None,
            },
            b'+' => Some(self.plus),
            byte => Some(byte),
        };
        self.rest = rest;
        Some(byte)
    }
}

/// Returns the value of a hexadecimal digit in either case.
#[inline]
fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_decoded_and_incomplete_encodings_are_rejected() {
        let some = |text: &str| text.bytes().map(Some).collect::<Vec<_>>();
        for (text, decoded) in [
            ("", vec![]),
            ("abc-._~", some("abc-._~")),
            ("%41%6f%6F", some("Aoo")),
            ("%00%ff", vec![Some(0), Some(0xff)]),
            ("%25%32%35", some("%25")),
            ("%2525", some("%25")),
            ("\u{e9}", some("\u{e9}")),
            ("%", vec![None]),
            ("a%", vec![Some(b'a'), None]),
            ("%4", vec![None, Some(b'4')]),
            ("%zz", vec![None, Some(b'z'), Some(b'z')]),
            ("%-1", vec![None, Some(b'-'), Some(b'1')]),
            ("% 41", vec![None, Some(b' '), Some(b'4'), Some(b'1')]),
            ("%%41", vec![None, Some(b'A')]),
        ] {
            assert_eq!(
                PercentDecoder::form(text.as_bytes()).collect::<Vec<_>>(),
                decoded,
                "{text}"
            );
            assert_eq!(PercentDecoder::uri(text.as_bytes()).collect::<Vec<_>>(), decoded, "{text}");
        }
    }

    #[test]
    fn a_plus_is_a_space_in_forms_only() {
        let decode = |decoder: PercentDecoder<'_>| decoder.collect::<Option<Vec<_>>>();
        for (text, form, uri) in [("a+b", "a b", "a+b"), ("%2B+", "+ ", "++")] {
            let text = text.as_bytes();
            assert_eq!(decode(PercentDecoder::form(text)).as_deref(), Some(form.as_bytes()));
            assert_eq!(decode(PercentDecoder::uri(text)).as_deref(), Some(uri.as_bytes()));
        }
        // A `+` is not a hexadecimal digit, although numbers may start with one.
        assert_eq!(decode(PercentDecoder::form(b"%+1")), None);
    }

    #[test]
    fn next_encoded_decodes_only_the_next_encoding() {
        let mut decoder = PercentDecoder::uri(b"%41b%zz");
        assert_eq!(decoder.next_encoded(), Some(b'A'));
        assert_eq!((decoder.next_encoded(), decoder.rest()), (None, &b"b%zz"[..]));
        assert_eq!(decoder.next(), Some(Some(b'b')));
        assert_eq!((decoder.next_encoded(), decoder.rest()), (None, &b"%zz"[..]));
    }
}
