//! django-oauth-toolkit, and its settings for tests.

use portcullis::{
    IntrospectionVerifier, JwtVerifier,
    introspection::{ClientMissing, IntrospectionVerifierBuilder},
    jwt::{AudienceMissing, JwtVerifierBuilder},
};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use super::{RESOURCE, authority, client, revoke, text, token_of, variable};

const SECRET: &str = "svc-secret";

/// django-oauth-toolkit, one test at a time, because tests change its keys.
pub struct DjangoOauthToolkit {
    pub issuer: String,
    _alone: MutexGuard<'static, ()>,
}

impl DjangoOauthToolkit {
    pub async fn alone() -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let issuer = variable("PORTCULLIS_DJANGO_OAUTH_TOOLKIT", "http://127.0.0.1:4004/o");
        Self { issuer, _alone: ALONE.lock().await }
    }

    /// An opaque token without an audience.
    pub async fn opaque(&self) -> String {
        self.token("svc", "api:read", "").await
    }

    /// An opaque token for `RESOURCE`.
    pub async fn opaque_for_resource(&self) -> String {
        self.token("svc", "api:read", RESOURCE).await
    }

    /// A JWT for `RESOURCE`.
    pub async fn jwt(&self) -> String {
        self.token("svc-jwt", "api:read", RESOURCE).await
    }

    /// A token with which a service may introspect.
    pub async fn introspection_token(&self) -> String {
        self.token("svc", "introspection", "").await
    }

    async fn token(&self, client: &str, scope: &str, resource: &str) -> String {
        let mut form = format!("grant_type=client_credentials&scope={scope}");
        if !resource.is_empty() {
            form.push_str("&resource=");
            form.push_str(resource);
        }
        token_of(&format!("{}/token/", self.issuer), (client, SECRET), form).await
    }

    /// A builder of verifiers with discovery and the default HTTP client.
    pub fn verifier(&self) -> JwtVerifierBuilder<AudienceMissing> {
        JwtVerifier::builder(&self.issuer)
    }

    /// A builder of verifiers that introspect, with the default HTTP client.
    pub fn introspection(&self) -> IntrospectionVerifierBuilder<ClientMissing, AudienceMissing> {
        IntrospectionVerifier::builder(format!("{}/introspect/", self.issuer))
    }

    /// Revokes a token, as its own client.
    pub async fn revoke(&self, client: &str, token: &str) {
        revoke(&format!("{}/revoke_token/", self.issuer), (client, SECRET), token).await;
    }

    /// Creates a new key. The old ones stay in the set, or are removed.
    pub async fn rotate(&self, keep: bool) {
        text(client().post(self.admin_url(&format!("rotate?keep={}", u8::from(keep))))).await;
    }

    /// The number of requests to a path.
    pub async fn requests_to(&self, path: &str) -> u64 {
        let stats = text(client().get(self.admin_url("stats"))).await;
        let stats: Value = serde_json::from_str(&stats).expect("JSON");
        stats[path].as_u64().unwrap_or(0)
    }

    fn admin_url(&self, request: &str) -> String {
        format!("http://{}/__admin/{request}", authority(&self.issuer))
    }
}
