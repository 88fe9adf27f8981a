//! Every rejection, to the letter: status, challenge, body.
//!
//! `credentials` is what is wrong with a request, `tokens` what is wrong with a token, `guards` what
//! lies inside the layer, `kinds` every kind of error as a handler returns it. `body_forms` are the
//! forms of bodies, `methods` those of requests, `responses` what else is seen of a response, `grpc` the
//! same in gRPC.

mod body_forms;
mod credentials;
mod grpc;
mod guards;
mod json_body;
mod kinds;
mod methods;
mod responses;
mod tokens;

use std::time::{Duration, SystemTime};

use axum::{Router, body::Body};
use http::Request;
use portcullis::{AuthenticateLayer, ErrorKind, testing::TestIssuer};

use crate::support::{API, Answer, send, whoami};

/// 2019-11-13T06:26:01, when everything here happens.
const SECONDS: u64 = 1_573_626_361;

/// An issuer at [`SECONDS`], whose ES256 key is published.
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

/// What a rejection of `GET /` is on the wire, in the default form.
#[derive(Debug, Clone, Copy)]
struct Expected {
    kind: ErrorKind,
    status: (u16, &'static str),
    challenge: Option<&'static str>,
    message: &'static str,
    error: Option<&'static str>,
}

impl Expected {
    /// Sends `request` and compares all that is seen of the answer.
    async fn check(self, app: &Router, request: Request<Body>, case: &str) -> Answer {
        let answer = send(app, request).await;
        let (code, text) = self.status;
        assert_eq!(answer.status.as_u16(), code, "{case}");
        assert_eq!(answer.challenge(), self.challenge, "{case}");
        assert_eq!(answer.headers["content-type"], "application/json", "{case}");
        assert_eq!(answer.kind(), Some(self.kind), "{case}");

        let family = if code < 500 { "CLIENT_ERROR" } else { "SERVER_ERROR" };
        let error = self.error.map(|error| format!(r#","error":"{error}""#)).unwrap_or_default();
        let body = format!(
            r#"{{"statusCode":{code},"statusText":"{text}","message":"{}","date":"2019-11-13T06:26:01","statusFamily":"{family}","method":"GET","uri":"/"{error}}}"#,
            self.message
        );
        assert_eq!(answer.body, body, "{case}");
        answer
    }
}
