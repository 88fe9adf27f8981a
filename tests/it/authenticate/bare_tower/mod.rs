//! The layers over services that know no framework.

#[cfg(feature = "http-body")]
mod bodies;
mod readiness;

use std::convert::Infallible;

use http::{Request, Response, header::AUTHORIZATION};
use portcullis::{BearerToken, Identity, ScopeSet, TokenFault, Verification, Verify};

/// Accepts the token `good`, with the scope `read`; at once or after a turn of the runtime.
#[derive(Debug, Clone, Copy)]
enum Judges {
    AtOnce,
    Later,
}

impl Verify<BearerToken<'_>> for Judges {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let identity = Identity::assertion().subject("alice").scopes(ScopeSet::from_wire("read"));
        let verdict = match token.as_str() {
            "good" => Ok(identity.build()),
            _ => Err(TokenFault::Revoked.into()),
        };
        match self {
            Self::AtOnce => Verification::ready(verdict),
            Self::Later => Verification::pending(async {
                tokio::task::yield_now().await;
                verdict
            }),
        }
    }
}

/// A request without a body, with that token or none.
fn request(token: Option<&str>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(token) = token {
        let line = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, line);
    }
    request
}

/// A service that says `in`.
async fn says_in(_: Request<()>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("in".to_owned()))
}
