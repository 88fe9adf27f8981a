//! The decision about a request: a plain function of it.

use std::{fmt, sync::Arc};

use http::{
    HeaderMap, Method, Request,
    header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, ORIGIN},
};

use crate::{
    BearerToken, Error, ErrorKind, RequestFault, Verify,
    credentials::Authorization,
    identity::Authentication,
    response::Renderer,
    verify::{VerificationFuture, VerificationState},
};

/// What one layer is configured to do.
#[derive(Clone)]
pub(super) struct Policy {
    pub(super) bearer: Arc<dyn for<'a> Verify<BearerToken<'a>>>,
    pub(super) max_token_length: usize,
    pub(super) allow_anonymous: bool,
    pub(super) allow_cors_preflight: bool,
    pub(super) renderer: Renderer,
}

/// What becomes of a request.
pub(super) enum Decision {
    Admit(Authentication),
    Ask(VerificationFuture),
    Refuse(Error),
}

impl Policy {
    pub(super) fn decide<B>(&self, request: &Request<B>) -> Decision {
        if self.allow_cors_preflight && is_cors_preflight(request) {
            return Decision::Admit(Authentication::Anonymous);
        }
        match self.token(request.headers()) {
            Ok(Some(token)) => match self.bearer.verify(token).0 {
                VerificationState::Ready(Ok(identity)) => {
                    Decision::Admit(Authentication::Identified(identity))
                }
                VerificationState::Ready(Err(error)) => Decision::Refuse(error),
                VerificationState::Pending(verdict) => Decision::Ask(verdict),
            },
            Ok(None) if self.allow_anonymous => Decision::Admit(Authentication::Anonymous),
            Ok(None) => Decision::Refuse(ErrorKind::MissingCredentials.into()),
            Err(fault) => Decision::Refuse(fault.into()),
        }
    }

    /// The access token of the request. Another scheme than ours is no credentials of ours.
    fn token<'a>(&self, headers: &'a HeaderMap) -> Result<Option<BearerToken<'a>>, RequestFault> {
        match Authorization::from_headers(headers, &AUTHORIZATION)? {
            Some(line) if line.is(BearerToken::SCHEME) => {
                if line.credentials.len() > self.max_token_length {
                    return Err(RequestFault::TooLong);
                }
                BearerToken::parse(line.credentials).map(Some)
            }
            _ => Ok(None),
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("max_token_length", &self.max_token_length)
            .field("allow_anonymous", &self.allow_anonymous)
            .field("allow_cors_preflight", &self.allow_cors_preflight)
            .field("renderer", &self.renderer)
            .finish_non_exhaustive()
    }
}

/// A question of the browser's before the real request, which never carries credentials (Fetch
/// Standard, CORS-preflight fetch).
fn is_cors_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
