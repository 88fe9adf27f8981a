//! A minimal JSON encoder, so that rejections need no library.

use std::{borrow::Cow, fmt::Write};

/// Escapes a text for a JSON string (RFC 8259 §7). Most texts need no escapes, which is checked many bytes at a time.
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    let plain = |all, &byte: &u8| all & (byte != b'"') & (byte != b'\\') & (byte >= b' ');
    if text.as_bytes().iter().fold(true, plain) {
        return text.into();
    }
    let mut json = String::with_capacity(text.len().saturating_add(8));
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..' ' => {
                // Writing into a `String` can't fail.
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            _ => json.push(character),
        }
    }
    json.into()
}

/// Returns the parts of the last member, `error`, if there is a code.
pub(super) fn error_member(code: Option<&'static str>) -> [&'static str; 3] {
    match code {
        Some(code) => [r#","error":""#, code, "\""],
        None => [""; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        for (text, json) in [
            ("", ""),
            ("a/b?c=\u{e9}", "a/b?c=\u{e9}"),
            ("x\"y\\z\n\u{1}\u{e9}", "x\\\"y\\\\z\\u000a\\u0001\u{e9}"),
        ] {
            assert_eq!(escaped(text), json);
        }
    }
}
