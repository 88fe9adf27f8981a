//! Validates URLs that are configured or discovered.

use http::Uri;

/// The reason why a URL is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("not an absolute URL")]
    NotAbsolute,
    #[error("must use https (or loopback); see `dangerous().plain_http()`")]
    NotHttps,
    #[error("must not contain a user name, a query or a fragment")]
    Ornaments,
}

/// Whether a query is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Query {
    Allowed,
    Forbidden,
}

/// Parses an absolute URL without user name and fragment. It must use `https`, unless it leads to loopback or
/// `allow_http` is set.
pub(crate) fn parse(url: &str, query: Query, allow_http: bool) -> Result<Uri, EndpointError> {
    // `Uri` silently drops a fragment.
    if url.contains('#') {
        return Err(EndpointError::Ornaments);
    }
    let uri: Uri = url.parse().map_err(|_| EndpointError::NotAbsolute)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(EndpointError::NotAbsolute);
    };
    if authority.host().is_empty() || !matches!(scheme, "http" | "https") {
        return Err(EndpointError::NotAbsolute);
    }
    if authority.as_str().contains('@') || (query == Query::Forbidden && uri.query().is_some()) {
        return Err(EndpointError::Ornaments);
    }
    if scheme == "http" && !allow_http && !is_loopback(authority.host()) {
        return Err(EndpointError::NotHttps);
    }
    Ok(uri)
}

/// Returns whether a host is this machine. Only the usual spellings are recognized, because plain `http` is allowed
/// there.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_urls_are_accepted() {
        use EndpointError::{NotAbsolute, NotHttps, Ornaments};
        for (url, result) in [
            ("https://as.example", Ok(())),
            ("https://as.example/tenant/", Ok(())),
            ("https://as.example:8443/a", Ok(())),
            ("http://localhost:4001", Ok(())),
            ("http://127.0.0.1:4001/op", Ok(())),
            ("http://[::1]:4001", Ok(())),
            ("http://as.example", Err(NotHttps)),
            ("http://localhost.evil.example", Err(NotHttps)),
            ("http://127.0.0.1.evil.example", Err(NotHttps)),
            ("as.example", Err(NotAbsolute)),
            ("/jwks", Err(NotAbsolute)),
            ("", Err(NotAbsolute)),
            ("ftp://as.example", Err(NotAbsolute)),
            ("https://user@as.example", Err(Ornaments)),
            ("https://as.example/?a=b", Err(Ornaments)),
            ("https://as.example/#a", Err(Ornaments)),
            ("https://as.example/ a", Err(NotAbsolute)),
        ] {
            assert_eq!(parse(url, Query::Forbidden, false).map(|_| ()), result, "{url}");
        }
        assert!(parse("https://as.example/?a=b", Query::Allowed, false).is_ok());
        assert!(parse("http://as.example/", Query::Allowed, true).is_ok());
    }
}
