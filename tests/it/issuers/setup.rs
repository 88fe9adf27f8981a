//! Two issuers, and services that trust them.

use axum::Router;
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind, Issuers,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestIssuer, TokenBuilder},
};

use crate::support::{API, verdict::judge, whoami};

/// Two issuers that name their keys alike: `kid` is the same wherever the algorithm is.
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

/// What `issuers` reject a token for, if they do.
pub async fn fault(issuers: &Issuers, token: &str) -> Option<ErrorKind> {
    judge(issuers, token).await.err().map(|error| error.kind())
}
