//! The layers around plain tower services.

#[cfg(feature = "http-body")]
mod bodies;
mod readiness;

use std::convert::Infallible;

use http::{Request, Response, header::AUTHORIZATION};
use portcullis::{BearerToken, Identity, ScopeSet, Verification, Verify, error::TokenFault};

/// Accepts the token `valid`, with the scope `read`; immediately or after the task has yielded once.
#[derive(Debug, Clone, Copy)]
enum TestVerifier {
    Ready,
    Pending,
}

impl Verify<BearerToken<'_>> for TestVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let identity = Identity::assertion().subject("alice").scopes(ScopeSet::from_wire("read"));
        let outcome = match token.as_str() {
            "valid" => Ok(identity.build()),
            _ => Err(TokenFault::Revoked.into()),
        };
        match self {
            Self::Ready => Verification::ready(outcome),
            Self::Pending => Verification::pending(async {
                tokio::task::yield_now().await;
                outcome
            }),
        }
    }
}

/// A request without a body, with `token` if there is one.
fn request(token: Option<&str>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(token) = token {
        let line = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, line);
    }
    request
}

/// A service that responds with `in`.
async fn respond(_: Request<()>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("in".to_owned()))
}
