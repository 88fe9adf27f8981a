//! JSON objects of a few members, written without a library so that refusals need none.

use std::fmt::Write;

use http::StatusCode;

/// An object in the making, one member after another.
pub(super) struct JsonObject(String);

impl JsonObject {
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(320);
        text.push('{');
        Self(text)
    }

    /// A string member whatever its text.
    pub(super) fn string(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        self.0.push('"');
        escape(value, &mut self.0);
        self.0.push('"');
        self
    }

    /// A string member with a text of our own, which needs no escape.
    pub(super) fn word(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        self.0.push('"');
        self.0.push_str(value);
        self.0.push('"');
        self
    }

    pub(super) fn status(mut self, name: &'static str, status: StatusCode) -> Self {
        self.name(name);
        self.0.push_str(status.as_str());
        self
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.push('}');
        self.0.into_bytes()
    }

    /// Names are our own and need no escape.
    fn name(&mut self, name: &'static str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }
}

/// Adds `text` as it stands in a JSON string (RFC 8259 §7). Most is plain, which is seen many bytes at
/// a time.
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
fn escape(text: &str, json: &mut String) {
    let plain = |all, &byte: &u8| all & (byte != b'"') & (byte != b'\\') & (byte >= b' ');
    if text.as_bytes().iter().fold(true, plain) {
        json.push_str(text);
        return;
    }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let object = JsonObject::new().string("a", "x\"y\\z\n\u{1}\u{e9}").word("b", "c");
        let text = String::from_utf8(object.status("s", StatusCode::OK).finish()).unwrap();
        let expected = "{\"a\":\"x\\\"y\\\\z\\u000a\\u0001\u{e9}\",\"b\":\"c\",\"s\":200}";
        assert_eq!(text, expected);
    }
}
