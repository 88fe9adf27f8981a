//! The normal form of paths: only a path with a single possible spelling is looked up in a table.
//!
//! A router compares a path as it is, but the service behind it may decode it, resolve dots and slashes, or ignore
//! case. An ambiguous path is therefore never looked up.

use crate::credentials::PercentDecoder;

/// Returns whether a path is in normal form (RFC 3986 §6.2.2), and doesn't change if it is decoded again.
///
/// The table handles trailing slashes. Hexadecimal digits may be in either case.
pub(super) fn is_normal(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else { return false };
    let mut segments = path.as_bytes().split(|byte| *byte == b'/');
    // A trailing slash leaves an empty last segment.
    let last_is_normal =
        segments.next_back().is_none_or(|last| last.is_empty() || is_normal_segment(last));
    last_is_normal && segments.all(|segment| !segment.is_empty() && is_normal_segment(segment))
}

/// Returns whether every server can be expected to read a path in normal form in the same way.
///
/// In addition to [`is_normal`], nothing in ASCII may be percent-encoded, and no segment may end with characters that
/// some servers trim. The path may be a pattern.
pub(super) fn is_unambiguous(path: &str) -> bool {
    path.split('/').all(|segment| {
        if segment.ends_with(['.', '+']) || segment.contains([';', '\\']) {
            return false;
        }
        let mut encoded = PercentDecoder::uri(segment.as_bytes());
        while let [first, ..] = encoded.rest() {
            let is_unambiguous = match first {
                b'%' => decode(&mut encoded).is_some_and(is_unlike_ascii),
                _ => encoded.next().is_some(),
            };
            if !is_unambiguous {
                return false;
            }
        }
        true
    })
}

