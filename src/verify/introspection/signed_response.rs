//! Signed introspection responses (RFC 9701), which are JWTs that are signed with the issuer's keys
//! but aren't tokens.

use std::time::Duration;

use crate::{
    Error, JwtVerifier,
    claims::{ClaimSet, NumericDate, validate_expiry, validate_start},
    error::TokenFault,
    jose::json::{self, Value},
    verify::jwt::{Attempt, Issuer, TokenType, UnverifiedToken, complete},
};

impl JwtVerifier {
    /// Verifies a response that the issuer signed for `client_id` or for an audience of this verifier, at most
    /// `max_age` ago, and returns its `token_introspection` as JSON text.
    pub(crate) async fn verify_introspection_response(
        &self,
        jws: &str,
        client_id: Option<&str>,
        max_age: Duration,
    ) -> Result<Box<str>, Error> {
        let issuer = &self.issuer;
        let response = issuer.parse(jws.as_bytes())?;
        issuer.validate_response(&response, client_id, max_age, issuer.now())?;
        let check = |attempt| issuer.keys.check_signature(&response.jws, issuer.now(), attempt);
        complete(check(Attempt::First), check).await?;
        let payload = &response.payload;
        let members = json::object(&payload.raw, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
        match members.find("token_introspection") {
            Some(Value::Object(response)) => Ok(response.as_str().into()),
            _ => Err(TokenFault::Claims.into()),
        }
    }
}

impl Issuer {
    /// Validates the claims around a response (RFC 9701 §5), which have no `exp`. `iat` limits the age of a
    /// response, so that a recorded one can't be replayed later.
    fn validate_response(
        &self,
        response: &UnverifiedToken<'_>,
        client_id: Option<&str>,
        max_age: Duration,
        now: NumericDate,
    ) -> Result<(), TokenFault> {
        let UnverifiedToken { jws, payload } = response;
        let (header, claims) = (&jws.header, &payload.registered);
        self.require_algorithm(header)?;
        if header.token_type != TokenType::IntrospectionResponse {
            return Err(TokenFault::Type);
        }
        if claims.issuer.get(&payload.raw) != Some(&*self.rules.issuer) {
            return Err(TokenFault::Issuer);
        }
        if !is_addressed_to(client_id, payload) && !self.rules.audience.accepts(payload) {
            return Err(TokenFault::Audience);
        }
        let issued_at = claims.issued_at.ok_or(TokenFault::Claims)?;
        let stale_from = issued_at.saturating_add(max_age);
        validate_expiry(Some(stale_from), now, self.rules.leeway)?;
        validate_expiry(claims.expires_at, now, self.rules.leeway)?;
        validate_start([claims.not_before, claims.issued_at], now, self.rules.leeway)
    }
}

/// Returns whether `aud` contains the client that sent the introspection request.
fn is_addressed_to(client_id: Option<&str>, claims: &ClaimSet) -> bool {
    let mut audiences = claims.registered.audience.as_slice().iter();
    client_id.is_some() && audiences.any(|audience| audience.get(&claims.raw) == client_id)
}
