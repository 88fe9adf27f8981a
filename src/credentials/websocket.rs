//! An access token in the subprotocols of a WebSocket handshake (RFC 6455 §4.1), the only place where a script in
//! a browser can send one.

use std::{borrow::Cow, mem};

use base64_simd::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, Method, header};

use super::RequestHead;
use crate::error::RequestFault;

/// The subprotocol before the token: `new WebSocket(url, ["bearer", token])`.
pub(crate) const PROTOCOL: &str = "bearer";

/// The prefix of the subprotocol that Kubernetes clients send, before the token in base64url.
const KUBERNETES: &str = "base64url.bearer.authorization.k8s.io.";

/// The subprotocols of a request from which tokens were removed.
#[derive(Debug, PartialEq)]
pub(crate) struct WithoutToken {
    /// `None` if there are no others.
    pub(crate) protocols: Option<HeaderValue>,
    /// Whether the token followed `bearer`, which the server then has to choose.
    pub(crate) has_bearer: bool,
}

/// Returns the token: the subprotocol after `bearer`, or the one of Kubernetes.
pub(super) fn token<'a>(head: &RequestHead<'a>) -> Result<Option<Cow<'a, str>>, RequestFault> {
    if !is_handshake(head) {
        return Ok(None);
    }
    let (mut found, mut follows_bearer) = (None, false);
    for protocol in protocols(head.headers()) {
        let token = if mem::take(&mut follows_bearer) {
            Cow::Borrowed(protocol?)
        } else if protocol == Ok(PROTOCOL) {
            follows_bearer = true;
            continue;
        } else if let Some(encoded) = kubernetes(protocol) {
            Cow::Owned(decode(encoded).ok_or(RequestFault::Malformed)?)
        } else {
            continue;
        };
        if found.replace(token).is_some() {
            return Err(RequestFault::Repeated);
        }
    }
    match (found, follows_bearer) {
        (Some(_), true) => Err(RequestFault::Repeated),
        (None, true) => Err(RequestFault::Malformed),
        (found, false) => Ok(found),
    }
}

/// Returns the subprotocols without tokens, for the inner service. `None` if there is no token.
pub(crate) fn without_token(headers: &HeaderMap) -> Option<WithoutToken> {
    let mut kept: Vec<&str> = Vec::new();
    let (mut follows_bearer, mut has_bearer, mut has_token) = (false, false, false);
    for protocol in protocols(headers) {
        if mem::take(&mut follows_bearer) {
            (has_bearer, has_token) = (true, true);
        } else if kubernetes(protocol).is_some() {
            has_token = true;
        } else {
            follows_bearer = protocol == Ok(PROTOCOL);
            kept.extend(protocol);
        }
    }
    let protocols = (!kept.is_empty()).then(|| HeaderValue::from_str(&kept.join(", ")).ok());
    has_token.then_some(WithoutToken { protocols: protocols.flatten(), has_bearer })
}

fn kubernetes(protocol: Result<&str, RequestFault>) -> Option<&str> {
    protocol.ok()?.strip_prefix(KUBERNETES)
}

fn decode(encoded: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode_to_vec(encoded).ok()?).ok()
}

/// Returns whether the request opens a WebSocket: with an upgrade, or over HTTP/2 with CONNECT (RFC 8441 §4).
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
            assert_eq!(token(&RequestHead::of(&request)), Ok(found.map(Cow::Borrowed)), "{method}");
        }
    }

    #[test]
    fn the_token_follows_bearer_or_the_prefix_of_kubernetes() {
        use RequestFault::{Malformed, Repeated};
        // `abc`
        const K8S: &str = "base64url.bearer.authorization.k8s.io.YWJj";
        let two = format!("{K8S}, bearer, abc");
        let with_others = format!("v5.channel.k8s.io, {K8S}, v4.channel.k8s.io");
        let unreadable = "base64url.bearer.authorization.k8s.io.";
        for (upgrade, protocols, found, left) in [
            ("websocket", "bearer, abc", Ok(Some("abc")), Some("bearer")),
            ("WebSocket", "chat, bearer,abc , v2", Ok(Some("abc")), Some("chat, bearer, v2")),
            ("websocket", "chat", Ok(None), None),
            ("h2c", "bearer, abc", Ok(None), Some("bearer")),
            ("websocket", "chat, bearer", Err(Malformed), None),
            ("websocket", "bearer, abc, bearer", Err(Repeated), Some("bearer, bearer")),
            ("websocket", "bearer, abc, bearer, abc", Err(Repeated), Some("bearer, bearer")),
            ("websocket", K8S, Ok(Some("abc")), Some("")),
            (
                "websocket",
                &with_others,
                Ok(Some("abc")),
                Some("v5.channel.k8s.io, v4.channel.k8s.io"),
            ),
            ("websocket", &two, Err(Repeated), Some("bearer")),
            ("websocket", &format!("{unreadable}YWJj="), Err(Malformed), Some("")),
            ("websocket", &format!("{unreadable}YW"), Err(Malformed), Some("")),
            ("websocket", &format!("{unreadable}_w"), Err(Malformed), Some("")),
            ("websocket", unreadable, Ok(Some("")), Some("")),
        ] {
            let request = Request::builder()
                .header("upgrade", upgrade)
                .header("sec-websocket-protocol", protocols)
                .body(())
                .unwrap();
            let token = token(&RequestHead::of(&request));
            assert_eq!(token, found.map(|found| found.map(Cow::Borrowed)), "{protocols}");
            let removed = without_token(request.headers());
            let text = removed
                .map(|it| it.protocols.map_or(String::new(), |it| it.to_str().unwrap().to_owned()));
            assert_eq!(text.as_deref(), left, "{protocols}");
        }
    }
}
