//! Two issuers, and services that trust them.

use axum::Router;
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind, Issuers,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestIssuer, TokenBuilder},
};

use crate::support::{API, outcome::verify_token, whoami};

/// Two issuers whose keys of the same algorithm have the same `kid`.
pub fn alpha_and_beta() -> (TestIssuer, TestIssuer) {
    let (alpha, beta) =
        (TestIssuer::named("https://alpha.test"), TestIssuer::named("https://beta.test/"));
    for issuer in [&alpha, &beta] {
        issuer.publish(Algorithm::Es256);
        issuer.publish(Algorithm::EdDsa);
    }
    (alpha, beta)
}

pub fn verifier(issuer: &TestIssuer) -> JwtVerifierBuilder<AudienceGiven> {
    issuer.verifier().audience(API)
}

pub fn trusting<const N: usize>(verifiers: [JwtVerifierBuilder<AudienceGiven>; N]) -> Issuers {
    verifiers
        .into_iter()
        .fold(Issuers::builder(), |issuers, verifier| issuers.trust(verifier.build().unwrap()))
        .build()
        .unwrap()
}

pub fn protected(issuers: &Issuers) -> Router {
    whoami().layer(AuthenticateLayer::bearer(issuers.clone()))
}

pub fn token(issuer: &TestIssuer) -> TokenBuilder {
    issuer.token().audience(API)
}

/// The kind of the rejection of a token, if it is rejected.
pub async fn rejection_of(issuers: &Issuers, token: &str) -> Option<ErrorKind> {
    verify_token(issuers, token).await.err().map(|error| error.kind())
}
