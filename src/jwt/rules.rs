//! What the claims of an acceptable token say.

use std::time::Duration;

use super::{Profile, payload::Payload, token_type::TokenType};
use crate::{
    TokenFault,
    claims::{ClaimText, NumericDate},
};

/// The rules of one verifier (RFC 7519 §4.1, RFC 9068 §4).
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) issuer: Box<str>,
    /// The token must be for one of these; `None` takes a token for anyone.
    pub(super) audiences: Option<Vec<Box<str>>>,
    pub(super) profile: Profile,
    pub(super) leeway: Duration,
}

impl Rules {
    pub(super) fn judge(
        &self,
        token_type: TokenType,
        payload: &Payload,
        now: NumericDate,
    ) -> Result<(), TokenFault> {
        let claims = &payload.registered;
        if claims.issuer.get(&payload.raw) != Some(&*self.issuer) {
            return Err(TokenFault::Issuer);
        }
        if !self.is_for_us(payload) {
            return Err(TokenFault::Audience);
        }
        if payload.is_other_token || !self.profile.accepts(token_type) {
            return Err(TokenFault::Type);
        }
        let expires_at = claims.expires_at.ok_or(TokenFault::Claims)?;
        if now >= expires_at.saturating_add(self.leeway) {
            return Err(TokenFault::Expired);
        }
        let latest = now.saturating_add(self.leeway);
        if [claims.not_before, claims.issued_at].into_iter().flatten().any(|begin| begin > latest) {
            return Err(TokenFault::NotYetValid);
        }
        match self.profile {
            Profile::Relaxed => Ok(()),
            Profile::Rfc9068 => require_rfc9068(payload),
        }
    }

    fn is_for_us(&self, payload: &Payload) -> bool {
        let Some(ours) = &self.audiences else { return true };
        let theirs = payload.registered.audience.as_slice();
        theirs
            .iter()
            .filter_map(|theirs| theirs.get(&payload.raw))
            .any(|theirs| ours.iter().any(|ours| **ours == *theirs))
    }
}

/// The claims that RFC 9068 §2.2 asks for, beside those that we always do.
fn require_rfc9068(payload: &Payload) -> Result<(), TokenFault> {
    let claims = &payload.registered;
    let has = |text: &ClaimText| !matches!(text, ClaimText::Absent);
    let complete = has(&claims.subject)
        && has(&claims.token_id)
        && payload.has_client_id
        && claims.issued_at.is_some()
        && !claims.audience.as_slice().is_empty();
    if complete { Ok(()) } else { Err(TokenFault::Claims) }
}
