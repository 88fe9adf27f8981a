//! The servers: their URLs, requests for tokens, and verification of them.

mod django_oauth_toolkit;
mod glewlwyd;
mod oidc_provider;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use portcullis::{
    BearerToken, ErrorKind, Identity, Verify,
    error::TokenFault,
    introspection::{ClientGiven, IntrospectionVerifierBuilder},
    jwt::AudienceMissing,
};
use serde_json::Value;

pub use self::{
    django_oauth_toolkit::DjangoOauthToolkit, glewlwyd::Glewlwyd, oidc_provider::OidcProvider,
};

pub const UNAVAILABLE: ErrorKind = ErrorKind::Unavailable;
pub const INACTIVE: ErrorKind = ErrorKind::InvalidToken(TokenFault::Inactive);
pub const UNKNOWN_KEY: ErrorKind = ErrorKind::InvalidToken(TokenFault::UnknownKey);
/// The secret that both servers share with their resource servers.
pub const SECRET: &str = "portcullis-interop-shared-secret-0123456789-abcdefghijklmnopqrstuvwxyz";
/// The prefix of the audiences of tokens.
pub const RESOURCE: &str = "https://api.example.test/";

/// A builder of verifiers that introspect.
pub type Builder = IntrospectionVerifierBuilder<ClientGiven, AudienceMissing>;

pub async fn verify(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<Identity, ErrorKind> {
    let line = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header value");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    let token = BearerToken::from_headers(&headers).map_err(|error| error.kind())?;
    verifier.verify(token).wait().await.map_err(|error| error.kind())
}

/// Why the token is rejected, or `None` if it is accepted.
pub async fn rejection(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Option<ErrorKind> {
    verify(verifier, token).await.err()
}

async fn token(issuer: &str, client: (&str, &str), form: String) -> String {
    token_of(&format!("{issuer}/token"), client, form).await
}

async fn token_of(endpoint: &str, (client_id, secret): (&str, &str), form: String) -> String {
    let request = client().post(endpoint).basic_auth(client_id, Some(secret));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let response: Value = serde_json::from_str(&text(request).await).expect("JSON");
    response["access_token"].as_str().unwrap_or_else(|| panic!("no token: {response}")).to_owned()
}

async fn revoke(endpoint: &str, (client_id, secret): (&str, &str), token: &str) {
    let request = client().post(endpoint).basic_auth(client_id, Some(secret));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    text(request.body(format!("token={token}&token_type_hint=access_token"))).await;
}

async fn text(request: reqwest::RequestBuilder) -> String {
    let response = request.send().await.expect("the server is up");
    let (status, url) = (response.status(), response.url().clone());
    let text = response.text().await.expect("a text");
    assert!(status.is_success(), "{url}: {status}: {text}");
    text
}

/// Host and port.
fn authority(url: &str) -> String {
    let url: http::Uri = url.parse().expect("an address");
    url.authority().expect("a host").to_string()
}

/// Uses no proxy, because the servers are on loopback.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}

fn variable(name: &str, example: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("the variable {name} must say where the server is, such as `{example}`: see tests/interop/README.md")
    })
}
