//! Addresses of other servers, checked when they are configured or learned.

use http::Uri;

/// Why an address is not one that we call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("not an absolute URL")]
    NotAbsolute,
    #[error("must use https, except on loopback")]
    NotHttps,
    #[error("must not carry a user name, a query or a fragment")]
    Ornaments,
}

/// Which parts an address may have beyond scheme, host and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Query {
    Allowed,
    Forbidden,
}

/// Reads an address that we may call: absolute, `https` except on loopback or where `allow_http`,
/// without user name and fragment.
pub(crate) fn parse(url: &str, query: Query, allow_http: bool) -> Result<Uri, EndpointError> {
    // `Uri` drops a fragment in silence.
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

/// Whether that is this machine. `host` as it stands in a URL.
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