/// Returns whether a character is neither ASCII nor one that other servers may turn into an ASCII delimiter or a space,
/// by Unicode normalization or by the best-fit mapping of a code page.
fn is_unlike_ascii(character: char) -> bool {
    !character.is_ascii()
        && !character.is_whitespace()
        && !matches!(character,
            // Greek question mark and ano teleia, Armenian full stop.
            '\u{37e}' | '\u{387}' | '\u{589}'
            // General punctuation, with dots, slashes and invisible characters.
            | '\u{2000}'..='\u{206f}'
            // Division slash, set minus, ratio, reverse solidus and others.
            | '\u{2215}' | '\u{2216}' | '\u{2236}' | '\u{29f5}'..='\u{29f9}'
            // Ideographic space, comma and full stop.
            | '\u{3000}'..='\u{3002}'
            // Vertical, small and fullwidth forms, byte order mark.
            | '\u{fe10}'..='\u{fe6f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'..='\u{ffff}'
            // Tags and variation selectors, which are invisible.
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_normal_segment(segment: &[u8]) -> bool {
    if matches!(segment, b"." | b"..") {
        return false;
    }
    let mut rest = segment;
    loop {
        rest = match rest {
            [] => return true,
            [byte, after @ ..] if is_plain(*byte) => after,
            _ => {
                let mut encoded = PercentDecoder::uri(rest);
                match decode(&mut encoded) {
                    Some(character) if may_be_encoded(character, encoded.rest()) => encoded.rest(),
                    _ => return false,
                }
            }
        }
    }
}

/// Returns whether a byte is allowed unencoded in a segment.
const fn is_plain(byte: u8) -> bool {
    byte < 0x80 && PLAIN & (1 << byte) != 0
}

/// One bit for each ASCII character that is allowed unencoded in a segment.
const PLAIN: u128 = {
    let mut plain = 0;
    let mut byte = 0;
    while byte < 0x80_u8 {
        if is_unreserved(byte) || is_delimiter(byte) {
            plain |= 1 << byte;
        }
        byte = byte.wrapping_add(1);
    }
    plain
};

/// Returns whether a character may be percent-encoded.
///
/// Letters and digits may not, because they can be written directly. Slashes and control characters aren't allowed in a
/// segment. A percent sign must not start another encoded character.
fn may_be_encoded(character: char, after: &[u8]) -> bool {
    match character {
        '/' | '\\' => false,
        '%' => {
            !matches!(after, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
        }
        _ => match u8::try_from(character) {
            Ok(byte @ ..0x80) => !is_unreserved(byte) && !byte.is_ascii_control(),
            _ => !character.is_control(),
        },
    }
}

/// Returns whether a byte is unreserved (RFC 3986 §2.3).
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Returns whether a byte is a delimiter that is allowed in a segment (RFC 3986 §3.3).
const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
    )
}

/// Decodes the next percent-encoded character. Only valid UTF-8 is accepted, so overlong encodings are rejected.
fn decode(encoded: &mut PercentDecoder<'_>) -> Option<char> {
    let first = encoded.next_encoded()?;
    let length = match first {
        0..0x80 => 1,
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => return None,
    };
    let mut bytes = [first, 0, 0, 0];
    let bytes = bytes.get_mut(..length)?;
    for byte in bytes.iter_mut().skip(1) {
        *byte = encoded.next_encoded()?;
    }
    std::str::from_utf8(bytes).ok()?.chars().next()
}

/// Returns whether a server might read a segment as `text`, which may itself be encoded.
pub(super) fn could_be(segment: &str, text: &str) -> bool {
    if segment.contains('%') || text.contains('%') {
        folded(segment).eq(folded(text))
    } else {
        segment.eq_ignore_ascii_case(text)
    }
}

/// Returns the decoded and case-folded characters of a segment.
fn folded(segment: &str) -> impl Iterator<Item = char> {
    let characters = Characters(PercentDecoder::uri(segment.as_bytes()));
    // In both directions, because some letters share an uppercase letter with others.
    characters.flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// The decoded characters of a segment in normal form.
struct Characters<'a>(PercentDecoder<'a>);

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.0.rest() {
            [b'%', ..] => decode(&mut self.0),
            _ => self.0.next()?.map(char::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_another_spelling_is_not_normal() {
        for (path, normal) in [
            ("/", true),
            ("/orders", true),
            ("/orders/", true),
            ("/orders.Orders/Create", true),
            ("/a-b_c~d.e/x:y@z", true),
            ("/a!$&'()*+,;=b", true),
            ("/users/alice%40example.org", true),
            ("/a%20b", true),
            ("/caf%C3%A9", true),
            ("/caf%c3%a9", true),
            ("/%F0%9F%98%80", true),
            ("/100%25", true),
            ("/...", true),
            ("/.well-known/x", true),
            // Empty, or not a path.
            ("", false),
            ("*", false),
            ("orders", false),
            // Double slashes.
            ("//", false),
            ("//orders", false),
            ("/orders//1", false),
            ("/orders//", false),
            // Dot segments.
            ("/.", false),
            ("/..", false),
            ("/orders/./1", false),
            ("/orders/../1", false),
            ("/orders/..", false),
            ("/orders/%2e%2e/1", false),
            ("/orders/.%2E/1", false),
            // Encoded letters, digits and slashes.
            ("/%6frders", false),
            ("/%6Frders", false),
            ("/a%2Fb", false),
            ("/a%2fb", false),
            ("/a%5Cb", false),
            ("/a%2Db", false),
            ("/a%7Eb", false),
            // Doubly encoded.
            ("/a%252Fb", false),
            ("/a%252fb", false),
            ("/%25%36%66", false),
            // Incomplete encodings.
            ("/a%", false),
            ("/a%2", false),
            ("/a%zz", false),
            ("/a%C3", false),
            ("/a%C3b", false),
            ("/a%FF", false),
            // An overlong slash.
            ("/a%C0%AFb", false),
            ("/a%E0%80%AFb", false),
            // Half of a surrogate pair.
            ("/a%ED%A0%80b", false),
            // Control characters.
            ("/a%00b", false),
            ("/a%0Ab", false),
            ("/a%7Fb", false),
            ("/a%C2%85b", false),
            // Characters that must be encoded.
            ("/a\\b", false),
            ("/a{b}", false),
            ("/a\"b", false),
            ("/a|b", false),
            ("/caf\u{e9}", false),
        ] {
            assert_eq!(is_normal(path), normal, "{path}");
        }
        // Not UTF-8.
        assert!(!is_normal_segment(b"\x80"));
    }

    #[test]
    fn a_segment_is_folded_to_its_lenient_reading() {
        for (segment, text) in [
            ("Orders", "orders"),
            ("a%40B", "a@b"),
            ("CAF%C3%89", "caf\u{e9}"),
            ("to%E2%84%AAen", "token"),
            ("me%C5%BFsage", "message"),
        ] {
            assert_eq!(folded(segment).collect::<String>(), text, "{segment}");
        }
    }
}
