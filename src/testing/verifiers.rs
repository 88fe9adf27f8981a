//! Verifiers for the tokens of the test issuer.

use super::TestIssuer;
#[cfg(feature = "introspection")]
use crate::{
    IntrospectionVerifier,
    verify::introspection::{ClientGiven, IntrospectionVerifierBuilder},
};
use crate::{
    JwtVerifier,
    verify::jwt::{AudienceMissing, JwtVerifierBuilder},
};

impl TestIssuer {
    /// Creates a builder for a verifier of this issuer's tokens, with the issuer's clock and an
    /// in-memory HTTP client.
    pub fn verifier(&self) -> JwtVerifierBuilder<AudienceMissing> {
        JwtVerifier::builder(self.issuer()).http_client(self.http_client()).clock(self.clock())
    }

    /// Creates a builder for a verifier that introspects tokens at this issuer, with the issuer's
    /// clock and an in-memory HTTP client. This call registers the client as which it
    /// authenticates.
    #[cfg(feature = "introspection")]
    pub fn introspection(&self) -> IntrospectionVerifierBuilder<ClientGiven, AudienceMissing> {
        let (client_id, secret) = ("resource-server", "resource-server-secret");
        self.register_client(client_id, secret);
        IntrospectionVerifier::builder(format!("{}/introspect", self.issuer()))
            .client_secret_basic(client_id, secret)
            .http_client(self.http_client())
            .clock(self.clock())
    }
}
