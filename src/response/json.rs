//! JSON objects of a few members, written without a library so that refusals need none.

use std::fmt::{self, Write};

/// An object in the making, one member after another.
pub(super) struct JsonObject(String);

impl JsonObject {
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(320);
        text.push('{');
        Self(text)
    }

    pub(super) fn string(self, name: &'static str, value: &str) -> Self {
        self.display(name, &value)
    }

    /// A string member with the text of `value`.
    pub(super) fn display(mut self, name: &'static str, value: &dyn fmt::Display) -> Self {
        self.name(name);
        self.0.push('"');
        // Writing into a `String` can't fail.
        let _ = write!(Escaped(&mut self.0), "{value}");
        self.0.push('"');
        self
    }

    pub(super) fn number(mut self, name: &'static str, value: u16) -> Self {
        self.name(name);
        let _ = write!(self.0, "{value}");
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

/// Escapes what it is given (RFC 8259 §7).
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
        if text.as_bytes().iter().all(plain) {
            self.0.push_str(text);
            return Ok(());
        }
        for character in text.chars() {
            match character {
                '"' | '\\' => self.0.extend(['\\', character]),
                '\0'..' ' => write!(self.0, "\\u{:04x}", u32::from(character))?,
                _ => self.0.push(character),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let json = JsonObject::new().string("a", "x\"y\\z\n\u{1}\u{e9}").number("n", 7).finish();
        let text = String::from_utf8(json).unwrap();
        assert_eq!(text, "{\"a\":\"x\\\"y\\\\z\\u000a\\u0001\u{e9}\",\"n\":7}");
    }
}
