//! The identifier of a protected resource (RFC 9728 §1.2, RFC 8707 §2).

use std::fmt;

use crate::{
    ConfigError,
    url::{self, EndpointError, Query},
};

/// The URL with which clients identify a protected resource when they request tokens
/// ([RFC 9728 §1.2]).
///
/// A [`ProtectedResource`](crate::ProtectedResource) has one, and verifiers accept it as the audience.
///
/// ```
/// use portcullis::ProtectedResource;
///
/// let resource = ProtectedResource::builder("https://api.example/mcp").build()?;
/// assert_eq!(resource.identifier(), "https://api.example/mcp");
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// [RFC 9728 §1.2]: https://www.rfc-editor.org/rfc/rfc9728#section-1.2
#[derive(Clone, PartialEq, Eq)]
pub struct ResourceIdentifier {
    text: Box<str>,
    /// The length of scheme and authority, whose case is ignored.
    origin: usize,
}

impl ResourceIdentifier {
    /// Validates an identifier: an absolute `https` URL, or `http` on loopback, without user name and fragment.
    pub(crate) fn new(text: String) -> Result<Self, ConfigError> {
        let invalid = |problem: &str| ConfigError::new("resource", text.as_str(), problem);
        if let Err(problem) = url::parse(&text, Query::Allowed, false) {
            return Err(match problem {
                EndpointError::NotHttps => invalid("must use https (or loopback)"),
                EndpointError::Ornaments => invalid("must not have a user name or a fragment"),
                EndpointError::NotAbsolute => invalid(&problem.to_string()),
            });
        }
        // `Uri` accepts more characters, but the URL is part of challenges and of routes.
        if !text.bytes().all(is_in_url) {
            return Err(invalid("contains a character that must be percent-encoded"));
        }
        let authority = text.find("://").map_or(0, |scheme| scheme.saturating_add(3));
        let path = text.get(authority..).and_then(|rest| rest.find(['/', '?']));
        let origin = path.map_or(text.len(), |path| authority.saturating_add(path));
        Ok(Self { text: text.into_boxed_str(), origin })
    }

    /// Returns the configured identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns scheme and authority.
    pub(crate) fn origin(&self) -> &str {
        self.text.get(..self.origin).unwrap_or_default()
    }

    /// Returns path and query.
    pub(crate) fn path_and_query(&self) -> &str {
        self.text.get(self.origin..).unwrap_or_default()
    }

    /// Returns whether `name` is this identifier. Scheme and host may differ in case (RFC 3986 §6.2.2.1).
    #[cfg(feature = "_remote")]
    pub(crate) fn is(&self, name: &str) -> bool {
        name.split_at_checked(self.origin).is_some_and(|(origin, rest)| {
            rest == self.path_and_query() && origin.eq_ignore_ascii_case(self.origin())
        })
    }
}

/// Returns whether a byte is in the alphabet of URLs (RFC 3986 §2).
const fn is_in_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'%' // unreserved, and encoded
                | b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@' // general delimiters
                | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        )
}

/// Allows verifiers to accept both a resource and its identifier.
impl AsRef<Self> for ResourceIdentifier {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for ResourceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceIdentifier({})", self.text)
    }
}

impl fmt::Display for ResourceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_an_origin_and_a_path() {
        for (text, origin, rest) in [
            ("https://api.example", "https://api.example", ""),
            ("https://api.example/", "https://api.example", "/"),
            ("https://api.example/mcp", "https://api.example", "/mcp"),
            ("https://api.example:8443/a/b/?t=1", "https://api.example:8443", "/a/b/?t=1"),
            ("https://api.example?t=1", "https://api.example", "?t=1"),
            ("HTTPS://API.example/a", "HTTPS://API.example", "/a"),
            ("http://localhost:3000/mcp", "http://localhost:3000", "/mcp"),
            ("http://127.0.0.1", "http://127.0.0.1", ""),
            ("http://[::1]:80/a", "http://[::1]:80", "/a"),
        ] {
            let resource = ResourceIdentifier::new(text.to_owned()).unwrap();
            assert_eq!((resource.origin(), resource.path_and_query()), (origin, rest));
            assert_eq!(resource.as_str(), text);
            assert_eq!(resource.to_string(), text);
        }
    }

    // Verifies rfc9728-1.2-https.
    #[test]
    fn an_invalid_identifier_is_an_error_that_names_it() {
        for (text, problem) in [
            ("", "not an absolute URL"),
            ("api.example", "not an absolute URL"),
            ("/mcp", "not an absolute URL"),
            ("urn:example:api", "not an absolute URL"),
            ("ftp://api.example", "not an absolute URL"),
            ("http://api.example", "must use https (or loopback)"),
            ("https://api.example/#mcp", "must not have a user name or a fragment"),
            ("https://api.example#", "must not have a user name or a fragment"),
            ("https://api.example/a\"b", "contains a character that must be percent-encoded"),
            ("https://api.example/{a}", "contains a character that must be percent-encoded"),
            ("https://api.example/\u{e9}", "contains a character that must be percent-encoded"),
        ] {
            let error = ResourceIdentifier::new(text.to_owned()).unwrap_err();
            assert_eq!((error.what(), error.problem()), ("resource", problem), "{text}");
            let shown = text.split('#').next().unwrap();
            assert!(error.value().starts_with(shown), "{error}");
        }
        let error = ResourceIdentifier::new("https://a:b@api.example".to_owned()).unwrap_err();
        assert_eq!(error.problem(), "must not have a user name or a fragment");
    }

    #[cfg(feature = "_remote")]
    #[test]
    fn only_scheme_and_host_may_differ_in_case() {
        let resource = ResourceIdentifier::new("https://api.example:443/mcp".to_owned()).unwrap();
        for (name, is_it) in [
            ("https://api.example:443/mcp", true),
            ("HTTPS://API.Example:443/mcp", true),
            ("https://api.example:443/MCP", false),
            ("https://api.example:443/mcp/", false),
            ("https://api.example/mcp", false),
            ("https://api.example:443", false),
            ("https://api.example:443/mc", false),
            ("https://api.example:443/mcp#", false),
            ("https://apiXexample:443/mcp", false),
            ("http://api.example:443/mcp", false),
            ("", false),
            ("https://api.exampl\u{e9}:443/mcp", false),
        ] {
            assert_eq!(resource.is(name), is_it, "{name}");
        }
    }
}
