//! The target URL of a proof (RFC 9449 §4.3, checks 8 and 9).

use http::Uri;

use crate::url::{self, EndpointError, Query};

/// The URL under which clients reach the service: scheme, host, port, and a path that a proxy may remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicUrl {
    scheme: Scheme,
    /// In lower case.
    host: Box<str>,
    port: u16,
    /// Normalized, without a trailing slash.
    path: Box<str>,
    /// The whole URL in the form that most clients use.
    text: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl PublicUrl {
    pub(super) fn parse(text: &str) -> Result<Self, EndpointError> {
        // Any address is allowed, because no request is sent there.
        let uri = url::parse(text, Query::Forbidden, true)?;
        let (scheme, host, port) = origin(&uri).ok_or(EndpointError::NotAbsolute)?;
        let path = normalized_path(uri.path().trim_end_matches('/'));
        let path = path.ok_or(EndpointError::NotAbsolute)?.into_boxed_str();
        let text = if port == scheme.default_port() {
            format!("{}://{host}{path}", scheme.name())
        } else {
            format!("{}://{host}:{port}{path}", scheme.name())
        };
        Ok(Self { scheme, host, port, path, text: text.into_boxed_str() })
    }

    /// Returns whether `htu` is the URL of a request with this path. Query and fragment are ignored.
    ///
    /// Scheme, host and port are compared with the configured URL, never with headers of the request. Before
    /// paths are compared, only percent-encoding is normalized (RFC 3986 §6.2.2), so dot segments and slashes
    /// are significant.
    pub(super) fn matches(&self, htu: &str, request_path: &str) -> bool {
        self.is_literally(htu, request_path) || self.matches_normalized(htu, request_path)
    }

    /// Returns whether `htu` is literally the same URL, without any character that would have to be
    /// normalized.
    fn is_literally(&self, htu: &str, request_path: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'%' | b'?' | b'#');
        request_path.starts_with('/')
            && htu.strip_prefix(&*self.text) == Some(request_path)
            && request_path.bytes().all(is_plain)
    }

    fn matches_normalized(&self, htu: &str, request_path: &str) -> bool {
        let without_fragment = htu.split_once('#').map_or(htu, |(before, _)| before);
        let Ok(uri) = without_fragment.parse::<Uri>() else { return false };
        if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
            return false;
        }
        let is_origin = origin(&uri).is_some_and(|(scheme, host, port)| {
            scheme == self.scheme && host == self.host && port == self.port
        });
        is_origin && self.matches_path(uri.path(), request_path)
    }

    fn matches_path(&self, claimed: &str, request_path: &str) -> bool {
        let (Some(claimed), Some(request)) =
            (normalized_path(claimed), normalized_path(request_path))
        else {
            return false;
        };
        let Some(rest) = claimed.strip_prefix(&*self.path) else { return false };
        // An empty path is the root (RFC 3986 §6.2.3).
        let root = |path: &str| path.is_empty() || path == "/";
        rest == request || (root(rest) && root(&request))
    }
}

fn origin(uri: &Uri) -> Option<(Scheme, Box<str>, u16)> {
    let scheme = match uri.scheme_str()? {
        scheme if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
        scheme if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
        _ => return None,
    };
    let authority = uri.authority()?;
    let host = authority.host();
    // `Uri` treats `host:` as a host without a port, and rejects a port that is out of range.
    let port = match authority.as_str().get(host.len()..) {
        Some("" | ":") => scheme.default_port(),
        Some(_) => authority.port_u16()?,
        None => return None,
    };
    (!host.is_empty()).then(|| (scheme, host.to_ascii_lowercase().into_boxed_str(), port))
}

