//! Introspection answers that are signed (RFC 9701): no tokens, but signed with the same keys.

use std::sync::Arc;

use crate::verify::jwt::{Issuer, JwtVerifier, Keys, Payload, Signature, TokenType, Unverified};
use crate::{
    Error, TokenFault,
    claims::NumericDate,
    jose::json::{self, Value},
};

impl JwtVerifier {
    /// The `token_introspection` of an answer that the issuer has signed for `client_id`, or for an
    /// audience of this verifier's, as JSON text.
    pub(crate) async fn open_introspection(
        &self,
        jws: &str,
        client_id: Option<&str>,
    ) -> Result<Box<str>, Error> {
        let payload = self.issuer.open_answer(jws, client_id).await?;
        let members = json::object(&payload.raw, |_, _| ()).map_err(|_| TokenFault::Malformed)?;
        match members.find("token_introspection") {
            Some(Value::Object(answer)) => Ok(answer.as_str().into()),
            _ => Err(TokenFault::Claims.into()),
        }
    }
}

impl Issuer {
    async fn open_answer(
        self: &Arc<Self>,
        jws: &str,
        client_id: Option<&str>,
    ) -> Result<Payload, Error> {
        let (answer, _) = Unverified::read(jws, |_| Ok::<_, Error>(self))?;
        let now = self.now();
        self.judge_answer(&answer, client_id, now)?;
        let mut waiter = match self.keys.current(now) {
            Keys::Ready(keys) => match answer.check_signature(&keys) {
                Signature::Valid => return Ok(answer.payload),
                Signature::Invalid(fault) => return Err(fault.into()),
                Signature::InvalidUntilNewer(fault) => {
                    self.keys.newer(now, keys.generation(), fault.into())?
                }
            },
            Keys::Wait(waiter) => waiter,
            Keys::Refuse(error) => return Err(error),
        };
        loop {
            let landed = waiter.wait().await;
            let now = self.now();
            let signature = answer.check_signature(&*self.keys.settled(now)?);
            return match signature {
                Signature::Valid => Ok(answer.payload),
                Signature::Invalid(fault) => Err(fault.into()),
                // Patience is for keys that are known. This one may be on its way.
                Signature::InvalidUntilNewer(_) if !landed => continue,
                Signature::InvalidUntilNewer(fault) => {
                    Err(self.keys.still_unknown(now, fault.into()))
                }
            };
        }
    }

    /// What RFC 9701 §5 asks of the claims around an answer. It has no `exp` of its own.
    fn judge_answer(
        &self,
        answer: &Unverified<'_>,
        client_id: Option<&str>,
        now: NumericDate,
    ) -> Result<(), TokenFault> {
        let Unverified { header, payload, .. } = answer;
        let claims = &payload.registered;
        if !self.algorithms.contains(header.algorithm) {
            return Err(TokenFault::Algorithm);
        }
        if header.token_type != TokenType::IntrospectionAnswer {
            return Err(TokenFault::Type);
        }
        if claims.issuer.get(&payload.raw) != Some(&*self.rules.issuer) {
            return Err(TokenFault::Issuer);
        }
        if !self.rules.is_addressed(payload, client_id) {
            return Err(TokenFault::Audience);
        }
        let latest = now.saturating_add(self.rules.leeway);
        if [claims.issued_at, claims.not_before].into_iter().flatten().any(|begin| begin > latest) {
            return Err(TokenFault::NotYetValid);
        }
        match claims.expires_at {
            Some(expires_at) if now >= expires_at.saturating_add(self.rules.leeway) => {
                Err(TokenFault::Expired)
            }
            _ => Ok(()),
        }
    }
}
