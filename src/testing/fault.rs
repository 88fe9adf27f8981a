//! Failures of a test issuer.

use std::time::Duration;

use http::{Response, StatusCode, header::CONTENT_TYPE, header::LOCATION};

use crate::http_client::HttpError;

/// A failure of a test issuer, which affects all requests: see
/// [`TestIssuer::fail`](super::TestIssuer::fail).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), portcullis::ConfigError> {
/// use portcullis::testing::{Fault, TestIssuer};
///
/// let issuer = TestIssuer::new();
/// let verifier = issuer.verifier().audience("https://api.example").build()?;
/// issuer.fail(Fault::Unreachable);
/// assert_eq!(verifier.warm_up().await.unwrap_err().status(), 503);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The request is accepted, but there is never a response.
    Hang,
    /// An HTML page with status 200.
    Html,
    /// A JSON body of 10 MiB.
    Huge,
    /// Truncated JSON.
    Garbage,
    /// A redirect to another host.
    Redirect,
    /// A response with this status and an empty body.
    Status(u16),
    /// The connection fails. On a socket, it is closed without a response.
    Unreachable,
}

impl Fault {
    /// Returns what the client receives.
    pub(super) async fn response(self) -> Result<Response<Vec<u8>>, HttpError> {
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
