//! A cookie that holds an access token (RFC 6265 §4.2).

use http::{HeaderMap, Method, header};

use super::RequestHead;
use crate::RequestFault;

/// The cookie that a layer looks at, and when.
#[derive(Debug, Clone)]
pub(crate) struct TokenCookie {
    pub(crate) name: Box<str>,
    /// Also for requests that may change something: the service has seen to it that other sites
    /// can't make them.
    pub(crate) for_every_method: bool,
}

impl TokenCookie {
    /// The cookie's value. A browser sends cookies with the requests of other sites too, so where
    /// that matters they aren't looked at.
    pub(super) fn token<'a>(
        &self,
        head: &RequestHead<'a>,
    ) -> Result<Option<&'a [u8]>, RequestFault> {
        if !self.for_every_method && !is_harmless(head) {
            return Ok(None);
        }
        let mut values = cookies(head.headers()).filter(|(name, _)| *name == self.name.as_bytes());
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(RequestFault::Repeated),
            (value, _) => Ok(value.map(|(_, value)| value)),
        }
    }
}

/// Safe methods change nothing, but a WebSocket may, and any site may open one.
fn is_harmless(head: &RequestHead<'_>) -> bool {
    matches!(*head.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && !head.headers().contains_key(header::UPGRADE)
        // The WebSockets of HTTP/2 (RFC 8441) come by another method.
        && head.method() != Method::CONNECT
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    let lines = headers.get_all(header::COOKIE).iter().map(http::HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|&byte| byte == b';'));
    pairs.filter_map(|pair| {
        let pair = pair.trim_ascii();
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let (name, value) = pair.split_at_checked(equals)?;
        let value = value.get(1..)?;
        Some((name.trim_ascii(), unquoted(value.trim_ascii())))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_must_be_unique() {
        let cookie = TokenCookie { name: "at".into(), for_every_method: false };
        let cases: [(&[&str], Result<Option<&[u8]>, RequestFault>); 7] = [
            (&[], Ok(None)),
            (&["a=b"], Ok(None)),
            (&["a=b; at=abc; c=d"], Ok(Some(b"abc"))),
            (&["a=b", "at=\"abc\""], Ok(Some(b"abc"))),
            (&["at=a=b"], Ok(Some(b"a=b"))),
            (&["AT=abc; xat=abc"], Ok(None)),
            (&["at=a; at=b"], Err(RequestFault::Repeated)),
        ];
        for (lines, found) in cases {
            let mut request = Request::new(());
            for line in lines {
                request.headers_mut().append(header::COOKIE, line.parse().unwrap());
            }
            assert_eq!(cookie.token(&RequestHead::of(&request)), found, "{lines:?}");
        }
    }

    #[test]
    fn a_cookie_does_not_count_for_unsafe_cross_site_requests() {
        for (method, upgrade, by_default) in [
            ("GET", false, true),
            ("HEAD", false, true),
            ("OPTIONS", false, true),
            ("GET", true, false),
            ("POST", false, false),
            ("PUT", false, false),
            ("DELETE", false, false),
            ("PATCH", false, false),
            ("CONNECT", false, false),
            ("TRACE", false, false),
        ] {
            let mut request = Request::builder().method(method).header("cookie", "at=abc");
            if upgrade {
                request = request.header("upgrade", "websocket");
            }
            let request = request.body(()).unwrap();
            for for_every_method in [false, true] {
                let cookie = TokenCookie { name: "at".into(), for_every_method };
                let found = cookie.token(&RequestHead::of(&request)).unwrap().is_some();
                assert_eq!(found, by_default || for_every_method, "{method} {upgrade}");
            }
        }
    }
}
