//! Excerpts of tokens and requests, for events and explanations.

use crate::url::redact;

/// The maximum length of an excerpt, in characters.
const MAX_CHARS: usize = 200;

/// The start of a JSON object in base64url, and so of every JWT.
const JWT_START: &str = "eyJ";

/// Returns the start of a value that a client controls, in one line. Control characters are escaped, secret parts of
/// URLs are removed, and anything that looks like a JWT is left out.
pub(crate) fn excerpt(text: &str) -> Box<str> {
    // Bounds the work for a long value.
    let start = text
        .char_indices()
        .nth(MAX_CHARS)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or_default());
    let mut shown = String::with_capacity(start.len());
    for part in redact(start).split_inclusive(|one: char| !is_of_token(one)) {
        let word = part.trim_end_matches(|one: char| !is_of_token(one));
        match word.find(JWT_START) {
            Some(at) if word.len().saturating_sub(at) > 16 => {
                shown.push_str(word.get(..at).unwrap_or_default());
                shown.push_str("[token]");
            }
            _ => shown.push_str(word),
        }
        for one in part.get(word.len()..).unwrap_or_default().chars() {
            match one {
                '"' | '\'' => shown.push(one),
                one => shown.extend(one.escape_debug()),
            }
        }
    }
    if start.len() < text.len() {
        shown.push('\u{2026}');
    }
    shown.into_boxed_str()
}

/// Returns excerpts of some values, separated by commas.
pub(crate) fn excerpts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Box<str>> {
    const MAX_LISTED: usize = 8;
    let mut texts = texts.into_iter();
    let mut shown = excerpt(texts.next()?).into_string();
    for text in texts.by_ref().take(MAX_LISTED.saturating_sub(1)) {
        shown.push_str(", ");
        shown.push_str(&excerpt(text));
    }
    match texts.count() {
        0 => {}
        more => shown.extend([", and ", &more.to_string(), " more"]),
    }
    Some(shown.into_boxed_str())
}

/// Returns whether a character may be part of a JWT.
fn is_of_token(one: char) -> bool {
    one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_short_and_in_one_line_and_contains_no_token() {
        for (text, shown) in [
            ("https://api.example/", "https://api.example/"),
            ("https://a:s3cret@api.example/x?key=s3cret", "https://api.example/x"),
            ("a\nINFO b\u{1b}[0m", "a\\nINFO b\\u{1b}[0m"),
            ("say \"hi\"", "say \"hi\""),
            ("caf\u{e9} \u{202e}x", "caf\u{e9} \\u{202e}x"),
            ("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "[token]"),
            ("x=eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl y", "x=[token] y"),
            ("eyJ", "eyJ"),
            ("", ""),
        ] {
            assert_eq!(&*excerpt(text), shown, "{text}");
        }
        let long = excerpt(&"x".repeat(100_000));
        assert_eq!((long.chars().count(), long.ends_with('\u{2026}')), (201, true));
        let wide = excerpt(&"\u{1b}".repeat(100_000));
        assert!(wide.len() < 2000);
    }

    #[test]
    fn a_list_of_values_is_short() {
        assert_eq!(excerpts([]), None);
        assert_eq!(excerpts(["a", "b"]).as_deref(), Some("a, b"));
        let names: Vec<_> = (0..100).map(|name| name.to_string()).collect();
        let shown = excerpts(names.iter().map(String::as_str)).unwrap();
        assert_eq!(&*shown, "0, 1, 2, 3, 4, 5, 6, 7, and 92 more");
    }
}
