//! huskarl-axum and huskarl-resource-server: a layer. It checks signatures by RustCrypto, or through a
//! platform that one writes: ours does nothing but verify with aws-lc-rs.

use std::sync::Arc;

use axum::{Router, routing::get};
use huskarl_axum::{extractors::ValidatedToken, layers::ValidatorLayer};
use huskarl_resource_server::{
    core::{
        crypto::{
            KeyMatchStrength,
            verifier::{
                CreateVerifierError, JwsVerifier, JwsVerifierPlatform, KeyMatch, VerifyError,
            },
        },
        jwk::PublicJwk,
        platform::MaybeSendBoxFuture,
    },
    validator::rfc9068::{Rfc9068AccessTokenClaims, Rfc9068Validator},
};
use portcullis::Algorithm;

use super::{
    ANSWER, App,
    provider::{self, Provider},
};
use crate::{
    served,
    support::{
        issuer::{API, Issuer},
        raw::Key,
    },
};

pub async fn app(issuer: &Issuer, algorithm: Algorithm) -> App {
    let client = huskarl_reqwest::ReqwestClient::builder().build().await.expect("a client");
    let uri = served::jwks_uri(issuer, algorithm).parse().expect("a URL");
    let validator = Rfc9068Validator::builder()
        .issuer(issuer.name())
        .audience(API)
        .jwks_uri(uri)
        .jwks_source(client);
    let validator = match provider::chosen() {
        Provider::Default => validator.build().await,
        Provider::AwsLc => validator.jws_verifier_platform(Arc::new(AwsLc)).build().await,
    };
    let layer = ValidatorLayer::builder().validator(validator.expect("keys")).build();
    App::Current(
        Router::new()
            .route("/", get(async |_: ValidatedToken<Rfc9068AccessTokenClaims>| ANSWER))
            .layer(layer.authenticated()),
    )
}

#[derive(Debug)]
struct AwsLc;

#[derive(Debug)]
struct AwsLcKey {
    key: Key,
    algorithm: &'static str,
    kid: Option<String>,
}

impl JwsVerifierPlatform for AwsLc {
    fn create_verifier_from_jwk(
        &self,
        jwk: PublicJwk,
    ) -> MaybeSendBoxFuture<'static, Result<Arc<dyn JwsVerifier>, CreateVerifierError>> {
        let algorithm: Algorithm =
            jwk.algorithm.as_deref().and_then(|name| name.parse().ok()).expect("an algorithm");
        let key = Key::from_jwk(&serde_json::to_value(&jwk).expect("JSON"), algorithm);
        let key = AwsLcKey { key, algorithm: algorithm.name(), kid: jwk.kid };
        Box::pin(async { Ok(Arc::new(key) as Arc<dyn JwsVerifier>) })
    }

    fn supported_signature_algorithms(&self) -> &[&str] {
        &["RS256", "ES256", "EdDSA"]
    }
}

impl JwsVerifier for AwsLcKey {
    fn key_match(&self, key_match: &KeyMatch<'_>) -> Option<KeyMatchStrength> {
        key_match.strength_for(&[self.algorithm], self.kid.as_deref())
    }

    fn verify<'a>(
        &'a self,
        input: &'a [u8],
        signature: &'a [u8],
        key_match: &'a KeyMatch<'a>,
    ) -> MaybeSendBoxFuture<'a, Result<(), VerifyError>> {
        Box::pin(async move {
            if self.key_match(key_match).is_none() {
                return Err(VerifyError::NoMatchingKey);
            }
            self.key.verify(input, signature).map_err(|_| VerifyError::SignatureMismatch)
        })
    }
}
