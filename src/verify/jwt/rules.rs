//! What the claims of an acceptable token say.

use std::time::Duration;

use super::{Profile, token_type::TokenType};
use crate::{
    TokenFault,
    claims::{Audience, ClaimSet, ClaimText, NumericDate, RegisteredClaims},
    jose::json::{self, Value},
};

/// The rules of one verifier (RFC 7519 §4.1, RFC 9068 §4).
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) issuer: Box<str>,
    pub(crate) audience: AudienceRule,
    /// Claims that must be there with just that text.
    pub(crate) required: Vec<(Box<str>, Box<str>)>,
    pub(crate) profile: Profile,
    pub(crate) leeway: Duration,
}

/// Whom a token must be for.
#[derive(Debug, Clone)]
pub(crate) enum AudienceRule {
    Any,
    /// `aud` contains one of these.
    OneOf(Vec<Box<str>>),
    /// There is no `aud`, and `client_id` is one of these.
    ClientOneOf(Vec<Box<str>>),
}

impl Rules {
    pub(crate) fn judge(
        &self,
        token_type: TokenType,
        payload: &ClaimSet,
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
        self.judge_times(claims, now)?;
        if self.profile == Profile::Rfc9068 {
            require_rfc9068(payload)?;
        }
        self.required.iter().try_for_each(|(name, text)| require_text(payload, name, text))
    }

    /// The part that time changes.
    pub(crate) fn judge_times(
        &self,
        claims: &RegisteredClaims,
        now: NumericDate,
    ) -> Result<(), TokenFault> {
        let expires_at = claims.expires_at.ok_or(TokenFault::Claims)?;
        if now >= expires_at.saturating_add(self.leeway) {
            return Err(TokenFault::Expired);
        }
        let latest = now.saturating_add(self.leeway);
        if [claims.not_before, claims.issued_at].into_iter().flatten().any(|begin| begin > latest) {
            return Err(TokenFault::NotYetValid);
        }
        Ok(())
    }

    /// Whether a signed answer is for us: for the client as which we asked, or as a token would be.
    pub(crate) fn is_addressed(&self, payload: &ClaimSet, client_id: Option<&str>) -> bool {
        let mut audiences = payload.registered.audience.as_slice().iter();
        self.is_for_us(payload)
            || client_id.is_some()
                && audiences.any(|audience| audience.get(&payload.raw) == client_id)
    }

    fn is_for_us(&self, payload: &ClaimSet) -> bool {
        let claims = &payload.registered;
        let is_one_of = |ours: &[Box<str>], theirs: &ClaimText| {
            theirs.get(&payload.raw).is_some_and(|theirs| ours.iter().any(|ours| **ours == *theirs))
        };
        match &self.audience {
            AudienceRule::Any => true,
            AudienceRule::OneOf(ours) => {
                claims.audience.as_slice().iter().any(|theirs| is_one_of(ours, theirs))
            }
            AudienceRule::ClientOneOf(ours) => {
                let has_audience = !matches!(claims.audience, Audience::None);
                !has_audience && payload.has_client_id && is_one_of(ours, &claims.client_id)
            }
        }
    }
}

/// The claims that RFC 9068 §2.2 asks for, beside those that we always do.
fn require_rfc9068(payload: &ClaimSet) -> Result<(), TokenFault> {
    let claims = &payload.registered;
    let has = |text: &ClaimText| !matches!(text, ClaimText::Absent);
    let complete = has(&claims.subject)
        && has(&claims.token_id)
        && payload.has_client_id
        && claims.issued_at.is_some()
        && !claims.audience.as_slice().is_empty();
    if complete { Ok(()) } else { Err(TokenFault::Claims) }
}

/// A claim of that name whose value is that string.
fn require_text(payload: &ClaimSet, name: &str, text: &str) -> Result<(), TokenFault> {
    let claims = json::object(&payload.raw, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
    match claims.find(name) {
        Some(Value::String(value)) if value.is(text) => Ok(()),
        _ => Err(TokenFault::Claims),
    }
}
