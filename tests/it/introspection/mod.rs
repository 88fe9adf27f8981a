//! Tokens that their issuer is asked about.

mod arbitrary_responses;
mod cache;
mod client_authentication;
mod configuration;
mod dialects;
mod discovery;
mod endpoint;
mod faults;
mod guards;
mod invalidation;
mod known_attacks;
mod signed_responses;
mod single_flight;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use portcullis::{
    BearerToken, Error, ErrorKind, Identity, IntrospectionVerifier, Verification, Verify,
    introspection::{ClientGiven, IntrospectionVerifierBuilder},
    jwt::AudienceMissing,
};

use self::endpoint::Endpoint;

/// Where the tests' endpoints are.
pub const INTROSPECT: &str = "https://as.example/introspect";

/// The beginning of a verifier that asks `endpoint`.
pub fn asking(endpoint: &Endpoint) -> IntrospectionVerifierBuilder<ClientGiven, AudienceMissing> {
    IntrospectionVerifier::builder(INTROSPECT)
        .client_secret_basic("orders-api", "s3cret")
        .http_client(endpoint.client())
}

/// The verdict, or the wait for it.
pub fn begin(verifier: &IntrospectionVerifier, token: &str) -> Verification {
    let line = HeaderValue::try_from(format!("Bearer {token}")).expect("a header value");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    verifier.verify(BearerToken::from_headers(&headers).expect("a bearer token"))
}

/// The verdict.
pub async fn verify(verifier: &IntrospectionVerifier, token: &str) -> Result<Identity, Error> {
    begin(verifier, token).wait().await
}

/// The verdict in short: whom it names, or why it rejects.
pub async fn judge(verifier: &IntrospectionVerifier, token: &str) -> Result<String, ErrorKind> {
    let identity = verify(verifier, token).await.map_err(|error| error.kind())?;
    Ok(identity.subject().unwrap_or_default().to_owned())
}

/// Whether the verdict is there without a wait.
pub fn is_ready(verification: &Verification) -> bool {
    format!("{verification:?}") != "Pending"
}

/// An error and its causes, as an operator reads them.
pub fn told(error: &Error) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
