//! Shows URLs in errors, events and `Debug` without secrets: only scheme, host, port and path.

use std::borrow::Cow;

/// Returns scheme, host, port and path of a URL. User name, query and fragment may contain secrets.
#[cfg(feature = "_remote")]
pub(crate) fn shown(uri: &http::Uri) -> String {
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    format!("{}://{host}{}", uri.scheme_str().unwrap_or_default(), uri.path())
}

/// Reduces URLs in a text to scheme, host, port and path.
///
/// Used for texts of other crates and of users, such as the errors of an HTTP client. In doubt, it removes too much:
/// everything after a `?` in something that looks like a path.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    if !text.contains(['?', '#', '@']) {
        return Cow::Borrowed(text);
    }
    let mut redacted = String::with_capacity(text.len());
    for part in text.split_inclusive(is_delimiter) {
        let word = part.trim_end_matches(is_delimiter);
        redacted.push_str(&without_secrets(word));
        redacted.push_str(part.get(word.len()..).unwrap_or_default());
    }
    if redacted == text { Cow::Borrowed(text) } else { Cow::Owned(redacted) }
}

/// Returns whether a character ends a URL in a text.
fn is_delimiter(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '`' | '<' | '>')
}

fn without_secrets(word: &str) -> String {
    let is_url = word.contains("://");
    let end = if is_url { word.find(['?', '#']) } else { query_of_path(word) };
    let (kept, cut) = word.split_at_checked(end.unwrap_or(word.len())).unwrap_or((word, ""));
    let closing = cut.get(cut.trim_end_matches(is_closing).len()..).unwrap_or_default();
    without_userinfo(kept) + closing
}

/// Returns the position of the query in a relative reference such as `/jwks?key=s3cret`.
fn query_of_path(word: &str) -> Option<usize> {
    let (path, query) = word.split_once('?')?;
    (path.contains('/') || query.contains('=')).then_some(path.len())
}

/// Removes user names and passwords from a word with URLs.
fn without_userinfo(word: &str) -> String {
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(['/', '\\']).unwrap_or(after.len());
        let (authority, path) = after.split_at_checked(end).unwrap_or((after, ""));
        let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        shown.extend([before, "://", host]);
        rest = path;
    }
    shown + rest
}

/// Returns whether a character at the end of a URL is more likely punctuation of the surrounding text.
fn is_closing(character: char) -> bool {
    matches!(character, ')' | ']' | '}' | '\'' | ',' | '.' | ';' | ':' | '\\' | '!' | '?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "_remote")]
    #[test]
    fn a_url_is_shown_without_user_name_and_query() {
        for (uri, expected) in [
            ("https://as.example:8443/introspect?key=s3cret", "https://as.example:8443/introspect"),
            ("https://alice:s3cret@as.example/a", "https://as.example/a"),
            ("https://as.example", "https://as.example/"),
            ("http://[::1]:4001/op?s3cret", "http://[::1]:4001/op"),
        ] {
            assert_eq!(shown(&uri.parse().unwrap()), expected);
        }
    }

    #[test]
    fn urls_in_a_text_lose_what_may_be_secret() {
        for (text, expected) in [
            ("error sending request", "error sending request"),
            ("for url (https://as.example/jwks?key=s3cret)", "for url (https://as.example/jwks)"),
            ("`https://as.example/?s3cret`: no route", "`https://as.example/`: no route"),
            ("\"https://as.example/a?s3cret\"", "\"https://as.example/a\""),
            (
                "{\\\"u\\\":\\\"https://as.example/a?s3cret\\\"}",
                "{\\\"u\\\":\\\"https://as.example/a\\\"}",
            ),
            ("https://as.example/#s3cret", "https://as.example/"),
            ("https://as.example?a=s3cret.", "https://as.example."),
            ("https://alice:s3cret@as.example/a", "https://as.example/a"),
            ("(https://alice@as.example:1/@a?b=s3cret):", "(https://as.example:1/@a):"),
            (
                "https://one.example/,https://s3cret@two.example/a",
                "https://one.example/,https://two.example/a",
            ),
            ("https://one.example/?to=https://s3cret@two.example/", "https://one.example/"),
            ("/jwks?key=s3cret failed twice", "/jwks failed twice"),
            ("jwks?key=s3cret", "jwks"),
            ("GET as.example/jwks?s3cret, then nothing", "GET as.example/jwks, then nothing"),
            ("is it up? or down/gone?", "is it up? or down/gone?"),
            ("alice@as.example", "alice@as.example"),
            ("issue #3: https://as.example/a@b", "issue #3: https://as.example/a@b"),
            (
                "https://as.example/\u{e9}?s3cret \u{2014} no",
                "https://as.example/\u{e9} \u{2014} no",
            ),
            ("", ""),
            ("?", "?"),
            ("://@?", "://?"),
        ] {
            assert_eq!(redact(text), expected, "{text}");
            assert_eq!(redact(expected), expected, "{expected}");
        }
    }
}
