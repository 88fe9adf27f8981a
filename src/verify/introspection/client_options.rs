//! The options of an [`IntrospectionVerifierBuilder`] for client authentication.

use super::{
    builder::IntrospectionVerifierBuilder, client_authentication::ClientAuthentication,
    client_state::ClientGiven,
};
use crate::Secret;

impl<Client, Audience> IntrospectionVerifierBuilder<Client, Audience> {
    /// Authenticates with HTTP Basic, with id and secret form-encoded as in [RFC 6749 §2.3.1]. This
    /// is `client_secret_basic`, which most servers expect.
    ///
    /// [RFC 6749 §2.3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
    pub fn client_secret_basic(
        self,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        let (client_id, secret) = (client_id.into(), secret.into());
        self.authenticated(ClientAuthentication::Basic { client_id, secret })
    }

    /// Authenticates with `client_id` and `client_secret` in the form. This is
    /// `client_secret_post`.
    pub fn client_secret_post(
        self,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        let (client_id, secret) = (client_id.into(), secret.into());
        self.authenticated(ClientAuthentication::Post { client_id, secret })
    }

    /// Authenticates with `private_key_jwt` ([RFC 7523]). Each request has a new assertion, which is signed
    /// with this service's private key. It contains `iss` and `sub` (the client id), `aud`, a random `jti`,
    /// `iat` and `exp`, and is valid for 60 seconds.
    ///
    /// `aud` is the issuer if it is known ([`discover`](crate::IntrospectionVerifier::discover),
    /// [`issuer`](Self::issuer)), and otherwise the URL of the endpoint. Use
    /// [`assertion_audience`](Self::assertion_audience) to set a different one.
    ///
    /// ```
    /// use portcullis::{
    ///     IntrospectionVerifier,
    ///     introspection::PrivateKey,
    /// };
    ///
    /// let key = PrivateKey::from_pem(
    ///     "-----BEGIN PRIVATE KEY-----
    /// MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
    /// -----END PRIVATE KEY-----",
    /// )?;
    /// let verifier = IntrospectionVerifier::discover("https://as.example")
    ///     .private_key_jwt("orders-api", key.with_kid("orders-2026"))
    ///     .audience("https://api.example")
    ///     .build();
    /// assert!(verifier.is_ok());
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// [RFC 7523]: https://www.rfc-editor.org/rfc/rfc7523
    #[cfg(feature = "_jwt")]
    pub fn private_key_jwt(
        self,
        client_id: impl Into<String>,
        key: super::PrivateKey,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        let client_id = client_id.into();
        self.authenticated(ClientAuthentication::PrivateKeyJwt { client_id, key })
    }

    /// Sets `aud` in the assertions of [`private_key_jwt`](Self::private_key_jwt), for a server that expects, for
    /// example, the URL of its token endpoint.
    #[cfg(feature = "_jwt")]
    pub fn assertion_audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.assertion_audience = Some(audience.into());
        self
    }

    /// Authenticates with a TLS client certificate ([RFC 8705 §2]). This is `tls_client_auth` or
    /// `self_signed_tls_client_auth`. The request contains only the client id. The certificate has to be
    /// configured in the [`http_client`](Self::http_client):
    ///
    /// ```
    /// # #[cfg(feature = "reqwest")]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use portcullis::{IntrospectionVerifier, http_client::ReqwestClient};
    ///
    /// let client = reqwest::Client::builder()
    ///     // .identity(reqwest::Identity::from_pem(&certificate_and_key)?)
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .build()?;
    /// let verifier = IntrospectionVerifier::builder("https://mtls.as.example/introspect")
    ///     .tls_client_auth("orders-api")
    ///     .audience("https://api.example")
    ///     .http_client(ReqwestClient::from(client))
    ///     .build();
    /// assert!(verifier.is_ok());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "reqwest"))]
    /// # fn main() {}
    /// ```
    ///
    /// The endpoint for these clients often has a separate URL. The metadata lists it in
    /// `mtls_endpoint_aliases`, which [`discover`](crate::IntrospectionVerifier::discover) doesn't read, so configure
    /// the URL.
    ///
    /// [RFC 8705 §2]: https://www.rfc-editor.org/rfc/rfc8705#section-2
    pub fn tls_client_auth(
        self,
        client_id: impl Into<String>,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        self.authenticated(ClientAuthentication::Tls { client_id: client_id.into() })
    }

    /// Authenticates with an access token that was issued to this service.
    pub fn bearer_token(
        self,
        token: impl Into<Secret>,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        self.authenticated(ClientAuthentication::BearerToken(token.into()))
    }

    fn authenticated(
        mut self,
        authentication: ClientAuthentication,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        self.settings.authentication = Some(authentication);
        self.into_state()
    }
}
