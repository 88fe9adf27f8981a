//! Client assertions: JWTs with which this service authenticates itself (RFC 7523).

use serde_json::json;

pub(super) use super::private_key::PrivateKey;
use crate::{
    claims::NumericDate,
    jose::{base64url, crypto},
};

/// How long an assertion is valid, in seconds.
const LIFETIME: u64 = 60;

/// The length of `jti` in bytes.
const ID_LEN: usize = 16;

/// The error if an assertion can't be signed.
#[derive(Debug, thiserror::Error)]
#[error("could not sign the client assertion")]
pub(super) struct AssertionError;

/// Creates an assertion of `client_id` for `audience` (RFC 7523 §3). Each has a unique `jti`, because servers
/// may accept an assertion only once.
pub(super) fn sign(
    key: &PrivateKey,
    client_id: &str,
    audience: &str,
    now: NumericDate,
) -> Result<String, AssertionError> {
    let mut header = json!({ "alg": key.algorithm().name() });
    if let (Some(header), Some(kid)) = (header.as_object_mut(), key.kid()) {
        header.insert("kid".to_owned(), kid.into());
    }
    let id = crypto::random(ID_LEN).ok_or(AssertionError)?;
    let now = now.as_secs();
    // There is no `nbf`, so that a server whose clock is behind accepts the assertion.
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": base64url::encode(&id),
        "iat": now,
        "exp": now.saturating_add(LIFETIME),
    });
    let [header, claims] =
        [header, claims].map(|part| base64url::encode(part.to_string().as_bytes()));
    let input = format!("{header}.{claims}");
    let signature = key.sign(input.as_bytes()).ok_or(AssertionError)?;
    Ok(format!("{input}.{}", base64url::encode(&signature)))
}
