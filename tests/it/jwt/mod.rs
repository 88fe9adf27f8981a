//! The rules for JWT access tokens (RFC 7519, 7515, 7517, 8725, 9068), one by one.

mod algorithms;
mod claims;
mod configuration;
mod header;
mod hmac_secrets;
mod key_selection;
mod key_sets;
mod known_attacks;
mod other_token_kinds;
mod pem_keys;
mod profiles;
mod recorded_issuers;
mod rfc_vectors;
mod scopes;
mod serialization;
mod signatures;
mod token_cache;
mod unusable_keys;
mod validity;

use portcullis::{
    Algorithm, ErrorKind, JwtVerifier, TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestIssuer, TokenBuilder},
};
use serde_json::Value;

use crate::support::{API, jws, verify};

/// A verifier in the making, with the ES256 key of `issuer` and whatever else it has published.
fn builder(issuer: &TestIssuer) -> JwtVerifierBuilder<AudienceGiven> {
    issuer.publish(Algorithm::Es256);
    issuer.verifier().audience(API).jwk_set(issuer.jwk_set())
}

fn verifier(issuer: &TestIssuer) -> JwtVerifier {
    builder(issuer).build().unwrap()
}

/// A good token in the making, for our audience.
fn token(issuer: &TestIssuer) -> TokenBuilder {
    issuer.token().audience(API)
}

/// A verifier of tokens that [`jws::sign`] makes with [`jws::SECRET`].
fn hmac_verifier(issuer: &TestIssuer) -> JwtVerifier {
    let builder = issuer.verifier().audience(API);
    builder.hmac_secret(Algorithm::Hs256, jws::SECRET).build().unwrap()
}

/// What became of a token: its subject, or what is wrong with it.
async fn outcome(verifier: &JwtVerifier, token: &str) -> Result<String, TokenFault> {
    match verify(verifier, token).await {
        Ok(identity) => Ok(identity.subject().unwrap_or("nobody").to_owned()),
        Err(ErrorKind::InvalidToken(fault)) => Err(fault),
        Err(other) => panic!("{other:?} for {token}"),
    }
}

/// Whether a token is accepted. If it isn't, it must be for one of the two clean reasons: a request
/// that can't be read, or a token that was judged.
async fn accepts(verifier: &JwtVerifier, token: &str) -> bool {
    match verify(verifier, token).await {
        Ok(_) => true,
        Err(ErrorKind::InvalidRequest(_) | ErrorKind::InvalidToken(_)) => false,
        Err(other) => panic!("{other:?} for {token}"),
    }
}

/// The published key of `issuer` with that `kid`.
fn jwk(issuer: &TestIssuer, kid: &str) -> Value {
    let set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let keys = set["keys"].as_array().unwrap();
    keys.iter().find(|key| key["kid"] == kid).expect("a published key").clone()
}
