//! glewlwyd, and the script that rotates its keys.

use std::process::Command;

use portcullis::{
    IntrospectionVerifier, JwtVerifier,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use tokio::sync::{Mutex, MutexGuard};

use super::{Builder, RESOURCE, authority, revoke, token, variable};

/// glewlwyd, one test at a time.
pub struct Glewlwyd {
    pub issuer: String,
    _alone: MutexGuard<'static, ()>,
}

impl Glewlwyd {
    pub async fn alone() -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let issuer = variable("PORTCULLIS_GLEWLWYD", "http://localhost:4593/api/oidc");
        Self { issuer, _alone: ALONE.lock().await }
    }

    /// The issuer that requires nonces in DPoP proofs.
    pub fn with_nonces(&self) -> String {
        self.issuer.replace("/api/oidc", "/api/nonces")
    }

    /// A token for `RESOURCE` that is signed with that algorithm.
    pub async fn token(&self, algorithm: &str) -> String {
        let form = format!("grant_type=client_credentials&scope=api.read&resource={RESOURCE}");
        token(&self.issuer, (&format!("svc-{algorithm}"), "secret"), form).await
    }

    /// A token of alice, from the password grant. Its audience is its scope.
    pub async fn token_of_alice(&self, algorithm: &str) -> String {
        let form = "grant_type=password&username=alice&password=wonderland&scope=api.read";
        token(&self.issuer, (&format!("svc-{algorithm}"), "secret"), form.to_owned()).await
    }

    pub fn verifier(&self) -> JwtVerifierBuilder<AudienceGiven> {
        JwtVerifier::builder(&self.issuer).audience(RESOURCE)
    }

    /// A builder of verifiers that introspect as this client, with discovery and the default HTTP client.
    pub fn introspection_as(&self, client_id: &str, secret: &str) -> Builder {
        IntrospectionVerifier::discover(&self.issuer).client_secret_basic(client_id, secret)
    }

    /// A token of the resource server, which authorizes introspection.
    pub async fn token_of_the_resource_server(&self) -> String {
        let form = "grant_type=client_credentials&scope=introspect".to_owned();
        token(&self.issuer, ("rs", "secret"), form).await
    }

    /// Revokes a token, as the client `rs`.
    pub async fn revoke(&self, token: &str) {
        revoke(&format!("{}/revoke", self.issuer), ("rs", "secret"), token).await;
    }

    /// Rotates its keys. The old ones are kept in the set if `keep` is true.
    pub fn rotate(&self, keep: bool) {
        let script =
            variable("PORTCULLIS_GLEWLWYD_ROTATE", "$PWD/tests/interop/glewlwyd/rotate.sh");
        let port = authority(&self.issuer).rsplit(':').next().expect("a port").to_owned();
        let mut rotate = Command::new(&script);
        rotate.env("PORT", port);
        if !keep {
            rotate.arg("drop");
        }
        let output = rotate.output().unwrap_or_else(|error| panic!("{script}: {error}"));
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
