#![expect(clippy::inline_always, reason = "handing results up by copy costs a quarter of the time")]

use super::text::{plain_len, unescape};
use super::{JsonError, Number, Text};

/// The maximum number of open brackets, including that of the whole object.
pub(super) const MAX_DEPTH: u8 = 32;

/// A position in a text.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Whether the enclosing bracket has just been opened.
    fresh: bool,
    /// The number of brackets that may still be opened.
    room: u8,
}

impl<'a> Scanner<'a> {
    /// Creates a scanner at the start of `text`.
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, fresh: false, room: MAX_DEPTH }
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<Number<'a>, JsonError> {
        let start = self.at;
        self.skip(|byte| byte == b'-');
        if !self.skip(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.skip(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.skip(|byte| matches!(byte, b'e' | b'E')) {
            self.skip(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        self.text.get(start..self.at).map(Number).ok_or(JsonError::Syntax)
    }

    #[inline]
    fn digits(&mut self) -> Result<(), JsonError> {
        if !self.skip(|byte| byte.is_ascii_digit()) {
            return Err(JsonError::Syntax);
        }
        while self.skip(|byte| byte.is_ascii_digit()) {}
        Ok(())
    }

    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Text<'a>, JsonError> {
        let start = self.at;
        self.advance(plain_len(self.rest()));
        let escaped = self.peek() != Some(b'"');
        if escaped {
            self.escapes()?;
        }
        let raw = self.text.get(start..self.at).ok_or(JsonError::Syntax)?;
        self.advance(1);
        Ok(Text { raw, start, escaped })
    }

    /// Reads a string from its first escape up to the closing quote.
    #[cold]
    fn escapes(&mut self) -> Result<(), JsonError> {
        while self.peek() != Some(b'"') {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let (_, after) = unescape(rest).ok_or(JsonError::Syntax)?;
            self.advance(rest.len().wrapping_sub(after.len()));
            self.advance(plain_len(self.rest()));
        }
        Ok(())
    }

    /// Reads an opening bracket.
    #[inline]
    pub(super) fn open(&mut self) -> Result<(), JsonError> {
        self.room = self.room.checked_sub(1).ok_or(JsonError::TooDeep)?;
        self.fresh = true;
        self.advance(1);
        Ok(())
    }

    /// Reads the comma before another item, or the closing bracket. Returns whether there is
    /// another item.
    #[inline]
    pub(super) fn another(&mut self, close: u8) -> Result<bool, JsonError> {
        let first = std::mem::take(&mut self.fresh);
        match self.token() {
            Some(byte) if byte == close => {
                self.room = self.room.saturating_add(1);
                self.advance(1);
                Ok(false)
            }
            _ if first => Ok(true),
            Some(b',') => {
                self.advance(1);
                Ok(true)
            }
            _ => Err(JsonError::Syntax),
        }
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.token() != Some(byte) {
            return Err(JsonError::Syntax);
        }
        self.advance(1);
        Ok(())
    }

    /// Skips whitespace, and returns the next byte without consuming it.
    #[inline]
    pub(super) fn token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.advance(1),
                token => return token,
            }
        }
    }

    /// Skips one byte if it is a wanted one.
    #[inline]
    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let skip = self.peek().is_some_and(wanted);
        self.advance(usize::from(skip));
        skip
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn advance(&mut self, by: usize) {
        // Never goes past the end, because only inspected bytes are skipped.
        self.at = self.at.wrapping_add(by);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Value, object, pointer};
    use super::*;

    fn outcome(text: &str) -> Result<(), JsonError> {
        object(text, |_, _| ()).map(drop)
    }

    /// The outcome for an object with `value`, which must be the same if `value` is nested in an array or an
    /// object.
    fn outcome_of_value(value: &str) -> Result<(), JsonError> {
        let outcome_of_value = outcome(&format!(r#"{{"a":{value}}}"#));
        for (before, after) in [("[", "]"), (r#"{"b":"#, "}"), ("[1,", ",2]"), (" ", "\t\n\r ")] {
            let wrapped = format!(r#"{{"a":{before}{value}{after}}}"#);
            assert_eq!(outcome(&wrapped), outcome_of_value, "{wrapped}");
        }
        outcome_of_value
    }

    fn nested(open: &str, close: &str, depth: usize) -> String {
        format!(r#"{{"a":{}0{}}}"#, open.repeat(depth), close.repeat(depth))
    }

    fn each_is_accepted<'a>(values: impl IntoIterator<Item = &'a str>) {
        values
            .into_iter()
            .for_each(|value| assert_eq!(outcome_of_value(value), Ok(()), "{value:?}"));
    }

    fn each_is_rejected<'a>(values: impl IntoIterator<Item = &'a str>) {
        let rejected = Err(JsonError::Syntax);
        values
            .into_iter()
            .for_each(|value| assert_eq!(outcome_of_value(value), rejected, "{value:?}"));
    }

    #[test]
    fn only_exact_literals_are_accepted() {
        each_is_accepted(["null", "true", "false"]);
        each_is_rejected(
            "nul nulll Null tru TRUE fals falsee NaN Infinity undefined a 'a'".split(' '),
        );
        each_is_rejected(["/**/1", "1//", "\u{feff}1", "\u{a0}1", "\u{b}1", "\0"]);
    }

    #[test]
    fn numbers_follow_the_grammar() {
        each_is_accepted("0 -0 1 -1 10 1234567890 0.0 -0.5 1.25 10.01 -1e-400".split(' '));
        each_is_accepted("0e0 1e5 1E5 1e+5 1e-5 1.5e05 1e400 18446744073709551616".split(' '));
        each_is_rejected("01 -01 00 00.1 +1 - --1 -a .5 -.5 1. 1.e1 1.5.5 1-2 ١".split(' '));
        each_is_rejected("1e 1e+ 1e- 1e1.5 1ee1 1e+-1 0x10 1_000 1f -Infinity".split(' '));
        each_is_rejected(["1 2", "- 1", "1 .5", "1e 5"]);
    }

    #[test]
    fn strings_follow_the_grammar() {
        each_is_accepted([r#""""#, r#"" / ' ""#, r#""é 日本 😀""#, "\"\u{7f}\u{80}\u{2028}\""]);
        each_is_accepted(r#""\"\\\/\b\f\n\r\t" "\\\"" "\u0000\u00e9\u00E9""#.split(' '));
        each_is_accepted(r#""\ud7ff\ue000\uffff" "\ud83d\ude00\uD83D\uDE00""#.split(' '));
        each_is_rejected(r#"" "a """ "\" "\x41" "\a" "\'" "\0" "\é" "\U0041""#.split(' '));
        each_is_rejected(r#""\u" "\u1" "\u12" "\u123" "\u123g" "\u+123" "\u-123""#.split(' '));
        each_is_rejected([r#""\u 123""#, r#""\u00é""#, r#""\u{41}""#, "\"\\\n\""]);
        each_is_rejected(["\"\n\"", "\"\t\"", "\"\0\"", "\"\u{1f}\"", "\"abcdefgh\r\""]);
    }

    #[test]
    fn half_a_surrogate_pair_is_rejected() {
        each_is_rejected(r#""\ud800" "\udbff" "\udc00" "\udfff" "\ud83d\ude00\ude00""#.split(' '));
        each_is_rejected(r#""\ud83d\n" "\ud83d\" "\ud83d\u" "\ud83d\ude0" "\ud83d""#.split(' '));
        each_is_rejected(
            r#""\ud83d\u0041" "\ud83d\ud83d" "\ude00\ud83d" "\ud83dude00""#.split(' '),
        );
    }

    #[test]
    fn arrays_and_objects_follow_the_grammar() {
        each_is_accepted(r#"[] [[]] [{}] ["",""] {} {"":{}} {"x":1,"y":[]}"#.split(' '));
        each_is_accepted(["[ ]", "[\n1\t,\r\n2 ]", "{ }", "{ \"x\" : 1\n,\r\n\"y\"\t: [ ] }"]);
        each_is_rejected(r#"[ ] [1 [,] [1,] [,1] [1,,2] [1:2] [1} [1]] ["a":1]"#.split(' '));
        each_is_rejected("{ } {1:1} {x:1} {'x':1} {null:1} {[]:1} {:1} {,} {:}".split(' '));
        each_is_rejected(r#"{"x"} {"x":} {"x":1 {"x":1] {"x":1}} {"x":1,} {,"x":1}"#.split(' '));
        each_is_rejected(r#"{"x"1} {"x"::1} {"x",1} {"x":1"y":2} {"x":1,,"y":2}"#.split(' '));
        each_is_rejected(["[1 2]", r#"{"x":1:2}"#, r#"{"x":1 "y":2}"#, r#"{"x" 1}"#]);
    }

    // Verifies rfc7515-10.12-json.
    #[test]
    fn only_an_object_without_trailing_text_is_accepted() {
        use JsonError::{NotAnObject, Syntax};
        let cases = [
            ("{}", Ok(())),
            (" \t\r\n{ \t\r\n} \t\r\n", Ok(())),
            ("", Err(NotAnObject)),
            (" ", Err(NotAnObject)),
            ("[]", Err(NotAnObject)),
            ("[{}]", Err(NotAnObject)),
            ("null", Err(NotAnObject)),
            (r#""{}""#, Err(NotAnObject)),
            ("\u{feff}{}", Err(NotAnObject)),
            ("\u{a0}{}", Err(NotAnObject)),
            ("}", Err(NotAnObject)),
            ("{", Err(Syntax)),
            ("{}}", Err(Syntax)),
            ("{}{}", Err(Syntax)),
            ("{},", Err(Syntax)),
            ("{}\0", Err(Syntax)),
            ("{} x", Err(Syntax)),
            ("{}\u{feff}", Err(Syntax)),
        ];
        for (text, expected) in cases {
            assert_eq!(outcome(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_object_truncated_anywhere_is_rejected() {
        let text = r#" {"a":[1,{"b\u0041":-1.5e+7}],"c":{"d":["\ud83d\ude00",null]},"é":true}"#;
        assert_eq!(outcome(text), Ok(()));
        for (end, _) in text.char_indices() {
            assert!(outcome(&text[..end]).is_err(), "{}", &text[..end]);
        }
    }

    // Verifies rfc7515-10.12-json.
    #[test]
    fn a_duplicate_name_is_rejected_at_any_depth() {
        let duplicates = [
            r#"{"exp":1,"exp":1}"#,
            r#"{"exp":1,"iat":2,"exp":3}"#,
            r#"{"":1,"":2}"#,
            r#"{"exp":1,"\u0065xp":2}"#,
            r#"{"\u0065xp":1,"exp":2}"#,
            r#"{"\u0065xp":1,"e\u0078p":2}"#,
            r#"{"a/b":1,"a\/b":2}"#,
            r#"{"é":1,"\u00e9":2}"#,
            r#"{"😀":1,"\ud83d\uDE00":2}"#,
            r#"{"a":{},"b":[],"a":{}}"#,
        ];
        for text in duplicates {
            assert_eq!(outcome(text), Err(JsonError::DuplicateName), "{text}");
            assert_eq!(outcome_of_value(text), Err(JsonError::DuplicateName), "{text}");
        }
        let distinct = [
            r#"{"exp":1,"Exp":1}"#,
            r#"{"exp":1,"exp ":1}"#,
            r#"{"exp":1,"\\u0065xp":1}"#,
            r#"{"é":1,"e\u0301":1}"#,
            r#"{"a":{"a":{"a":1}}}"#,
            r#"{"a":[{"a":1},{"a":1}],"b":{"a":1}}"#,
            r#"{"a":"b","b":"a"}"#,
        ];
        for text in distinct {
            assert_eq!(outcome(text), Ok(()), "{text}");
            assert_eq!(outcome_of_value(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn nesting_is_limited() {
        let cases = [("[", "]", "/0"), (r#"{"a":"#, "}", "/a"), (r#"[{"a":"#, "}]", "/0/a")];
        for (open, close, step) in cases {
            let fits = (usize::from(MAX_DEPTH) - 1) / close.len();
            let text = nested(open, close, fits);
            let bottom = format!("/a{}", step.repeat(fits));
            let value = object(&text, |_, _| ()).map(Value::Object);
            let value = value.ok().and_then(|value| pointer(value, &bottom));
            assert!(matches!(value, Some(Value::Number(_))), "{text}");
            let text = nested(open, close, fits + 1);
            assert_eq!(outcome(&text), Err(JsonError::TooDeep), "{text}");
        }
        // Closed brackets don't count.
        let siblings = format!(r#"{{"a":[{}[]]}}"#, "[[]],{\"b\":[]},".repeat(100));
        assert_eq!(outcome(&siblings), Ok(()));
    }

    #[test]
    fn a_million_brackets_are_rejected() {
        let million = 1_000_000;
        assert_eq!(outcome(&"[".repeat(million)), Err(JsonError::NotAnObject));
        assert_eq!(outcome(&nested("[", "]", million)), Err(JsonError::TooDeep));
        assert_eq!(outcome(&nested(r#"{"a":"#, "}", million)), Err(JsonError::TooDeep));
    }

    #[test]
    fn duplicates_among_a_hundred_thousand_names_are_detected() {
        let names = |escape: bool| {
            let letter = if escape { r"\u006e" } else { "n" };
            let names: Vec<_> = (0..100_000).map(|n| format!(r#""{letter}{n}":0"#)).collect();
            names.join(",")
        };
        for names in [names(false), names(true)] {
            assert_eq!(outcome(&format!(r#"{{{names},"n100000":0}}"#)), Ok(()));
            let text = format!(r#"{{"a":[{{{names},"n9999\u0039":0}}]}}"#);
            assert_eq!(outcome(&text), Err(JsonError::DuplicateName));
        }
    }

    #[test]
    fn members_are_passed_on_in_order_with_their_positions() {
        let text = r#" { "sub" : "alice", "\u0061ud":["x"],"é":"日本" ,"n":-1.50,"o":{"b":"c"}}"#;
        let mut seen = Vec::new();
        let object = object(text, |name, value| {
            assert_eq!(&text[name.range()], name.raw());
            let inner = match value {
                Value::Array(array) => array.iter().next(),
                Value::Object(object) => object.find("b"),
                value => Some(value),
            };
            seen.push(match inner {
                Some(Value::String(text)) => (name.raw(), text.range()),
                _ => (name.raw(), 0..0),
            });
        });
        let texts: Vec<_> =
            seen.iter().map(|(name, range)| (*name, &text[range.clone()])).collect();
        let expected = [("sub", "alice"), (r"\u0061ud", "x"), ("é", "日本"), ("n", ""), ("o", "c")];
        assert_eq!(texts, expected);
        assert!(object.is_ok_and(|object| object.find("aud").is_some()));
    }
}
