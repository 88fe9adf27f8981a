//! The login, which issues JWTs.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{Router, extract::State, response::Response, routing::post};
use portcullis::{
    Algorithm, Clock, Identity, JwtVerifier,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::json;

use super::support::{Hs256Key, token_answer};

/// The issuer and the audience of the JWTs.
const US: &str = "https://halo.example";
/// A JWT is valid until it expires, also if its user is removed in the meantime.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

#[derive(Clone)]
pub(crate) struct LogIn {
    key: Hs256Key,
    clock: Arc<dyn Clock>,
}

impl LogIn {
    pub(crate) fn new(clock: impl Clock) -> Result<Self, Box<dyn Error>> {
        Ok(Self { key: Hs256Key::generate()?, clock: Arc::new(clock) })
    }

    /// Returns the verifier of the JWTs. The secret never leaves the process; otherwise, use a key pair.
    pub(crate) fn verifier(&self) -> JwtVerifierBuilder<AudienceGiven> {
        JwtVerifier::builder(US).audience(US).hmac_secret(Algorithm::Hs256, self.key.secret())
    }

    /// Returns the route, which belongs behind a layer that only accepts passwords, so that a log-in can't be renewed with its
    /// own JWT.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/api/v1alpha1/login", post(log_in)).with_state(self)
    }
}

async fn log_in(
    State(LogIn { key, clock }): State<LogIn>,
    who: Identity,
) -> Result<Response, portcullis::Error> {
    let now = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let token = key.sign(&json!({
        "iss": US,
        "aud": US,
        "sub": who.require_subject()?,
        "scope": who.scopes().as_str(),
        "iat": now.as_secs(),
        "exp": now.saturating_add(LIFETIME).as_secs(),
    }))?;
    Ok(token_answer(json!({ "token": token, "expires_in": LIFETIME.as_secs() })))
}
