//! The freshness of a response (RFC 9111 §4.2.1, §5.2.2).

use std::{borrow::Cow, time::Duration};

use http::{
    HeaderMap, HeaderValue,
    header::{AGE, CACHE_CONTROL},
};

/// Returns how long the response may be used from now on, if it specifies that: `max-age` minus
/// `Age`, or zero for `no-store` and `no-cache`. If there is more than one `max-age`, the first one
/// counts.
pub(super) fn freshness(headers: &HeaderMap) -> Option<Duration> {
    let mut max_age = None;
    let lines = headers.get_all(CACHE_CONTROL).iter().map(HeaderValue::as_bytes);
    for directive in lines.flat_map(directives) {
        let mut parts = directive.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        if name.eq_ignore_ascii_case(b"no-store") || name.eq_ignore_ascii_case(b"no-cache") {
            return Some(Duration::ZERO);
        }
        if name.eq_ignore_ascii_case(b"max-age") {
            max_age = max_age.or_else(|| delta_seconds(&unquoted(parts.next()?)));
        }
    }
    let age = headers.get(AGE).map(HeaderValue::as_bytes);
    let age = age.and_then(|age| delta_seconds(directives(age).next()?.trim_ascii())).unwrap_or(0);
    max_age.map(|max_age| Duration::from_secs(max_age.saturating_sub(age)))
}

/// Splits a line at its commas, except at those in quoted strings.
fn directives(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    line.split(move |byte| {
        let is_literal = is_escaped;
        is_escaped = is_quoted && !is_literal && *byte == b'\\';
        is_quoted ^= *byte == b'"' && !is_literal;
        *byte == b',' && !is_quoted
    })
}

/// Returns the text of a quoted string (RFC 9110 §5.6.4), and any other value as it is.
fn unquoted(value: &[u8]) -> Cow<'_, [u8]> {
    let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    match inner {
        Some(text) => text.iter().copied().filter(|byte| *byte != b'\\').collect(),
        None => value.into(),
    }
}

/// Reads a number of seconds. One that is too large counts as the largest (RFC 9111 §1.2.2).
fn delta_seconds(text: &[u8]) -> Option<u64> {
    let digit = |seconds: u64, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte & 0x0f))?;
        Some(seconds.saturating_mul(10).saturating_add(digit))
    };
    if text.is_empty() { None } else { text.iter().try_fold(0, digit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_is_read_at_any_position() {
        for (line, age, seconds) in [
            ("max-age=600", None, Some(600)),
            ("public, Max-Age = 600 , must-revalidate", None, Some(600)),
            ("max-age=\"600\"", None, Some(600)),
            ("max-age=600", Some("100"), Some(500)),
            ("max-age=600", Some("700"), Some(0)),
            ("s-maxage=600", None, None),
            ("no-store", None, Some(0)),
            ("max-age=600, no-cache", None, Some(0)),
            ("max-age=-1", None, None),
            ("max-age=soon", None, None),
            ("max-age=+600", None, None),
            ("max-age=", None, None),
            ("max-age", None, None),
            ("", None, None),
            // The first of several, and none in a quoted string.
            ("max-age=60, max-age=600", None, Some(60)),
            ("private=\"a, max-age=60\"", None, None),
            ("private=\"a\\\", max-age=60\", max-age=600", None, Some(600)),
            ("private=\"no-store, max-age=60", None, None),
            ("max-age=\"6\\00\"", None, Some(600)),
            // Too large a number is the largest, not none.
            ("max-age=99999999999999999999", None, Some(u64::MAX)),
            ("max-age=600", Some("99999999999999999999"), Some(0)),
            ("max-age=600", Some("100, 200"), Some(500)),
            ("max-age=600", Some("soon"), Some(600)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(line));
            if let Some(age) = age {
                headers.insert(AGE, HeaderValue::from_static(age));
            }
            assert_eq!(freshness(&headers), seconds.map(Duration::from_secs), "{line}");
        }
        assert_eq!(freshness(&HeaderMap::new()), None);
        // Other bytes than ASCII don't hide the rest of a line.
        let line = HeaderValue::from_bytes(b"private=\"\xe9\", max-age=60").unwrap();
        let headers = HeaderMap::from_iter([(CACHE_CONTROL, line)]);
        assert_eq!(freshness(&headers), Some(Duration::from_secs(60)));
    }
}
