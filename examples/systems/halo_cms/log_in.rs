//! The log-in, which issues JWTs.

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

/// Who issues the JWTs, and for whom: this service for itself.
const US: &str = "https://halo.example";
/// Nobody is asked about a JWT, so this is how late it is noticed that its user is gone.
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

    /// For the JWTs of this log-in. The secret never leaves the process: elsewhere, use a key pair.
    pub(crate) fn verifier(&self) -> JwtVerifierBuilder<AudienceGiven> {
        JwtVerifier::builder(US).audience(US).hmac_secret(Algorithm::Hs256, self.key.secret())
    }

    /// To stand behind a layer that knows passwords, and only those: nobody stays for ever by logging in
    /// with the JWT of their last log-in.
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
