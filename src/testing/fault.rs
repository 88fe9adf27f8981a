//! What can go wrong at an issuer.

use std::time::Duration;

use http::{Response, StatusCode, header::CONTENT_TYPE, header::LOCATION};

use crate::http_client::HttpError;

/// A way for an issuer to fail, at every address that serves metadata or keys: see
/// [`TestIssuer::fail`](super::TestIssuer::fail).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Accepts the request and never answers.
    Hang,
    /// A web page with status 200.
    Html,
    /// A JSON body of 10 MiB.
    Huge,
    /// JSON that is cut off.
    Garbage,
    /// A redirect to another host.
    Redirect,
    /// That status, without a body.
    Status(u16),
    /// No connection. Over a socket the connection is closed without an answer.
    Unreachable,
}

impl Fault {
    /// What the client sees.
    pub(super) async fn answer(self) -> Result<Response<Vec<u8>>, HttpError> {
        let ok = |content_type: &str, body: Vec<u8>| {
            Response::builder().header(CONTENT_TYPE, content_type).body(body)
        };
        let response = match self {
            Self::Hang => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                return Err(HttpError::transport("hung up"));
            }
            Self::Html => ok("text/html", b"<!doctype html><title>Maintenance</title>".to_vec()),
            Self::Huge => ok("application/json", vec![b' '; 10 * 1024 * 1024]),
            Self::Garbage => {
                ok("application/json", b"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"".to_vec())
            }
            Self::Redirect => Response::builder()
                .status(StatusCode::FOUND)
                .header(LOCATION, "https://evil.example/jwks")
                .body(Vec::new()),
            Self::Status(status) => Response::builder().status(status).body(Vec::new()),
            Self::Unreachable => return Err(HttpError::transport("connection refused")),
        };
        Ok(response.expect("a valid response"))
    }
}