/// Decodes unreserved characters, and writes all other escapes in upper case. Returns `None` for a `%` that
/// isn't followed by two digits.
fn normalized_path(path: &str) -> Option<String> {
    let mut normalized = String::with_capacity(path.len());
    let mut rest = path.as_bytes();
    loop {
        rest = match rest {
            [] => return Some(normalized),
            [b'%', high, low, after @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let byte = u8::try_from((digit(*high)? << 4) | digit(*low)?).ok()?;
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    normalized.push(char::from(byte));
                } else {
                    normalized.extend(['%', char::from(high.to_ascii_uppercase())]);
                    normalized.push(char::from(low.to_ascii_uppercase()));
                }
                after
            }
            [b'%', ..] => return None,
            [byte, after @ ..] if byte.is_ascii() => {
                normalized.push(char::from(*byte));
                after
            }
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // Verifies rfc9449-4.3-normalized.
    #[test]
    fn equivalent_urls_match() {
        let public = |url| PublicUrl::parse(url).unwrap();
        for (url, htu, path, matches) in [
            ("https://api.example", "https://api.example/orders", "/orders", true),
            ("https://api.example/", "https://api.example/orders", "/orders", true),
            ("https://api.example", "HTTPS://API.Example/orders", "/orders", true),
            ("https://api.example", "https://api.example:443/orders", "/orders", true),
            ("https://api.example:443", "https://api.example/orders", "/orders", true),
            ("https://api.example", "https://api.example/orders?a=b", "/orders", true),
            ("https://api.example", "https://api.example/orders#a", "/orders", true),
            ("https://api.example", "https://api.example/a%7eb", "/a~b", true),
            ("https://api.example", "https://api.example/a%2fb", "/a%2Fb", true),
            ("https://api.example", "https://api.example", "/", true),
            ("https://api.example/v1", "https://api.example/v1/orders", "/orders", true),
            ("https://api.example/v1/", "https://api.example/v1", "/", true),
            ("http://[::1]:8080", "http://[::1]:8080/", "/", true),
            // Another scheme, host, port or path.
            ("https://api.example", "http://api.example/orders", "/orders", false),
            ("https://api.example", "https://api.example.evil/orders", "/orders", false),
            ("https://api.example", "https://api.example:8443/orders", "/orders", false),
            ("https://api.example", "https://api.example:80/orders", "/orders", false),
            ("https://api.example", "https://api.example/orders/", "/orders", false),
            ("https://api.example", "https://api.example/Orders", "/orders", false),
            ("https://api.example", "https://api.example/a/../orders", "/orders", false),
            ("https://api.example", "https://api.example/a/b", "/a%2Fb", false),
            ("https://api.example", "https://api.example/orders%", "/orders%", false),
            ("https://api.example", "https://api.example/caf\u{e9}", "/caf\u{e9}", false),
            ("https://api.example", "https://user@api.example/orders", "/orders", false),
            ("https://api.example", "/orders", "/orders", false),
            ("https://api.example", "orders", "/orders", false),
            ("https://api.example", "", "/", false),
            ("https://api.example", "https://api.example:99999/", "/", false),
            ("https://api.example/v1", "https://api.example/orders", "/orders", false),
            ("https://api.example/v1", "https://api.example/v10/orders", "0/orders", true),
        ] {
            assert_eq!(public(url).matches(htu, path), matches, "{url} {htu} {path}");
        }
    }

    #[test]
    fn a_public_url_is_absolute_and_has_no_query() {
        for url in ["api.example", "/orders", "ftp://api.example", "https://api.example?a=b", ""] {
            assert!(PublicUrl::parse(url).is_err(), "{url}");
        }
    }

    /// The parts of a URL, chosen from so few that two URLs are often equal.
    #[derive(Debug, Clone)]
    struct Parts {
        scheme: &'static str,
        host: &'static str,
        port: &'static str,
        path: Vec<&'static str>,
    }

    fn parts() -> impl Strategy<Value = Parts> {
        let any = prop::sample::select::<&str>;
        let scheme = any(vec!["http", "https", "HTTPS", "ftp"]);
        let host =
            any(vec!["a.b", "A.b", "a.b.", "ab", "b.a", "a.b.c", "[::1]", "[::2]", "1.2.3.4"]);
        let port = any(vec!["", ":", ":80", ":443", ":0443", ":8443", ":44"]);
        let segments = vec![
            "/", "/a", "/A", "/a/", "/%61", "/b", "/~", "/%7e", "/%7E", "/%2f", "/%2F", "/..",
            "/%2e.", "/;a", "/%3Ba", "/%41",
        ];
        let path = prop::collection::vec(any(segments), 0..3);
        (scheme, host, port, path).prop_map(|(scheme, host, port, path)| Parts {
            scheme,
            host,
            port,
            path,
        })
    }

    impl Parts {
        fn url(&self) -> String {
            format!("{}://{}{}{}", self.scheme, self.host, self.port, self.path())
        }

        fn path(&self) -> String {
            self.path.concat()
        }

        /// Returns scheme, host and port, which have to be equal.
        fn origin(&self) -> Option<(String, String, u16)> {
            let scheme = self.scheme.to_lowercase();
            let default = match &*scheme {
                "http" => 80,
                "https" => 443,
                _ => return None,
            };
            let digits = self.port.trim_start_matches(':');
            let port = if digits.is_empty() { default } else { digits.parse().unwrap() };
            Some((scheme, self.host.to_lowercase(), port))
        }

        fn decoded_path(&self) -> Vec<(u8, bool)> {
            let path = self.path();
            percent_decoded(if path.is_empty() { "/" } else { &path })
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn a_url_matches_exactly_if_scheme_host_port_and_path_are_equal(
            service in parts(), claimed in parts(), is_same_origin: bool, is_same_path: bool,
            suffix in prop::sample::select(vec!["", "?", "?a=b", "#", "#a", "?a#b", "?/../x"]),
        ) {
            let origin = format!("{}://{}{}", service.scheme, service.host, service.port);
            let Ok(public) = PublicUrl::parse(&origin) else { return Ok(()) };
            let mut claimed = claimed;
            if is_same_origin {
                claimed = Parts { path: claimed.path, ..service.clone() };
            }
            if is_same_path {
                claimed.path.clone_from(&service.path);
            }
            let htu = [&*claimed.url(), suffix].concat();
            let is_equal = service.origin().is_some()
                && service.origin() == claimed.origin()
                && service.decoded_path() == claimed.decoded_path();
            let path = service.path();
            let path = if path.is_empty() { "/" } else { &path };
            prop_assert_eq!(public.matches(&htu, path), is_equal, "{} {}", htu, service.url());
            // The fast path has the same outcome.
            prop_assert_eq!(public.matches_normalized(&htu, path), is_equal);
        }

        #[test]
        fn any_text_is_compared_without_a_panic(htu: String, path: String) {
            let public = PublicUrl::parse("https://a.b").unwrap();
            prop_assert!(!public.matches(&htu, &path));
        }

        #[test]
        fn user_information_never_matches(user in "[a-z.:@%]{0,5}", path in "(/[a-z]){0,2}") {
            let public = PublicUrl::parse("https://a.b").unwrap();
            let htu = format!("https://{user}@a.b{path}");
            prop_assert!(!public.matches(&htu, &path));
        }
    }

    /// Returns each byte, and whether it is a reserved character that was encoded.
    fn percent_decoded(path: &str) -> Vec<(u8, bool)> {
        let mut bytes = path.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                let text = str::from_utf8(&digits).unwrap().to_owned();
                let byte = u8::from_str_radix(&text, 16).unwrap();
                let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                decoded.push((byte, !unreserved));
            } else {
                decoded.push((byte, false));
            }
        }
        decoded
    }
}
