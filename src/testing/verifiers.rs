//! Verifiers for the tokens of the issuer.

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
    /// Begins a verifier for this issuer's tokens, with its clock and an HTTP client that reaches it
    /// without a socket.
    pub fn verifier(&self) -> JwtVerifierBuilder<AudienceMissing> {
        JwtVerifier::builder(self.issuer()).http_client(self.http_client()).clock(self.clock())
    }

    /// Begins a verifier that asks this issuer about tokens, as a client that this call registers,
    /// with its clock and an HTTP client that reaches it without a socket.
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
