//! A custom source.

use http::Request;
use portcullis::{AuthenticateLayer, Error, ErrorKind, error::TokenFault};

use super::{TestVerifier, VALID_TOKEN, service};
use crate::support::send;

fn with_path(path: &str) -> Request<axum::body::Body> {
    let uri = format!("/?ticket={path}");
    Request::get(uri).header("accept", "x").body(axum::body::Body::empty()).unwrap()
}

/// A ticket in the query of GET requests. The source itself rejects some tickets.
fn layer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(TestVerifier).source(|head| {
        assert!(head.headers().contains_key("accept"), "a source can read headers");
        let query = head.uri().query().filter(|_| head.method() == http::Method::GET);
        match query.and_then(|query| query.strip_prefix("ticket=")) {
            Some("used") => Err(TokenFault::Revoked.into()),
            Some("broken") => Err(Error::misconfigured("no tickets today")),
            Some("") => Ok(None),
            ticket => Ok(ticket.map(str::to_owned)),
        }
    })
}

#[tokio::test]
async fn a_custom_source_returns_a_token_or_none_or_rejects() {
    let app = service(layer());
    for (ticket, status, kind) in [
        (VALID_TOKEN, 200, None),
        ("unknown", 401, Some(TokenFault::Inactive.into())),
        ("", 401, Some(ErrorKind::MissingCredentials)),
        ("used", 401, Some(TokenFault::Revoked.into())),
        ("broken", 500, Some(ErrorKind::Misconfigured)),
    ] {
        let response = send(&app, with_path(ticket)).await;
        assert_eq!((response.status.as_u16(), response.kind()), (status, kind), "{ticket}");
    }
}

#[tokio::test]
async fn the_first_custom_source_with_a_token_is_used() {
    let other = layer().source(|head| {
        let cookie = head.headers().get("x-key").and_then(|key| key.to_str().ok());
        Ok(cookie.map(str::to_owned))
    });
    let app = service(other);
    let mut request = with_path("");
    request.headers_mut().insert("x-key", VALID_TOKEN.parse().unwrap());
    assert_eq!(send(&app, request).await.status, 200);
    let mut request = with_path(VALID_TOKEN);
    request.headers_mut().insert("x-key", "unknown".parse().unwrap());
    assert_eq!(send(&app, request).await.status, 200);
}
