//! An MCP operation, as named in request headers.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

/// The first version of the specification that requires servers to compare the headers with the body.
const FIRST_VERSION: &str = "2026-07-28";

const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// The operation that a message requests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Operation<'a> {
    pub(crate) method: Cow<'a, str>,
    /// `None` if it is absent or unreadable.
    pub(crate) name: Option<Cow<'a, str>>,
}

/// The kind of thing that an operation's name refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    Prompt,
    Resource,
    Tool,
}

impl NameKind {
    pub(super) fn of(method: &str) -> Option<Self> {
        match method {
            "prompts/get" => Some(Self::Prompt),
            "resources/read" | "resources/subscribe" | "resources/unsubscribe" => {
                Some(Self::Resource)
            }
            "tools/call" => Some(Self::Tool),
            _ => None,
        }
    }

    /// Returns the method that takes a name of this kind.
    pub(super) const fn method(self) -> &'static str {
        match self {
            Self::Prompt => "prompts/get",
            Self::Resource => "resources/read",
            Self::Tool => "tools/call",
        }
    }

    /// Returns the member of `params` that contains the name.
    pub(super) const fn member(self) -> &'static str {
        match self {
            Self::Prompt | Self::Tool => "name",
            Self::Resource => "uri",
        }
    }
}

impl<'a> Operation<'a> {
    /// Reads the operation from the headers, if they are reliable: the client has to declare a version in which the
    /// server compares them with the body, and each header has to appear exactly once.
    pub(crate) fn from_headers(headers: &'a HeaderMap) -> Option<Self> {
        let version = single(headers, &PROTOCOL_VERSION)?;
        if !is_date(version) || version < FIRST_VERSION {
            return None;
        }
        let method = single(headers, &METHOD)?;
        Some(Self { method: method.into(), name: single(headers, &NAME).and_then(decode) })
    }
}

/// Returns the value of a header that appears exactly once and consists of visible ASCII characters, spaces and tabs.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Returns whether a version has the form `YYYY-MM-DD`, so that versions can be compared as strings.
fn is_date(version: &str) -> bool {
    version.len() == FIRST_VERSION.len()
        && version
            .bytes()
            .zip(FIRST_VERSION.bytes())
            .all(|(byte, model)| if model == b'-' { byte == b'-' } else { byte.is_ascii_digit() })
}

/// Decodes a name. A name that isn't safe in a header is encoded as `=?base64?…?=`.
fn decode(value: &str) -> Option<Cow<'_, str>> {
    let encoded = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let Some(encoded) = encoded else { return Some(value.into()) };
    let bytes = base64_simd::STANDARD.decode_to_vec(encoded).ok()?;
    String::from_utf8(bytes).ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let line = |(name, value): &(HeaderName, &str)| {
            (name.clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn headers_are_used_only_if_the_server_must_compare_them() {
        for (versions, used) in [
            (&["2026-07-28"][..], true),
            (&["2026-12-01"], true),
            (&["2027-01-01"], true),
            (&["2026-07-27"], false),
            (&["2025-11-25"], false),
            (&[], false),
            (&["2026-07-28", "2025-11-25"], false),
            (&["2026-07-28", "2026-07-28"], false),
            (&["DRAFT-2026-v1"], false),
            (&["9"], false),
            (&["2026-07-28 "], false),
            (&["2026-07-2\u{f6}"], false),
        ] {
            let mut lines: Vec<_> = versions.iter().map(|it| (PROTOCOL_VERSION, *it)).collect();
            lines.push((METHOD, "tools/list"));
            let headers = headers(&lines);
            assert_eq!(Operation::from_headers(&headers).is_some(), used, "{versions:?}");
        }
    }

    #[test]
    fn a_name_is_plain_or_base64_of_utf8() {
        for (values, name) in [
            (&["list_orders"][..], Some("list_orders")),
            (&["a b"], Some("a b")),
            (&[""], Some("")),
            (&["=?base64?bGlzdF9vcmRlcnM=?="], Some("list_orders")),
            (&["=?base64?SGVsbG8sIOS4lueVjA==?="], Some("Hello, 世界")),
            (&["=?base64?IHBhZGRlZCA=?="], Some(" padded ")),
            (&["=?base64?bGluZTEKbGluZTI=?="], Some("line1\nline2")),
            (&["=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="], Some("=?base64?literal?=")),
            (&["=?base64??="], Some("")),
            // The markers are case-sensitive.
            (&["=?BASE64?bGlzdF9vcmRlcnM=?="], Some("=?BASE64?bGlzdF9vcmRlcnM=?=")),
            (&["=?base64?bGlzdF9vcmRlcnM="], Some("=?base64?bGlzdF9vcmRlcnM=")),
            // Padding missing, unused bits set, wrong alphabet, not base64, not UTF-8.
            (&["=?base64?bGlzdF9vcmRlcnM?="], None),
            (&["=?base64?YR==?="], None),
            (&["=?base64?__8=?="], None),
            (&["=?base64?!?="], None),
            (&["=?base64?/w==?="], None),
            // Not ASCII, repeated, absent.
            (&["caf\u{e9}"], None),
            (&["list_orders", "list_orders"], None),
            (&["list_orders", "execute_sql"], None),
            (&[], None),
        ] {
            let mut lines = vec![(PROTOCOL_VERSION, "2026-07-28"), (METHOD, "tools/call")];
            lines.extend(values.iter().map(|value| (NAME, *value)));
            let headers = headers(&lines);
            let operation = Operation::from_headers(&headers).unwrap();
            assert_eq!(operation.name.as_deref(), name, "{values:?}");
        }
    }

    #[test]
    fn a_method_that_appears_twice_is_not_read() {
        for methods in [&[][..], &["tools/list", "tools/call"], &["ping", "ping"], &["\u{e9}"]] {
            let mut lines = vec![(PROTOCOL_VERSION, "2026-07-28")];
            lines.extend(methods.iter().map(|method| (METHOD, *method)));
            assert_eq!(Operation::from_headers(&headers(&lines)), None, "{methods:?}");
        }
    }
}
