//! The rules for JWT access tokens (RFC 7519, 7515, 7517, 8725, 9068).

mod algorithms;
mod claims;
mod configuration;
mod header;
mod hmac_secrets;
mod issuer_names;
mod key_selection;
mod key_sets;
mod known_attacks;
mod leniencies;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa"))]
mod ml_dsa;
#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa")))]
mod ml_dsa_off;
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
mod unverified_signatures;
mod validity;

use portcullis::{
    Algorithm, ErrorKind, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestIssuer, TokenBuilder},
};
use serde_json::Value;

use crate::support::{API, jws, verify};

/// A builder of verifiers with all published keys of `issuer`, including one for ES256.
fn builder(issuer: &TestIssuer) -> JwtVerifierBuilder<AudienceGiven> {
    issuer.publish(Algorithm::Es256);
    issuer.verifier().audience(API).jwk_set(issuer.jwk_set())
}

fn verifier(issuer: &TestIssuer) -> JwtVerifier {
    builder(issuer).build().unwrap()
}

/// A builder of valid tokens for [`API`].
fn token(issuer: &TestIssuer) -> TokenBuilder {
    issuer.token().audience(API)
}

/// A verifier of tokens that [`jws::sign`] signs with [`jws::SECRET`].
fn hmac_verifier(issuer: &TestIssuer) -> JwtVerifier {
    let builder = issuer.verifier().audience(API);
    builder.hmac_secret(Algorithm::Hs256, jws::SECRET).build().unwrap()
}

/// Verifies a token. Returns its subject, or why it is rejected.
async fn outcome(verifier: &JwtVerifier, token: &str) -> Result<String, TokenFault> {
    match verify(verifier, token).await {
        Ok(identity) => Ok(identity.subject().unwrap_or("no subject").to_owned()),
        Err(ErrorKind::InvalidToken(fault)) => Err(fault),
        Err(other) => panic!("{other:?} for {token}"),
    }
}

/// Whether a token is accepted. Panics if the error is about neither the request nor the token.
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
