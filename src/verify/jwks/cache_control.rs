//! The freshness of a response (RFC 9111 §4.2.1, §5.2.2).

use std::time::Duration;

use http::{
    HeaderMap,
    header::{AGE, CACHE_CONTROL},
};

/// Returns how long the response may be used from now on, if it specifies that: `max-age` minus
/// `Age`, or zero for `no-store` and `no-cache`.
pub(super) fn freshness(headers: &HeaderMap) -> Option<Duration> {
    let mut max_age = None;
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    for directive in lines.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(Duration::ZERO),
            "max-age" => max_age = value.trim().trim_matches('"').parse().ok().or(max_age),
            _ => {}
        }
    }
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok()).unwrap_or(0);
    max_age.map(|max_age: u64| Duration::from_secs(max_age.saturating_sub(age)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

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
            ("", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(line));
            if let Some(age) = age {
                headers.insert(AGE, HeaderValue::from_static(age));
            }
            assert_eq!(freshness(&headers), seconds.map(Duration::from_secs), "{line}");
        }
        assert_eq!(freshness(&HeaderMap::new()), None);
    }
}
