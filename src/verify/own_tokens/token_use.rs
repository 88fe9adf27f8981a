//! A use of a token.

use std::time::SystemTime;

use http::Method;

use super::TokenDigest;
use crate::credentials::RequestHead;

/// A use of a token, that is, a request with the token while it was valid.
///
/// [`TokenStore::used`](super::TokenStore::used) receives it. The request may still have been rejected
/// later, for example because the token lacked a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    digest: TokenDigest,
    token_id: String,
    at: SystemTime,
    call: Option<Call>,
}

/// The method and the path of a request with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    method: Method,
    path: Box<str>,
}

impl Call {
    pub(super) fn of(request: &RequestHead<'_>) -> Self {
        Self { method: request.method().clone(), path: request.original_uri().path().into() }
    }
}

impl TokenUse {
    pub(super) const fn new(
        digest: TokenDigest,
        token_id: String,
        at: SystemTime,
        call: Option<Call>,
    ) -> Self {
        Self { digest, token_id, at, call }
    }

    /// Returns the digest of the token.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// Returns the id in the token's record.
    #[must_use]
    pub fn token_id(&self) -> &str {
        &self.token_id
    }

    /// Returns the method of the request. `None` if the token was verified outside of a layer.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.call.as_ref().map(|call| &call.method)
    }

    /// Returns the path of the request as the client sent it, without the query. `None` if the token was verified
    /// outside of a layer.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.call.as_ref().map(|call| &*call.path)
    }

    /// Returns the time at which the token was used, according to the verifier's clock.
    #[must_use]
    pub const fn at(&self) -> SystemTime {
        self.at
    }
}
