//! The reason why claims don't match a type of the service, for operators.

/// Describes an error of `serde_json`: which claim doesn't match, and what was expected. Its own message isn't
/// used, because it may quote values of the token.
pub(super) fn describe(raw: &str, type_name: &str, error: &serde_json::Error) -> String {
    let message = error.to_string();
    let expected = match message.split_once('`') {
        // Field names come from the type, not from the token.
        Some((start @ ("missing field " | "duplicate field "), rest)) => {
            rest.split('`').next().map(|field| format!("{start}`{field}`"))
        }
        _ => message
            .rsplit_once(", expected ")
            .map(|(_, expected)| format!("expected {}", without_position(expected))),
    };
    let place = place(raw, error.line(), error.column());
    let at = if place.is_empty() { String::new() } else { format!(" at `{place}`") };
    let expected = expected.map(|expected| format!(": {expected}")).unwrap_or_default();
    format!("claims don't match `{type_name}`{at}{expected}")
}

fn without_position(expected: &str) -> &str {
    expected.rsplit_once(" at line ").map_or(expected, |(expected, _)| expected)
}

/// The maximum length of a place in a message, in characters.
const MAX_SHOWN: usize = 128;

/// Returns the JSON pointer of the last value that begins before a position. Line and column are in
/// bytes.
fn place(raw: &str, line: usize, column: usize) -> String {
    let before = raw.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len);
    let offset = before.fold(column, usize::saturating_add);
    let mut walk = Walk::default();
    for &byte in raw.as_bytes().iter().take(offset) {
        walk.step(byte);
    }
    let tokens = walk.brackets.into_iter().filter_map(|bracket| match bracket {
        Bracket::Array(index) => Some(index.to_string()),
        Bracket::Object(name) => name,
    });
    let pointer: String = tokens.flat_map(|token| ["/".to_owned(), token]).collect();
    pointer.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect()
}

/// The state of a scan of a text that is known to be JSON.
#[derive(Default)]
struct Walk {
    /// The open brackets.
    brackets: Vec<Bracket>,
    /// The bytes of the open string.
    string: Option<Vec<u8>>,
    is_escaped: bool,
    /// Whether the next string is the name of a member.
    is_name: bool,
}

enum Bracket {
    /// An array, with the index of the current element.
    Array(usize),
    /// An object, with the name of the current member.
    Object(Option<String>),
}

impl Walk {
    fn step(&mut self, byte: u8) {
        if let Some(string) = &mut self.string {
            match byte {
                b'"' if !self.is_escaped => self.end_string(),
                _ => {
                    self.is_escaped = byte == b'\\' && !self.is_escaped;
                    string.push(byte);
                }
            }
            return;
        }
        match byte {
            b'"' => self.string = Some(Vec::new()),
            b'{' => {
                self.brackets.push(Bracket::Object(None));
                self.is_name = true;
            }
            b'[' => {
                self.brackets.push(Bracket::Array(0));
                self.is_name = false;
            }
            b'}' | b']' => drop(self.brackets.pop()),
            b':' => self.is_name = false,
            b',' => match self.brackets.last_mut() {
                Some(Bracket::Array(index)) => *index = index.saturating_add(1),
                _ => self.is_name = true,
            },
            _ => {}
        }
    }

    fn end_string(&mut self) {
        let string = self.string.take().unwrap_or_default();
        if let (true, Some(Bracket::Object(name))) = (self.is_name, self.brackets.last_mut()) {
            *name = Some(String::from_utf8_lossy(&string).into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the errors matter")]
    struct Caller {
        tenant: String,
        #[serde(default)]
        roles: Vec<String>,
        #[serde(default)]
        address: Option<Address>,
        #[serde(default)]
        plan: Option<Plan>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the errors matter")]
    struct Address {
        zip: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Plan {
        Free,
        Paid,
    }

    #[test]
    fn a_mismatch_names_the_claim_and_what_was_expected() {
        for (raw, expected) in [
            (r#"{"sub":"s3cret"}"#, ": missing field `tenant`"),
            (r#"{"tenant":"a","tenant":"s3cret"}"#, " at `/tenant`: duplicate field `tenant`"),
            (r#"{"tenant":5}"#, " at `/tenant`: expected a string"),
            (r#"{"tenant":{"s3cret":1}}"#, " at `/tenant`: expected a string"),
            (r#"{"sub":"s3cret","tenant":null,"x":[1]}"#, " at `/tenant`: expected a string"),
            (
                "{\"sub\":\"s3cret\",\n \"x\": [[{}]],\n \"tenant\": 5}",
                " at `/tenant`: expected a string",
            ),
            (r#"{"tenant":"a","roles":"s3cret"}"#, " at `/roles`: expected a sequence"),
            (r#"{"tenant":"a","roles":["a","s3cret",7]}"#, " at `/roles/2`: expected a string"),
            (r#"{"tenant":"a","address":{}}"#, " at `/address`: missing field `zip`"),
            (
                r#"{"tenant":"a","address":{"zip":"s3cret, expected x"}}"#,
                " at `/address/zip`: expected u32",
            ),
            (
                r#"{"tenant":"a\"}]","address":{"x":"\\","zip":-1}}"#,
                " at `/address/zip`: expected u32",
            ),
            (r#"{"tenant":"a","plan":"s3cret"}"#, " at `/plan`: expected `free` or `paid`"),
            (r#"[5,"s3cret"]"#, " at `/0`: expected a string"),
            ("", ""),
        ] {
            let error = serde_json::from_str::<Caller>(raw).unwrap_err();
            let description = describe(raw, "Caller", &error);
            assert_eq!(description, format!("claims don't match `Caller`{expected}"), "{error}");
        }
    }

    #[test]
    fn a_long_name_is_cut_off() {
        let raw = format!(r#"{{"{}":1}}"#, "\u{e9}\\n".repeat(1000));
        assert!(place(&raw, 1, raw.len() - 1).len() < 2 * MAX_SHOWN);
        assert_eq!(place(&raw, 9, 9), "");
    }
}
