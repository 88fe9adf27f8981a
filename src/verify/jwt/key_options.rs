//! The options of a [`JwtVerifierBuilder`] for the keys: where they come from, and how they are fetched.

use std::{sync::Arc, time::Duration};

use super::{builder::JwtVerifierBuilder, settings::GivenKeys};
use crate::{Algorithm, Secret, http_client::HttpClient};

impl<Audience> JwtVerifierBuilder<Audience> {
    /// Sets the URL of the issuer's metadata, if the metadata isn't at the [well-known
    /// URL](https://www.rfc-editor.org/rfc/rfc8414#section-3) for the issuer's name. Examples are Azure AD B2C,
    /// an issuer whose name isn't a URL, and one that is reached at an internal address. The `issuer` in the
    /// metadata must still be the issuer of the tokens, or the [`metadata_issuer`](Self::metadata_issuer).
    ///
    /// ```
    /// use portcullis::JwtVerifier;
    ///
    /// let verifier = JwtVerifier::builder("https://login.example/8d3f6c1e/v2.0/")
    ///     .metadata_url("https://login.example/acme/signin/.well-known/openid-configuration")
    ///     .audience("https://api.example")
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    #[doc(alias = "Azure AD B2C")]
    pub fn metadata_url(mut self, url: impl Into<String>) -> Self {
        self.settings.metadata_url = Some(url.into());
        self
    }

    /// Sets the expected `issuer` in the metadata, for servers whose access tokens have a different `iss`, such
    /// as AD FS. It must match exactly. Without a [`metadata_url`](Self::metadata_url), this name also
    /// determines the URL of the metadata.
    ///
    /// ```
    /// use portcullis::JwtVerifier;
    ///
    /// let verifier = JwtVerifier::builder("http://adfs.example/adfs/services/trust")
    ///     .metadata_issuer("https://adfs.example/adfs")
    ///     .audience("https://api.example")
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    #[doc(alias("ADFS", "AD FS"))]
    pub fn metadata_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.settings.metadata_issuer = Some(issuer.into());
        self
    }

    /// Sets the URL of the issuer's JWK Set ([RFC 7517 §5]), instead of the one in its metadata. The name of the
    /// issuer may then be any string, such as `accounts.google.com` or `kubernetes/serviceaccount`.
    ///
    /// [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
    pub fn jwks_uri(mut self, uri: impl Into<String>) -> Self {
        self.settings.jwks_uri = Some(uri.into());
        self
    }

    /// Fetches the keys from a source of the `jwks_client_rs` crate. Caching, rate limits and outages are
    /// handled as for other keys. Use it only if you already have such a source, because the default has
    /// advantages:
    ///
    /// - That crate rejects a whole key set if one key has no `kid` or an unknown `kty`.
    /// - It doesn't provide `Cache-Control`, `ETag` or `key_ops`, and provides `use` only for RSA
    ///   keys.
    /// - Its `WebSource` follows redirects and reads bodies of any length.
    #[cfg(feature = "jwks-client-rs")]
    pub fn jwks_source(
        mut self,
        source: impl jwks_client_rs::source::JwksSource + Send + Sync + 'static,
    ) -> Self {
        self.settings.source = Some(Box::new(|max_keys| {
            Box::new(crate::verify::jwks::SourceKeys::new(source, max_keys))
        }));
        self
    }

    /// Sets the maximum number of keys in the issuer's key set. The default is 100. A set with more keys is
    /// rejected as a whole.
    ///
    /// The size of a fetched document is limited to 256 KiB, plus 2.6 KiB for each key beyond 100.
    ///
    /// ```
    /// use portcullis::JwtVerifier;
    ///
    /// let builder = JwtVerifier::builder("https://as.example").audience("https://api.example");
    /// assert!(builder.max_keys(500).build().is_ok());
    /// ```
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.settings.max_keys = keys;
        self
    }

    /// Adds the issuer's public keys as the text of a JWK Set ([RFC 7517 §5]). With configured keys, no
    /// keys are fetched.
    ///
    /// [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
    pub fn jwk_set(mut self, json: impl Into<String>) -> Self {
        self.settings.given.push(GivenKeys::JwkSet(json.into()));
        self
    }

    /// Adds a public key in PEM form: RSA, P-256, P-384, P-521, Ed25519 or ML-DSA. It verifies tokens with any
    /// `kid`. With configured keys, no keys are fetched.
    pub fn pem_key(mut self, pem: impl Into<String>) -> Self {
        self.settings.given.push(GivenKeys::Pem(pem.into()));
        self
    }

    /// Adds a secret that is shared with the issuer, for one HMAC algorithm. It must have at least 32, 48 or 64
    /// bytes for HS256, HS384 or HS512 ([RFC 7518 §3.2]). With configured keys, no keys are fetched.
    ///
    /// [RFC 7518 §3.2]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    pub fn hmac_secret(mut self, algorithm: Algorithm, secret: impl Into<Secret>) -> Self {
        self.settings.given.push(GivenKeys::Secret(algorithm, secret.into()));
        self
    }

    /// Sets how long fetched keys are still used after they have expired, if the issuer is unreachable. The
    /// default is 24 hours.
    pub fn outage_tolerance(mut self, tolerance: Duration) -> Self {
        self.settings.remote.outage_tolerance = tolerance;
        self
    }

    /// Sets the HTTP client that fetches keys and metadata. With the `reqwest` feature, the default is a
    /// `ReqwestClient`.
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.settings.client = Some(Arc::new(client));
        self
    }
}
