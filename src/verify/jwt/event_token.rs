//! JWTs that report events (RFC 8417, OpenID Connect Back-Channel Logout). They aren't access tokens, but are
//! signed with the same keys.

use std::sync::Arc;

use super::{
    interrupt::{Attempt, complete},
    issuer::Issuer,
    token_type,
    unverified_token::UnverifiedToken,
};
use crate::{
    Error,
    claims::{ClaimSet, NumericDate, validate_expiry, validate_start},
    error::TokenFault,
    jose::json::{self, Value},
};

/// The type of an accepted JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventTokenType {
    /// A logout token. Its `typ` may be absent or `JWT`, because `logout+jwt` was specified later.
    Logout,
    /// A security event token with `typ: secevent+jwt`.
    SecurityEvent,
}

/// The claims of a verified JWT. They contain `jti`, `iat`, and an `events` object with at least one member.
#[derive(Debug)]
pub(crate) struct EventToken {
    pub(crate) claims: ClaimSet,
    pub(crate) issued_at: NumericDate,
}

impl Issuer {
    /// Verifies a JWT for the audiences of access tokens, or for one of `audiences`.
    pub(crate) async fn verify_event(
        self: &Arc<Self>,
        jws: &str,
        kind: EventTokenType,
        audiences: &[Box<str>],
    ) -> Result<EventToken, Error> {
        let token = self.parse(jws.as_bytes())?;
        let issued_at = self.validate_event(&token, kind, audiences)?;
        let check = |attempt| self.keys.check_signature(&token.jws, self.now(), attempt);
        complete(check(Attempt::First), check).await?;
        Ok(EventToken { claims: token.payload, issued_at })
    }

    /// Validates everything except the signature (RFC 8417 §2.2, Back-Channel Logout §2.6), and returns
    /// `iat`.
    fn validate_event(
        &self,
        token: &UnverifiedToken<'_>,
        kind: EventTokenType,
        audiences: &[Box<str>],
    ) -> Result<NumericDate, TokenFault> {
        let UnverifiedToken { jws, payload } = token;
        let (claims, now) = (&payload.registered, self.now());
        self.require_algorithm(&jws.header)?;
        if claims.issuer.get(&payload.raw) != Some(&*self.rules.issuer) {
            return Err(TokenFault::Issuer);
        }
        let is_addressed = |name: &str| audiences.iter().any(|audience| **audience == *name);
        let mut names = claims.audience.as_slice().iter().filter_map(|it| it.get(&payload.raw));
        if !names.any(is_addressed) && !self.rules.audience.accepts(payload) {
            return Err(TokenFault::Audience);
        }
        let is_right_type = match (kind, jws.typ()) {
            (EventTokenType::SecurityEvent, Some(typ)) => token_type::is_same(&typ, "secevent+jwt"),
            (EventTokenType::SecurityEvent, None) => false,
            (EventTokenType::Logout, Some(typ)) => {
                token_type::is_same(&typ, "logout+jwt") || token_type::is_same(&typ, "JWT")
            }
            (EventTokenType::Logout, None) => true,
        };
        if !is_right_type {
            return Err(TokenFault::Type);
        }
        let members = json::object(&payload.raw, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
        match members.find("events") {
            Some(Value::Object(events)) if events.iter().next().is_some() => {}
            _ => return Err(TokenFault::Claims),
        }
        claims.token_id.get(&payload.raw).ok_or(TokenFault::Claims)?;
        let issued_at = claims.issued_at.ok_or(TokenFault::Claims)?;
        validate_expiry(claims.expires_at, now, self.rules.leeway)?;
        validate_start([claims.not_before, Some(issued_at)], now, self.rules.leeway)?;
        Ok(issued_at)
    }
}
