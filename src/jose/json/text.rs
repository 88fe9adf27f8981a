use std::borrow::Cow;
use std::iter;
use std::ops::Range;

/// The text between the quotes of a string or name.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(super) raw: &'a str,
    pub(super) start: usize,
    pub(super) escaped: bool,
}

impl<'a> Text<'a> {
    /// Returns the text as it is written, including escapes.
    #[cfg(test)]
    pub(crate) fn raw(self) -> &'a str {
        self.raw
    }

    /// Returns the position of [`raw`](Self::raw) in the text that was passed to
    /// [`object`](super::object), in bytes.
    #[inline]
    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.start.wrapping_add(self.raw.len())
    }

    /// Returns the text, if it contains no escapes.
    #[inline]
    pub(crate) fn as_plain(self) -> Option<&'a str> {
        (!self.escaped).then_some(self.raw)
    }

    /// Returns the text with its escapes resolved.
    pub(crate) fn to_cow(self) -> Cow<'a, str> {
        match self.as_plain() {
            Some(plain) => Cow::Borrowed(plain),
            None => Cow::Owned(self.chars().collect()),
        }
    }

    /// Returns whether the text with its escapes resolved is `other`.
    #[inline]
    pub(crate) fn is(self, other: &str) -> bool {
        match self.as_plain() {
            Some(plain) => plain == other,
            None => self.chars().eq(other.chars()),
        }
    }

    fn chars(self) -> impl Iterator<Item = char> + 'a {
        let mut rest = self.raw;
        iter::from_fn(move || {
            let (char, after) = if rest.starts_with('\\') {
                unescape(rest)?
            } else {
                let char = rest.chars().next()?;
                (char, rest.get(char.len_utf8()..)?)
            };
            rest = after;
            Some(char)
        })
    }
}

/// Splits an escape from the text. Returns the character that it represents, and the rest.
///
/// Returns `None` if `text` doesn't begin with a valid escape. Half a surrogate pair is invalid.
pub(super) fn unescape(text: &str) -> Option<(char, &str)> {
    let (escape, rest) = text.split_at_checked(2)?;
    let char = match escape {
        r#"\""# => '"',
        r"\\" => '\\',
        r"\/" => '/',
        r"\b" => '\u{8}',
        r"\f" => '\u{c}',
        r"\n" => '\n',
        r"\r" => '\r',
        r"\t" => '\t',
        r"\u" => return unescape_utf16(rest),
        _ => return None,
    };
    Some((char, rest))
}

fn unescape_utf16(text: &str) -> Option<(char, &str)> {
    let (unit, rest) = code_unit(text)?;
    if let Some(char) = char::from_u32(unit.into()) {
        return Some((char, rest));
    }
    let (low, rest) = code_unit(rest.strip_prefix(r"\u")?)?;
    let char = char::decode_utf16([unit, low]).next()?.ok()?;
    Some((char, rest))
}

fn code_unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    // `from_str_radix` alone would accept a sign.
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let unit = u16::from_str_radix(digits, 16).ok().filter(|_| hex)?;
    Some((unit, rest))
}

/// Returns the number of bytes before the first one that can't be in a string unescaped: a quote, a
/// backslash or a control character.
pub(super) fn plain_len(text: &[u8]) -> usize {
    let mut rest = text;
    let in_rest = loop {
        let Some((word, after)) = rest.split_first_chunk() else {
            let plain = |byte: &&u8| !matches!(byte, ..b' ' | b'"' | b'\\');
            break rest.iter().take_while(plain).count();
        };
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            break marks.trailing_zeros() as usize / 8;
        }
        rest = after;
    };
    text.len().wrapping_sub(rest.len()).wrapping_add(in_rest)
}

/// Marks the first byte of `word` that can't be in a string unescaped, by setting its highest bit.
///
/// Bytes above it may be marked incorrectly: subtracting `n` from a smaller byte sets its highest
/// bit, but borrows from the next higher byte.
#[inline]
fn marks(word: u64) -> u64 {
    let every = |byte: u8| u64::from_le_bytes([byte; 8]);
    let less = |word: u64, n: u8| word.wrapping_sub(every(n)) & !word;
    // Flipping the bit 0x02 moves the quote (0x22) directly above the control characters, which
    // stay contiguous.
    let quote_or_control = less(word ^ every(0x02), 0x21);
    let backslash = less(word ^ every(b'\\'), 1);
    (quote_or_control | backslash) & every(0x80)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(raw: &str) -> Text<'_> {
        Text { raw, start: 0, escaped: raw.contains('\\') }
    }

    // Verifies rfc7515-10.13-code-points.
    #[test]
    fn escapes_are_resolved() {
        let cases = [
            ("", ""),
            ("plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0000\u001F\u007f", "\0\u{1f}\u{7f}"),
            (r"\u0065xp", "exp"),
            (r"ex\u0070", "exp"),
            (r"\\u0065xp", r"\u0065xp"),
            (r"caf\u00E9 \u65e5本", "café 日本"),
            (r"\ud83d\ude00\uD83D\uDE00", "😀😀"),
            (
                r"\ud7ff\ue000\uffff\ud800\udc00\udbff\udfff",
                "\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}",
            ),
        ];
        for (raw, resolved) in cases {
            let text = text(raw);
            assert_eq!(text.to_cow(), resolved, "{raw}");
            assert_eq!(text.as_plain(), (raw == resolved).then_some(raw), "{raw}");
            assert!(text.is(resolved), "{raw}");
        }
    }

    #[test]
    fn a_string_equals_only_its_unescaped_text() {
        for raw in [r"exp", r"\u0065xp", r"e\u0078p", r"ex\u0070"] {
            assert!(text(raw).is("exp"), "{raw}");
            for other in ["", "ex", "expp", "Exp", "ex\0", r"\u0065xp", r"ex\u0070"] {
                assert!(!text(raw).is(other), "{raw} {other}");
            }
        }
    }

    #[test]
    fn a_string_without_escapes_is_not_copied() {
        let plain = "https://login.example.com";
        assert!(
            matches!(text(plain).to_cow(), Cow::Borrowed(text) if text.as_ptr() == plain.as_ptr())
        );
    }

    proptest! {
        #[test]
        fn plain_len_agrees_with_a_search_byte_by_byte(
            bytes in proptest::collection::vec(any::<u8>(), 0..40),
            plain in 0..40_usize,
        ) {
            let marked = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
            let expected = bytes.iter().position(marked).unwrap_or(bytes.len());
            prop_assert_eq!(plain_len(&bytes), expected);

            let before = b"!#[]\x7f\x80\xa2\xdc\xff ".repeat(4);
            let bytes = [&before[..plain], &bytes].concat();
            prop_assert_eq!(plain_len(&bytes), expected.saturating_add(plain));
        }
    }

    #[test]
    fn every_byte_is_classified_at_every_position() {
        for byte in 0..=u8::MAX {
            for at in 0..20 {
                let mut bytes = [b'a'; 20];
                bytes[at] = byte;
                let plain = byte >= 0x20 && byte != b'"' && byte != b'\\';
                assert_eq!(plain_len(&bytes), if plain { 20 } else { at }, "{byte:#x} at {at}");
            }
        }
    }
}
