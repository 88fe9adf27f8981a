//! The verifier of events, whose revocation list they change.

use std::sync::Arc;

use crate::{
    Error, Issuers, JwtVerifier,
    issuers::IssuersHandle,
    verify::{
        Revocation, RevokeFuture,
        jwt::{EventToken, EventTokenType},
    },
};

/// A verifier of tokens, with its revocation list.
#[derive(Debug, Clone)]
pub(super) enum EventVerifier {
    Handle(IssuersHandle),
    Issuers(Issuers),
    Jwt(JwtVerifier),
}

impl EventVerifier {
    pub(super) async fn verify(
        &self,
        jws: &str,
        kind: EventTokenType,
        audiences: &[Box<str>],
    ) -> Result<EventToken, Error> {
        let issuer = match self {
            Self::Handle(handle) => handle.current().issuer_of(jws).await?,
            Self::Issuers(issuers) => issuers.issuer_of(jws).await?,
            Self::Jwt(verifier) => Arc::clone(&verifier.issuer),
        };
        issuer.verify_event(jws, kind, audiences).await
    }

    pub(super) fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        match self {
            Self::Handle(handle) => handle.revoke(revocation),
            Self::Issuers(issuers) => issuers.revoke(revocation),
            Self::Jwt(verifier) => verifier.revoke(revocation),
        }
    }
}
