//! The likely causes of rejections, and what to do about them.

use std::borrow::Cow;

/// Returns a hint if the difference between a name in a token and an expected one is a common mistake. `claim`
/// is `aud` or `iss`.
pub(crate) fn for_name<'a>(
    claim: &str,
    expected: impl IntoIterator<Item = &'a str>,
    found: &str,
) -> Option<Cow<'static, str>> {
    expected.into_iter().find_map(|expected| for_pair(claim, expected, found)).map(Cow::Owned)
}

fn for_pair(claim: &str, expected: &str, found: &str) -> Option<String> {
    let without_scheme = |name: &str| name.split_once("://").map(|(_, rest)| rest.to_owned());
    if found.strip_suffix('/') == Some(expected) {
        Some(format!(
            "`{claim}` has an extra slash at the end: configure it with the slash, exactly as it is in the token"
        ))
    } else if expected.strip_suffix('/') == Some(found) {
        Some(format!(
            "`{claim}` lacks the slash at the end: configure it without the slash, exactly as it is in the token"
        ))
    } else if expected.contains('{') && is_expansion(expected, found) {
        Some(format!(
            "the configured name has a placeholder that was not expanded: replace it with the tenant, or trust all \
             tenants with `Issuers::builder().tenants(\"{}\", \u{2026})`",
            crate::error::excerpt(expected)
        ))
    } else if expected.eq_ignore_ascii_case(found) {
        Some(format!("`{claim}` differs only in case"))
    } else if without_scheme(expected).is_some()
        && without_scheme(expected) == without_scheme(found)
    {
        Some(format!("`{claim}` differs only in the scheme"))
    } else if expected.trim() == found.trim() {
        Some(format!("`{claim}` differs only in spaces"))
    } else {
        None
    }
}

/// Returns whether `name` is `pattern` with something in place of each `{…}`.
fn is_expansion(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('{') else { return pattern == name };
    let Some((_, rest)) = rest.split_once('}') else { return false };
    let Some(name) = name.strip_prefix(start) else { return false };
    let end = rest.find('{').map_or(rest, |at| rest.get(..at).unwrap_or_default());
    if end.is_empty() {
        return !name.is_empty();
    }
    name.find(end)
        .is_some_and(|at| at > 0 && is_expansion(rest, name.get(at..).unwrap_or_default()))
}

/// Formats a number of seconds, for example as `5 min`.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_mistakes_in_names_are_recognized() {
        for (expected, found, start) in [
            ("https://a.example", "https://a.example/", "`iss` has an extra slash"),
            ("https://a.example/", "https://a.example", "`iss` lacks the slash"),
            ("https://a.example", "https://A.example", "`iss` differs only in case"),
            ("https://a.example", "http://a.example", "`iss` differs only in the scheme"),
            ("https://a.example/{tenant}/v2", "https://a.example/x/v2", "the configured name has"),
            ("https://a.example/{tenant}", "https://a.example/x", "the configured name has"),
            ("{a}/{b}", "x/y", "the configured name has"),
            ("a", " a ", "`iss` differs only in spaces"),
        ] {
            let hint = for_name("iss", [expected], found).unwrap();
            assert!(hint.starts_with(start), "{expected} {found}: {hint}");
        }
        for (expected, found) in [
            ("https://a.example", "https://b.example"),
            ("https://a.example/{tenant}/v2", "https://a.example/x/v1"),
            ("https://a.example/{tenant", "https://a.example/x"),
            ("", "x"),
        ] {
            assert_eq!(for_name("iss", [expected], found), None, "{expected} {found}");
        }
    }

    #[test]
    fn a_duration_has_one_unit() {
        for (seconds, shown) in
            [(1, "1 s"), (119, "119 s"), (300, "5 min"), (7200, "2 h"), (864_000, "10 days")]
        {
            assert_eq!(duration(seconds), shown);
        }
    }
}
