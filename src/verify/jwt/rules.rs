//! The rules for the claims of a JWT.

use std::time::Duration;

use super::{Profile, jws::Jws, token_type};
use crate::{
    claims::{
        AudienceRule, ClaimSet, ClaimText, NumericDate, OtherKind, RegisteredClaims,
        validate_expiry, validate_lifetime, validate_start,
    },
    error::TokenFault,
    jose::json::{self, Value},
};

/// The rules of one verifier (RFC 7519 §4.1, RFC 9068 §4).
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) issuer: Box<str>,
    pub(crate) audience: AudienceRule,
    /// The claims that a token must have.
    pub(crate) required: Vec<RequiredClaim>,
    pub(crate) profile: Profile,
    /// The values of `typ` that are accepted in addition to those of the profile.
    pub(crate) accepted_types: Vec<Box<str>>,
    pub(crate) accepts_id_tokens: bool,
    /// The leeway for `exp`, `nbf` and `iat`.
    pub(crate) leeway: Duration,
    /// The maximum of `exp` minus `iat`.
    pub(crate) max_lifetime: Option<Duration>,
}

/// A claim that must have a certain string.
#[derive(Debug, Clone)]
pub(crate) struct RequiredClaim {
    pub(super) name: Box<str>,
    pub(super) text: Box<str>,
    /// Whether the string may continue after `text`.
    pub(super) is_prefix: bool,
}

impl Rules {
    /// Validates the claims of a token, and the `typ` in its header.
    pub(crate) fn validate(
        &self,
        jws: &Jws<'_>,
        claims: &ClaimSet,
        now: NumericDate,
    ) -> Result<(), TokenFault> {
        let names_issuer = claims.registered.issuer.get(&claims.raw) == Some(&*self.issuer);
        if !names_issuer && self.profile != Profile::JwtSvid {
            return Err(TokenFault::Issuer);
        }
        if !self.audience.accepts(claims) {
            return Err(TokenFault::Audience);
        }
        if !self.accepts_kind(claims.other_kind) || !self.accepts_type(jws) {
            return Err(TokenFault::Type);
        }
        self.validate_times(&claims.registered, now)?;
        if let Some(max_lifetime) = self.max_lifetime {
            claims.registered.issued_at.ok_or(TokenFault::Claims)?;
            validate_lifetime(&claims.registered, max_lifetime)?;
        }
        match self.profile {
            Profile::JwtSvid => self.require_trust_domain(claims)?,
            Profile::Relaxed => {}
            Profile::Rfc9068 => require_rfc9068(claims)?,
        }
        self.required.iter().try_for_each(|required| required.find_in(claims))
    }

    /// Requires a SPIFFE ID in the trust domain, which identifies the issuer of a JWT-SVID (SPIFFE JWT-SVID
    /// §3.1).
    pub(super) fn require_trust_domain(&self, claims: &ClaimSet) -> Result<(), TokenFault> {
        let subject = claims.registered.subject.get(&claims.raw);
        let path = subject.and_then(|id| id.strip_prefix(&*self.issuer)?.strip_prefix('/'));
        if path.is_some_and(|path| !path.is_empty()) { Ok(()) } else { Err(TokenFault::Issuer) }
    }

    pub(super) fn accepts_kind(&self, other_kind: Option<OtherKind>) -> bool {
        match other_kind {
            None => true,
            Some(OtherKind::IdToken) => self.accepts_id_tokens,
            Some(OtherKind::Other) => false,
        }
    }

    pub(super) fn accepts_type(&self, jws: &Jws<'_>) -> bool {
        let accepted = &*self.accepted_types;
        self.profile.accepts(jws.header.token_type)
            || (!accepted.is_empty()
                && jws.typ().is_some_and(|typ| {
                    accepted.iter().any(|accepted| token_type::is_same(&typ, accepted))
                }))
    }

    /// Validates the claims whose validity depends on the time. For a cached token, this is
    /// sufficient.
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

impl RequiredClaim {
    pub(super) fn exact(name: String, text: String) -> Self {
        Self { name: name.into(), text: text.into(), is_prefix: false }
    }

    pub(super) fn prefix(name: String, text: String) -> Self {
        Self { name: name.into(), text: text.into(), is_prefix: true }
    }

    pub(super) fn find_in(&self, claims: &ClaimSet) -> Result<(), TokenFault> {
        let object = json::object(&claims.raw, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
        match object.find(&self.name) {
            Some(Value::String(value)) if value.is(&self.text) => Ok(()),
            Some(Value::String(value))
                if self.is_prefix && value.to_cow().starts_with(&*self.text) =>
            {
                Ok(())
            }
            _ => Err(TokenFault::Claims),
        }
    }
}
