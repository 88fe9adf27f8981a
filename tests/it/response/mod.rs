//! Rejections on the wire: status, challenge and body, compared byte for byte.
//!
//! `credentials` and `tokens` test rejections by the layer, `guards` those by guards and extractors inside it,
//! and `kinds` every kind of error that a handler may return. `body_forms` and `json_body` test the formats of
//! bodies, `methods` other request methods than GET, `responses` extensions and other headers, `request_headers` what a
//! body may show of the request, and `grpc`
//! rejections of gRPC calls.

mod body_forms;
mod credentials;
mod grpc;
#[cfg(feature = "tonic")]
mod grpc_opt_in;
mod guards;
mod json_body;
mod kinds;
mod methods;
mod request_headers;
mod responses;
mod scripts;
mod tokens;

use std::time::{Duration, SystemTime};

use axum::{Router, body::Body};
use http::Request;
use portcullis::{AuthenticateLayer, ErrorKind, testing::TestIssuer};

use crate::support::{API, TestResponse, send, whoami};

/// 2019-11-13T06:26:01, the time in all tests of this module.
const SECONDS: u64 = 1_573_626_361;

/// An issuer at [`SECONDS`] with an ES256 key.
fn issuer() -> TestIssuer {
    let issuer = TestIssuer::new();
    issuer.clock().set(SystemTime::UNIX_EPOCH + Duration::from_secs(SECONDS));
    issuer.publish(portcullis::Algorithm::Es256);
    issuer
}

/// A layer with the keys of `issuer`, its clock, and the realm `orders`.
fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    let verifier = issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
    AuthenticateLayer::bearer(verifier).realm("orders").clock(issuer.clock())
}

/// `GET /` behind that layer.
fn service(issuer: &TestIssuer) -> Router {
    whoami().layer(layer(issuer))
}

/// A rejection of `GET /` on the wire, in the default format.
#[derive(Debug, Clone, Copy)]
struct Expected {
    kind: ErrorKind,
    status: (u16, &'static str),
    challenge: Option<&'static str>,
    message: &'static str,
    error: Option<&'static str>,
}

impl Expected {
    /// Sends `request` and compares the complete response.
    async fn check(self, app: &Router, request: Request<Body>, case: &str) -> TestResponse {
        let response = send(app, request).await;
        let (code, text) = self.status;
        assert_eq!(response.status.as_u16(), code, "{case}");
        assert_eq!(response.challenge(), self.challenge, "{case}");
        assert_eq!(response.headers["content-type"], "application/json", "{case}");
        assert_eq!(response.kind(), Some(self.kind), "{case}");

        let family = if code < 500 { "CLIENT_ERROR" } else { "SERVER_ERROR" };
        let error = self.error.map(|error| format!(r#","error":"{error}""#)).unwrap_or_default();
        let body = format!(
            r#"{{"statusCode":{code},"statusText":"{text}","message":"{}","date":"2019-11-13T06:26:01","statusFamily":"{family}","method":"GET","uri":"/"{error}}}"#,
            self.message
        );
        assert_eq!(response.body, body, "{case}");
        response
    }
}
