//! The options of a [`JwtVerifierBuilder`] that weaken security.

use super::builder::JwtVerifierBuilder;
use crate::verify::AudienceGiven;

/// Options that weaken security and have to be opted into explicitly: see
/// [`JwtVerifierBuilder::dangerous`].
#[derive(Debug)]
#[must_use]
pub struct Dangerous<Audience>(JwtVerifierBuilder<Audience>);

impl<Audience> JwtVerifierBuilder<Audience> {
    /// Provides options that weaken security and have to be opted into explicitly.
    pub fn dangerous(self) -> Dangerous<Audience> {
        Dangerous(self)
    }
}

impl<Audience> Dangerous<Audience> {
    /// Accepts tokens for any audience, and without one. This includes tokens that clients sent to another
    /// service, which that service could then use to call this one.
    pub fn any_audience(mut self) -> JwtVerifierBuilder<AudienceGiven> {
        self.0.settings.any_audience = true;
        self.0.into_state()
    }

    /// Accepts ID tokens ([OpenID Connect Core §2]) as access tokens, for services whose clients have
    /// no access tokens.
    ///
    /// An ID token is meant for the client to which the user logged in, not for this service. Any client with
    /// the configured audience can use it, although the user hasn't granted it access. This option ignores only
    /// what identifies ID tokens: `at_hash`, `c_hash` and `s_hash`, a `token_use`, `typ` or similar claim of
    /// `id` or `id_token`, and the header types `id+jwt` and `id_token+jwt`. Refresh tokens, logout tokens and
    /// other kinds of tokens are still rejected.
    ///
    /// [OpenID Connect Core §2]: https://openid.net/specs/openid-connect-core-1_0.html#IDToken
    pub fn accept_id_tokens(mut self) -> JwtVerifierBuilder<Audience> {
        self.0.settings.accepts_id_tokens = true;
        self.0
    }

    /// Allows plain `http` for keys and metadata. Anyone on the network path can then replace the keys.
    pub fn plain_http(mut self) -> JwtVerifierBuilder<Audience> {
        self.0.settings.urls.allow_http = true;
        self.0
    }

    /// Accepts a `jwks_uri` in the metadata that is at a loopback, private or otherwise special address,
    /// even if the issuer itself is at a public address. Anyone who can change the metadata can then make
    /// this service send requests into its internal network.
    ///
    /// A [configured](JwtVerifierBuilder::jwks_uri) `jwks_uri` can always be at any address.
    ///
    /// ```
    /// use portcullis::JwtVerifier;
    ///
    /// let verifier = JwtVerifier::builder("https://as.example")
    ///     .audience("https://api.example")
    ///     .dangerous()
    ///     .private_addresses()
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    pub fn private_addresses(mut self) -> JwtVerifierBuilder<Audience> {
        self.0.settings.urls.allow_private = true;
        self.0
    }
}
