//! oidc-provider, and its settings for tests.

use http::HeaderValue;
use portcullis::{
    IntrospectionVerifier, JwtVerifier,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use super::{Builder, RESOURCE, authority, client, revoke, text, token, variable};

/// oidc-provider, one test at a time, because tests change its keys and make it fail.
pub struct OidcProvider {
    pub issuer: String,
    _alone: MutexGuard<'static, ()>,
}

impl OidcProvider {
    pub async fn at_the_root() -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let issuer = variable("PORTCULLIS_OIDC_PROVIDER", "http://127.0.0.1:4001");
        Self::alone(issuer, &ALONE).await
    }

    /// The instance whose issuer has a path.
    pub async fn at_a_path() -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let issuer = variable("PORTCULLIS_OIDC_PROVIDER_PATH", "http://127.0.0.1:4002/op");
        Self::alone(issuer, &ALONE).await
    }

    async fn alone(issuer: String, mutex: &'static Mutex<()>) -> Self {
        let provider = Self { issuer, _alone: mutex.lock().await };
        // Resets what a failed test may have changed.
        provider.serve_keys("ok").await;
        provider.serve_metadata("ok").await;
        provider.serve_introspection("ok").await;
        provider.admin("ttl?s=300").await;
        provider
    }

    /// A token for `RESOURCE` of that kind.
    pub async fn token(&self, kind: &str) -> String {
        let form =
            format!("grant_type=client_credentials&scope=api:read&resource={RESOURCE}{kind}");
        token(&self.issuer, ("svc", "svc-secret"), form).await
    }

    /// A token of that kind that is bound to the certificate in this header of a proxy.
    pub async fn token_bound_to(&self, certificate: &HeaderValue, kind: &str) -> String {
        let form =
            format!("grant_type=client_credentials&scope=api:read&resource={RESOURCE}{kind}");
        let request = client()
            .post(format!("{}/token", self.issuer))
            .basic_auth("svc-mtls", Some("svc-secret"))
            .header("x-client-cert", certificate);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response: Value = serde_json::from_str(&text(request.body(form)).await).expect("JSON");
        response["access_token"].as_str().expect("a token").to_owned()
    }

    /// A token without an audience.
    pub async fn token_without_resource(&self) -> String {
        let form = "grant_type=client_credentials&scope=api:read".to_owned();
        token(&self.issuer, ("svc", "svc-secret"), form).await
    }

    /// A token of alice, from the password grant.
    pub async fn token_of_alice(&self, kind: &str) -> String {
        let alice = "grant_type=password&username=alice&password=wonderland";
        let form = format!("{alice}&scope=api:read+api:write&resource={RESOURCE}{kind}");
        token(&self.issuer, ("svc", "svc-secret"), form).await
    }

    /// A builder of verifiers of tokens of these kinds, with discovery and the default HTTP client.
    pub fn verifier(&self, kinds: &[&str]) -> JwtVerifierBuilder<AudienceGiven> {
        let builder = JwtVerifier::builder(&self.issuer).audience(RESOURCE);
        kinds.iter().fold(builder, |builder, kind| builder.audience(format!("{RESOURCE}{kind}")))
    }

    /// A builder of verifiers that introspect as this client, with discovery and the default HTTP client.
    pub fn introspection_as(&self, client_id: &str, secret: &str) -> Builder {
        IntrospectionVerifier::discover(&self.issuer).client_secret_basic(client_id, secret)
    }

    /// Revokes a token, as the client `rs`.
    pub async fn revoke(&self, token: &str) {
        revoke(&format!("{}/token/revocation", self.issuer), ("rs", "rs-secret"), token).await;
    }

    /// The number of introspections.
    pub async fn introspections(&self) -> u64 {
        self.requests_to("/token/introspection").await
    }

    /// Has a logout token sent to this address, which accepts it.
    #[cfg(feature = "security-events")]
    pub async fn log_out(&self, uri: &str, subject: &str, session: Option<&str>) {
        let session = session.map_or_else(String::new, |session| format!("&sid={session}"));
        self.admin(&format!("logout?uri={uri}&sub={subject}{session}")).await;
    }

    pub async fn rotate(&self, keep: bool) {
        self.admin(&format!("rotate?keep={}", u8::from(keep))).await;
    }

    pub async fn serve_keys(&self, mode: &str) {
        self.admin(&format!("jwks?mode={mode}")).await;
    }

    pub async fn serve_metadata(&self, mode: &str) {
        self.admin(&format!("metadata?mode={mode}")).await;
    }

    pub async fn serve_introspection(&self, mode: &str) {
        self.admin(&format!("introspection?mode={mode}")).await;
    }

    pub async fn token_lifetime(&self, seconds: u64) {
        self.admin(&format!("ttl?s={seconds}")).await;
    }

    /// The number of requests to paths with this ending.
    pub async fn requests_to(&self, end: &str) -> u64 {
        self.requests(|path| path.ends_with(end)).await
    }

    pub async fn redirects_followed(&self) -> u64 {
        self.requests(|path| path.starts_with("/__admin/moved/")).await
    }

    async fn requests(&self, to: impl Fn(&str) -> bool) -> u64 {
        let stats = text(client().get(self.admin_url("stats"))).await;
        let stats: Value = serde_json::from_str(&stats).expect("JSON");
        let paths = stats.as_object().expect("an object").iter();
        paths.filter(|(path, _)| to(path)).filter_map(|(_, count)| count.as_u64()).sum()
    }

    async fn admin(&self, request: &str) {
        text(client().post(self.admin_url(request))).await;
    }

    fn admin_url(&self, request: &str) -> String {
        format!("http://{}/__admin/{request}", authority(&self.issuer))
    }
}
