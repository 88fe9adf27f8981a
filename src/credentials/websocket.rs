//! An access token in the subprotocols of a WebSocket (RFC 6455 §4.1): the one place where a
//! browser's script can put it.

use http::{HeaderMap, HeaderValue, Method, header};

use super::RequestHead;
use crate::RequestFault;

/// The subprotocol before the token: `new WebSocket(url, ["bearer", token])`.
pub(crate) const PROTOCOL: &str = "bearer";

/// The token: the subprotocol after `bearer`.
pub(super) fn token<'a>(head: &RequestHead<'a>) -> Result<Option<&'a str>, RequestFault> {
    if !is_handshake(head) {
        return Ok(None);
    }
    let mut offered = protocols(head.headers());
    if !offered.any(|protocol| protocol == Ok(PROTOCOL)) {
        return Ok(None);
    }
    let token = offered.next().ok_or(RequestFault::Malformed)??;
    if offered.any(|protocol| protocol == Ok(PROTOCOL)) {
        return Err(RequestFault::Repeated);
    }
    Ok(Some(token))
}

/// The subprotocols without the token, for the service inside.
pub(crate) fn without_token(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut kept: Vec<&str> = Vec::new();
    let mut is_token = false;
    for protocol in protocols(headers).filter_map(Result::ok) {
        if !is_token {
            kept.push(protocol);
        }
        is_token = !is_token && protocol == PROTOCOL;
    }
    HeaderValue::from_str(&kept.join(", ")).ok()
}

/// A WebSocket begins by an upgrade, or in HTTP/2 by CONNECT (RFC 8441 §4).
fn is_handshake(head: &RequestHead<'_>) -> bool {
    if head.method() == Method::CONNECT {
        return true;
    }
    head.headers()
        .get(header::UPGRADE)
        .is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = Result<&str, RequestFault>> {
    headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().flat_map(|line| {
        let line = line.to_str().map_err(|_| RequestFault::Malformed);
        let (texts, fault) = match line {
            Ok(line) => (Some(line), None),
            Err(fault) => (None, Some(Err(fault))),
        };
        let texts = texts.into_iter().flat_map(|line| line.split(','));
        texts.map(|protocol| Ok(protocol.trim())).chain(fault)
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn over_http_2_a_websocket_handshake_is_connect() {
        for (method, found) in [("CONNECT", Some("abc")), ("GET", None)] {
            let request = Request::builder().method(method).uri("https://api.example/chat");
            let request = request.header("sec-websocket-protocol", "bearer, abc").body(()).unwrap();
            assert_eq!(token(&RequestHead::of(&request)), Ok(found), "{method}");
        }
    }

    #[test]
    fn the_token_is_the_subprotocol_after_bearer() {
        use RequestFault::{Malformed, Repeated};
        for (upgrade, protocols, found, left) in [
            ("websocket", "bearer, abc", Ok(Some("abc")), "bearer"),
            ("WebSocket", "chat, bearer,abc , v2", Ok(Some("abc")), "chat, bearer, v2"),
            ("websocket", "chat", Ok(None), "chat"),
            ("h2c", "bearer, abc", Ok(None), "bearer"),
            ("websocket", "chat, bearer", Err(Malformed), "chat, bearer"),
            ("websocket", "bearer, abc, bearer, abc", Err(Repeated), "bearer, bearer"),
        ] {
            let request = Request::builder()
                .header("upgrade", upgrade)
                .header("sec-websocket-protocol", protocols)
                .body(())
                .unwrap();
            assert_eq!(token(&RequestHead::of(&request)), found, "{protocols}");
            assert_eq!(without_token(request.headers()).unwrap(), left);
        }
    }
}
