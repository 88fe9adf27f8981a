//! Token introspection.

mod arbitrary_responses;
mod cache;
mod client_authentication;
mod configuration;
mod dialects;
mod discovery;
mod endpoint;
mod faults;
mod guards;
mod hints;
mod invalidation;
mod known_attacks;
mod load;
mod private_key_jwt;
mod responses;
mod self_hosted;
mod signed_responses;
mod single_flight;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use portcullis::{
    BearerToken, Error, ErrorKind, Identity, IntrospectionVerifier, Verification, Verify,
    introspection::{ClientGiven, IntrospectionVerifierBuilder},
    jwt::AudienceMissing,
};

use self::endpoint::Endpoint;

/// The URL of the endpoints in these tests.
pub const INTROSPECT: &str = "https://as.example/introspect";

/// A builder of verifiers that use `endpoint`.
pub fn builder_for(
    endpoint: &Endpoint,
) -> IntrospectionVerifierBuilder<ClientGiven, AudienceMissing> {
    IntrospectionVerifier::builder(INTROSPECT)
        .client_secret_basic("orders-api", "s3cret")
        .http_client(endpoint.client())
}

/// Starts a verification.
pub fn start(verifier: &IntrospectionVerifier, token: &str) -> Verification {
    let line = HeaderValue::try_from(format!("Bearer {token}")).expect("a header value");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    verifier.verify(BearerToken::from_headers(&headers).expect("a bearer token"))
}

/// Verifies a token, and waits for the outcome.
pub async fn verify(verifier: &IntrospectionVerifier, token: &str) -> Result<Identity, Error> {
    start(verifier, token).wait().await
}

/// Verifies a token. Returns its subject, or the kind of the rejection.
pub async fn verify_subject(
    verifier: &IntrospectionVerifier,
    token: &str,
) -> Result<String, ErrorKind> {
    let identity = verify(verifier, token).await.map_err(|error| error.kind())?;
    Ok(identity.subject().unwrap_or_default().to_owned())
}

/// Whether the outcome is available without waiting.
pub fn is_ready(verification: &Verification) -> bool {
    format!("{verification:?}") != "Pending"
}

/// An error and its sources, as they are logged.
pub fn with_sources(error: &Error) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
