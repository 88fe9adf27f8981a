//! A source of the service's own.

use http::Request;
use portcullis::{AuthenticateLayer, Error, ErrorKind, TokenFault};

use super::{GOOD, Known, behind};
use crate::support::send;

fn with_path(path: &str) -> Request<axum::body::Body> {
    let uri = format!("/?ticket={path}");
    Request::get(uri).header("accept", "x").body(axum::body::Body::empty()).unwrap()
}

/// A ticket in the query, of GET alone; some are rejected by the source itself.
fn layer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(Known).source(|head| {
        assert!(head.headers().contains_key("accept"), "headers are seen");
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
async fn it_finds_a_token_or_none_or_rejects() {
    let app = behind(layer());
    for (ticket, status, kind) in [
        (GOOD, 200, None),
        ("made-up", 401, Some(TokenFault::Inactive.into())),
        ("", 401, Some(ErrorKind::MissingCredentials)),
        ("used", 401, Some(TokenFault::Revoked.into())),
        ("broken", 500, Some(ErrorKind::Misconfigured)),
    ] {
        let answer = send(&app, with_path(ticket)).await;
        assert_eq!((answer.status.as_u16(), answer.kind()), (status, kind), "{ticket}");
    }
}

#[tokio::test]
async fn two_of_them_are_looked_at_both() {
    let other = layer().source(|head| {
        let cookie = head.headers().get("x-key").and_then(|key| key.to_str().ok());
        Ok(cookie.map(str::to_owned))
    });
    let app = behind(other);
    let mut request = with_path("");
    request.headers_mut().insert("x-key", GOOD.parse().unwrap());
    assert_eq!(send(&app, request).await.status, 200);
    let mut request = with_path(GOOD);
    request.headers_mut().insert("x-key", GOOD.parse().unwrap());
    assert_eq!(send(&app, request).await.status, 400);
}
