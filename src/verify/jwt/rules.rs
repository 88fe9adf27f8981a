//! The rules for the claims of a JWT.

use std::time::Duration;

use super::{Profile, token_type::TokenType};
use crate::{
    TokenFault,
    claims::{
        AudienceRule, ClaimSet, ClaimText, NumericDate, RegisteredClaims, validate_expiry,
        validate_start,
    },
    jose::json::{self, Value},
};

/// The rules of one verifier (RFC 7519 §4.1, RFC 9068 §4).
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) issuer: Box<str>,
    pub(crate) audience: AudienceRule,
    /// The names and values of claims that a token must have.
    pub(crate) required: Vec<(Box<str>, Box<str>)>,
    pub(crate) profile: Profile,
    /// The leeway for `exp`, `nbf` and `iat`.
    pub(crate) leeway: Duration,
}

impl Rules {
    /// Validates the claims of a token whose header has this type.
    pub(crate) fn validate(
        &self,
        token_type: TokenType,
        claims: &ClaimSet,
        now: NumericDate,
    ) -> Result<(), TokenFault> {
        if claims.registered.issuer.get(&claims.raw) != Some(&*self.issuer) {
            return Err(TokenFault::Issuer);
        }
        if !self.audience.accepts(claims) {
            return Err(TokenFault::Audience);
        }
        if claims.is_other_token || !self.profile.accepts(token_type) {
            return Err(TokenFault::Type);
        }
        self.validate_times(&claims.registered, now)?;
        if self.profile == Profile::Rfc9068 {
            require_rfc9068(claims)?;
        }
        self.required.iter().try_for_each(|(name, text)| require_text(claims, name, text))
    }

    /// Validates the claims whose outcome changes with time. A cached token needs only this.
    pub(crate) fn validate_times(
        &self,
        claims: &RegisteredClaims,
        now: NumericDate,
    ) -> Result<(), TokenFault> {
        let expires_at = claims.expires_at.ok_or(TokenFault::Claims)?;
        validate_expiry(Some(expires_at), now, self.leeway)?;
        validate_start([claims.not_before, claims.issued_at], now, self.leeway)
    }
}

/// Requires the claims of RFC 9068 §2.2 that are not required in every profile.
fn require_rfc9068(claims: &ClaimSet) -> Result<(), TokenFault> {
    let ClaimSet { registered, has_client_id, .. } = claims;
    let has = |text: &ClaimText| !matches!(text, ClaimText::Absent);
    let is_complete = has(&registered.subject)
        && has(&registered.token_id)
        && *has_client_id
        && registered.issued_at.is_some()
        && !registered.audience.as_slice().is_empty();
    if is_complete { Ok(()) } else { Err(TokenFault::Claims) }
}

/// Requires a claim of this name whose value is this string.
fn require_text(claims: &ClaimSet, name: &str, text: &str) -> Result<(), TokenFault> {
    let object = json::object(&claims.raw, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
    match object.find(name) {
        Some(Value::String(value)) if value.is(text) => Ok(()),
        _ => Err(TokenFault::Claims),
    }
}
