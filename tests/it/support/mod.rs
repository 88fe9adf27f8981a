//! Shared helpers: an issuer, a protected service, requests and their responses.

#[cfg(feature = "client-certificates")]
pub mod certificates;
#[cfg(feature = "reqwest")]
pub mod host;
pub mod jws;
pub mod network;
pub mod openssl;
pub mod outcome;

pub mod wire;

use axum::{Router, body::Body};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header::AUTHORIZATION};
use http_body_util::BodyExt;
use portcullis::{
    Algorithm, AuthenticateLayer, BearerToken, Error, ErrorKind, Identity, Verify,
    testing::TestIssuer,
};
use serde_json::Value;
use tower::ServiceExt;

/// The audience of the services in these tests.
pub const API: &str = "https://api.example";

/// A response, read to its end.
#[derive(Debug)]
pub struct TestResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub error: Option<Error>,
}

impl TestResponse {
    /// The only challenge, if there is one.
    pub fn challenge(&self) -> Option<&str> {
        let mut lines = self.headers.get_all("www-authenticate").iter();
        let line = lines.next().map(|line| line.to_str().expect("a readable challenge"));
        assert!(lines.next().is_none(), "more than one challenge");
        line
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// The kind of the error in the response's extensions.
    pub fn kind(&self) -> Option<ErrorKind> {
        self.error.as_ref().map(Error::kind)
    }
}

/// An issuer that has published its keys for these algorithms.
pub fn issuer_with(algorithms: impl IntoIterator<Item = Algorithm>) -> TestIssuer {
    let issuer = TestIssuer::new();
    for algorithm in algorithms {
        issuer.publish(algorithm);
    }
    issuer
}

/// A router that responds to `GET /` with the subject, behind a layer for tokens of `issuer`.
pub fn protected(issuer: &TestIssuer) -> Router {
    whoami().layer(AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap()))
}

/// A router that responds to `GET /` with the subject, without a layer.
pub fn whoami() -> Router {
    let whoami = async |identity: Option<Identity>| match identity {
        Some(identity) => identity.subject().unwrap_or("no subject").to_owned(),
        None => "anonymous".to_owned(),
    };
    Router::new().route("/", axum::routing::get(whoami))
}

/// `GET /` with that token.
pub fn with_token(token: &str) -> Request<Body> {
    with_authorization(&format!("Bearer {token}"))
}

/// `GET /` with that `Authorization`.
pub fn with_authorization(line: &str) -> Request<Body> {
    Request::get("/").header(AUTHORIZATION, line).body(Body::empty()).expect("a valid request")
}

/// Sends one request.
pub async fn send(app: &Router, request: Request<Body>) -> TestResponse {
    let response = app.clone().oneshot(request).await.expect("infallible");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body in memory").to_bytes();
    TestResponse {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
        error: Error::from_extensions(&head.extensions).cloned(),
    }
}

/// Verifies an arbitrary token.
pub async fn verify(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<Identity, ErrorKind> {
    let mut headers = HeaderMap::new();
    let line = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header value");
    headers.insert(AUTHORIZATION, line);
    let token = BearerToken::from_headers(&headers).map_err(|error| error.kind())?;
    verifier.verify(token).wait().await.map_err(|error| error.kind())
}
