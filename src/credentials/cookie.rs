//! A cookie with an access token (RFC 6265 §4.2).

use std::borrow::Cow;

use http::{HeaderMap, Method, header};

use super::RequestHead;
use crate::error::RequestFault;

/// A larger token would need more chunks, each of at most 4 KiB (RFC 6265 §6.1).
const MAX_CHUNKS: usize = 16;

/// A cookie that a layer reads, and the requests for which it does.
#[derive(Debug, Clone)]
pub(crate) struct TokenCookie {
    pub(crate) name: Box<str>,
    /// Whether it is read for requests that may change something too, because the service prevents cross-site requests.
    pub(crate) for_every_method: bool,
}

impl TokenCookie {
    /// Returns the value of the cookie, or else of its chunks `name.0`, `name.1` and so on. Of two cookies with
    /// the same name, the first is used: browsers send the more specific one first (RFC 6265 §5.4).
    pub(super) fn token<'a>(
        &self,
        head: &RequestHead<'a>,
    ) -> Result<Option<Cow<'a, str>>, RequestFault> {
        if !self.counts_for(head) {
            return Ok(None);
        }
        let mut chunks = [None; MAX_CHUNKS];
        let mut has_too_many = false;
        for (name, value) in cookies(head.headers()) {
            match name.strip_prefix(self.name.as_bytes()) {
                Some([]) => return text(value).map(|text| Some(Cow::Borrowed(text))),
                Some([b'.', number @ ..]) if is_number(number) => {
                    match chunk_of(number).and_then(|place| chunks.get_mut(place)) {
                        Some(chunk) => _ = chunk.get_or_insert(value),
                        None => has_too_many = true,
                    }
                }
                _ => {}
            }
        }
        let chunks: Vec<_> = chunks.into_iter().map_while(|chunk| chunk).collect();
        if chunks.is_empty() {
            return Ok(None);
        }
        if has_too_many {
            return Err(RequestFault::TooLong);
        }
        let token = String::from_utf8(chunks.concat()).map_err(|_| RequestFault::Malformed)?;
        Ok(Some(Cow::Owned(token)))
    }

    /// Returns whether the cookie is read for a request. Browsers also send cookies with cross-site requests (CSRF), which
    /// must not change anything.
    fn counts_for(&self, head: &RequestHead<'_>) -> bool {
        is_harmless(head) || (self.for_every_method && !is_cross_site(head.headers()))
    }
}

/// Returns whether a request changes nothing, so that it may come from any site. A WebSocket may change something.
fn is_harmless(head: &RequestHead<'_>) -> bool {
    // The WebSockets of HTTP/2 (RFC 8441) use the method CONNECT.
    matches!(*head.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && !head.headers().contains_key(header::UPGRADE)
}

/// Returns whether the browser marked the request as cross-site (Fetch Metadata). Other clients and older
/// browsers don't send the header.
fn is_cross_site(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all("sec-fetch-site").iter();
    lines.any(|site| site.as_bytes().trim_ascii().eq_ignore_ascii_case(b"cross-site"))
}

fn is_number(text: &[u8]) -> bool {
    matches!(text, b"0" | [b'1'..=b'9', ..]) && text.iter().all(u8::is_ascii_digit)
}

fn chunk_of(number: &[u8]) -> Option<usize> {
    str::from_utf8(number).ok()?.parse().ok()
}

fn text(value: &[u8]) -> Result<&str, RequestFault> {
    str::from_utf8(value).map_err(|_| RequestFault::Malformed)
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
    fn the_first_cookie_of_the_name_counts_and_else_its_chunks() {
        let cookie = TokenCookie { name: "at".into(), for_every_method: false };
        let many: Vec<_> = (0..17).map(|place| format!("at.{place}=a")).collect();
        let cases: [(&[&str], Result<Option<&str>, RequestFault>); 19] = [
            (&[], Ok(None)),
            (&["a=b"], Ok(None)),
            (&["a=b; at=abc; c=d"], Ok(Some("abc"))),
            (&["a=b", "at=\"abc\""], Ok(Some("abc"))),
            (&["at=a=b"], Ok(Some("a=b"))),
            (&["AT=abc; xat=abc"], Ok(None)),
            (&["at=a; at=b"], Ok(Some("a"))),
            (&["at=a", "at=b"], Ok(Some("a"))),
            (&["at.0=a; at.1=b; at.2=c"], Ok(Some("abc"))),
            (&["at.1=b", "x=y; at.0=\"a\""], Ok(Some("ab"))),
            (&["at.0=a; at.0=x; at.1=b"], Ok(Some("ab"))),
            (&["at.0=a; at=whole"], Ok(Some("whole"))),
            (&["at.0=a; at.2=c"], Ok(Some("a"))),
            (&["at.1=b"], Ok(None)),
            (&["at.00=a; at.x=a; at.=a; at.+0=a; at-0=a; at0=a"], Ok(None)),
            (&["at.0=a; at.16=b"], Err(RequestFault::TooLong)),
            (&["at.16=b"], Ok(None)),
            (&[&many[..16].join("; ")], Ok(Some("aaaaaaaaaaaaaaaa"))),
            (&[&many.join("; ")], Err(RequestFault::TooLong)),
        ];
        for (lines, found) in cases {
            let mut request = Request::new(());
            for line in lines {
                request.headers_mut().append(header::COOKIE, line.parse().unwrap());
            }
            let token = cookie.token(&RequestHead::of(&request));
            assert_eq!(token.as_ref().map(Option::as_deref), found.as_ref().copied(), "{lines:?}");
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
