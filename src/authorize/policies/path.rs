//! Which paths are looked up: those that can be spelt in no other way.
//!
//! A router compares a path as it stands, what lies behind it may decode it, take dots and slashes out
//! of it, or do without its case. A path that could be read in two ways is not read here at all.

/// Whether a path is in normal form (RFC 3986 §6.2.2), and stays the same when it is decoded once more.
///
/// A slash at the end is left to the table. Hexadecimal digits may have either case.
pub(super) fn is_normal(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else { return false };
    let mut segments = path.as_bytes().split(|byte| *byte == b'/');
    // A slash at the end leaves an empty segment behind it.
    let last_is_normal =
        segments.next_back().is_none_or(|last| last.is_empty() || is_normal_segment(last));
    last_is_normal && segments.all(|segment| !segment.is_empty() && is_normal_segment(segment))
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
            _ => match decode(rest) {
                Some((character, after)) if may_be_encoded(character, after) => after,
                _ => return false,
            },
        }
    }
}

/// What stands for itself in a segment.
const fn is_plain(byte: u8) -> bool {
    byte < 0x80 && PLAIN & (1 << byte) != 0
}

/// A bit for each character that does.
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

/// What has a reason to be percent-encoded: no letter and no digit, which could be written plainly; no
/// slash and no control character, which don't belong into a segment; and no percent sign that begins
/// another code.
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

/// RFC 3986 §2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What may stand in a segment besides (RFC 3986 §3.3).
const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
    )
}

/// The character that percent-encoded bytes stand for, and what follows them. Only UTF-8 counts, so
/// that nothing is spelt by more bytes than it needs.
fn decode(text: &[u8]) -> Option<(char, &[u8])> {
    let (first, mut rest) = decode_byte(text)?;
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
        (*byte, rest) = decode_byte(rest)?;
    }
    Some((std::str::from_utf8(bytes).ok()?.chars().next()?, rest))
}

fn decode_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, rest @ ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(((digit(*high)? << 4) | digit(*low)?, rest))
}

/// Whether a segment could be read as that text, which may be one itself.
pub(super) fn could_be(segment: &str, text: &str) -> bool {
    if segment.contains('%') || text.contains('%') {
        folded(segment).eq(folded(text))
    } else {
        segment.eq_ignore_ascii_case(text)
    }
}

/// The characters of a segment, decoded and without their case.
fn folded(segment: &str) -> impl Iterator<Item = char> {
    // Both ways: some letters have a capital that is another one's.
    Decoded(segment.as_bytes()).flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let (character, rest) = match self.0 {
            [b'%', ..] => decode(self.0)?,
            [byte, rest @ ..] => (char::from(*byte), rest),
            [] => return None,
        };
        self.0 = rest;
        Some(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_can_be_spelt_in_another_way_is_not_normal() {
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
            ("/100%25", true),
            ("/...", true),
            ("/.well-known/x", true),
            // nothing, or no path
            ("", false),
            ("*", false),
            ("orders", false),
            // doubled slashes
            ("//", false),
            ("//orders", false),
            ("/orders//1", false),
            ("/orders//", false),
            // dot segments
            ("/.", false),
            ("/..", false),
            ("/orders/./1", false),
            ("/orders/../1", false),
            ("/orders/..", false),
            ("/orders/%2e%2e/1", false),
            ("/orders/.%2E/1", false),
            // letters, digits and slashes in code
            ("/%6frders", false),
            ("/%6Frders", false),
            ("/a%2Fb", false),
            ("/a%2fb", false),
            ("/a%5Cb", false),
            ("/a%2Db", false),
            ("/a%7Eb", false),
            // twice in code
            ("/a%252Fb", false),
            ("/a%252fb", false),
            ("/%25%36%66", false),
            // no code
            ("/a%", false),
            ("/a%2", false),
            ("/a%zz", false),
            ("/a%C3", false),
            ("/a%C3b", false),
            ("/a%FF", false),
            // a slash in too many bytes
            ("/a%C0%AFb", false),
            ("/a%E0%80%AFb", false),
            // half of a pair
            ("/a%ED%A0%80b", false),
            // control characters
            ("/a%00b", false),
            ("/a%0Ab", false),
            ("/a%7Fb", false),
            ("/a%C2%85b", false),
            // what must be encoded
            ("/a\\b", false),
            ("/a{b}", false),
            ("/a\"b", false),
            ("/a|b", false),
            ("/caf\u{e9}", false),
        ] {
            assert_eq!(is_normal(path), normal, "{path}");
        }
    }

    #[test]
    fn a_segment_is_folded_to_what_it_could_be_read_as() {
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
