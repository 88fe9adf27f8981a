//! The configuration of an [`IntrospectionVerifier`].

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use super::{
    IntrospectionVerifier,
    client_state::{ClientGiven, ClientMissing},
    settings::{Address, Settings},
};
use crate::{
    Clock, ConfigError, Error, Identity,
    claims::{GivenClaimOptions, ResourceIdentifier},
    http_client::HttpClient,
    verify::{AudienceGiven, AudienceMissing, Revocations},
};

/// A builder for [`IntrospectionVerifier`]. Client authentication and an audience are required.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::IntrospectionVerifier;
///
/// let verifier = IntrospectionVerifier::builder("https://as.example/introspect")
///     .client_secret_basic("orders-api", "s3cret")
///     .audience("https://api.example")
///     .cache_for(Duration::from_secs(30))
///     .build()?;
/// assert!(!format!("{verifier:?}").contains("s3cret"));
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Without client authentication, or without a setting for the audience, it has no `build` method:
///
/// ```compile_fail
/// let verifier = portcullis::IntrospectionVerifier::builder("https://as.example/introspect")
///     .audience("https://api.example")
///     .build();
/// ```
///
/// ```compile_fail
/// let verifier = portcullis::IntrospectionVerifier::builder("https://as.example/introspect")
///     .client_secret_basic("orders-api", "s3cret")
///     .build();
/// ```
#[must_use]
pub struct IntrospectionVerifierBuilder<Client, Audience> {
    pub(super) settings: Settings,
    state: PhantomData<(Client, Audience)>,
}

impl IntrospectionVerifierBuilder<ClientMissing, AudienceMissing> {
    pub(super) fn at(endpoint: String) -> Self {
        Self { settings: Settings::new(Address::Endpoint(endpoint)), state: PhantomData }
    }

    pub(super) fn of_issuer(issuer: String) -> Self {
        Self { settings: Settings::new(Address::Issuer(issuer)), state: PhantomData }
    }
}

impl<Client, Audience> IntrospectionVerifierBuilder<Client, Audience> {
    /// Sets the accepted audience. `aud` must contain this exact string. Call it again to accept more
    /// than one audience.
    pub fn audience(
        mut self,
        audience: impl Into<String>,
    ) -> IntrospectionVerifierBuilder<Client, AudienceGiven> {
        self.settings.audiences.push(audience.into());
        self.into_state()
    }

    /// Accepts the identifier of a [`ProtectedResource`](crate::ProtectedResource) as the audience. Scheme and
    /// host may differ in case. Call this method or [`audience`](Self::audience) again to accept more than one
    /// audience.
    pub fn resource(
        mut self,
        resource: impl AsRef<ResourceIdentifier>,
    ) -> IntrospectionVerifierBuilder<Client, AudienceGiven> {
        self.settings.resources.push(resource.as_ref().clone());
        self.into_state()
    }

    /// Accepts tokens without an audience, for servers whose opaque tokens have none. A token with
    /// an `aud` is still rejected, because it is meant for another service, unless its audience was
    /// set with [`audience`](Self::audience) or [`resource`](Self::resource).
    pub fn without_audience(mut self) -> IntrospectionVerifierBuilder<Client, AudienceGiven> {
        self.settings.without_audience = true;
        self.into_state()
    }

    /// Sets the issuer. If a response has an `iss`, it must be this exact string. The default is
    /// the issuer that was passed to [`discover`](IntrospectionVerifier::discover), if any.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.settings.issuer = Some(issuer.into());
        self
    }

    /// Adds a place from which scopes are read, in addition to `scope` and `scp`: a member such as
    /// `permissions`, or a JSON pointer ([RFC 6901]) such as `/realm_access/roles`.
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    pub fn scope_claim(mut self, place: impl AsRef<str>) -> Self {
        self.settings.claims.places.scopes.push(place.as_ref().to_owned());
        self
    }

    /// Accepts integers as `sub`, `jti` and `client_id`, which should be strings ([RFC 7519 §4.1.2]), and reads
    /// them as decimal text: the number `42` and the string `"42"` are the same subject. By default, a response
    /// with such a member is an error of the endpoint, and the request is rejected with 503.
    ///
    /// Numbers that are negative, or written with a fraction or an exponent, are rejected.
    /// [`Identity::raw_claims`] still contains the number.
    ///
    /// [RFC 7519 §4.1.2]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2
    pub fn numeric_identifiers(mut self) -> Self {
        self.settings.claims.numeric_identifiers = true;
        self
    }

    /// Adds a place from which roles are read: a member such as `roles`, or a JSON pointer ([RFC 6901]) such as
    /// `/realm_access/roles`. By default, no roles are read.
    ///
    /// The accepted values are the same as for
    #[cfg_attr(
        feature = "_jwt",
        doc = "[`JwtVerifierBuilder::roles`](crate::jwt::JwtVerifierBuilder::roles)."
    )]
    #[cfg_attr(not(feature = "_jwt"), doc = "`JwtVerifierBuilder::roles`.")]
    /// A response with any other value is an error of the endpoint, and the request is rejected with 503.
    ///
    /// ```
    /// use portcullis::IntrospectionVerifier;
    ///
    /// let builder = || {
    ///     IntrospectionVerifier::builder("https://as.example/introspect")
    ///         .client_secret_basic("orders-api", "s3cret")
    ///         .audience("https://api.example")
    /// };
    /// assert!(builder().roles("/realm_access/roles").build().is_ok());
    /// let error = builder().roles("/realm_access~roles").build().unwrap_err();
    /// assert_eq!(error.value(), "/realm_access~roles");
    /// ```
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    pub fn roles(mut self, place: impl AsRef<str>) -> Self {
        self.settings.claims.places.roles.push(place.as_ref().to_owned());
        self
    }

    /// Sets the maximum lifetime of a token: the time from `iat` to `exp`, if a response has both. By default,
    /// there is no limit.
    ///
    /// A token with a longer lifetime is rejected with [`TokenFault::Lifetime`](crate::error::TokenFault::Lifetime).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use portcullis::IntrospectionVerifier;
    ///
    /// let verifier = IntrospectionVerifier::builder("https://as.example/introspect")
    ///     .client_secret_basic("orders-api", "s3cret")
    ///     .audience("https://api.example")
    ///     .max_lifetime(Duration::from_secs(3600))
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.claims.max_lifetime = Some(lifetime);
        self
    }

    /// Sets a custom check, which runs for each request with an active token, whether or not the
    /// outcome was cached. Reject with [`TokenFault::Rejected`](crate::error::TokenFault::Rejected), or
    /// with any other error.
    pub fn check(
        mut self,
        check: impl Fn(&Identity) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        self.settings.checks.push(Box::new(check));
        self
    }

    /// Sets how long the response for an active token is cached, but never beyond the token's `exp`.
    /// A revoked token may be accepted for this long. The default is 60 s; zero disables the cache,
    /// so that every request is introspected.
    #[doc(alias = "cache")]
    pub fn cache_for(mut self, time: Duration) -> Self {
        self.settings.cache_for = time;
        self
    }

    /// Sets how long the rejection of a token is cached. The default is 5 s.
    pub fn negative_cache_for(mut self, time: Duration) -> Self {
        self.settings.negative_cache_for = time;
        self
    }

    /// Sets the maximum number of active tokens in the cache. The default is 10,000. Rejected tokens
    /// have a separate cache, for at most 1,000 tokens.
    pub fn cache_capacity(mut self, tokens: usize) -> Self {
        self.settings.cache_capacity = tokens;
        self
    }

    /// Sets the maximum number of concurrent introspections. The default is 100.
    ///
    /// A quarter of them is reserved for tokens that were recently active, and a quarter for all other tokens:
    /// see [Load](crate::introspection#load). A request beyond the limit waits for up to
    /// [`queue_timeout`](Self::queue_timeout), in one of two queues. Each has room for 1,000 tokens, or for
    /// ten times `introspections` if that is more. If the queue is full, the request is rejected with 503
    /// immediately.
    pub fn max_concurrent(mut self, introspections: usize) -> Self {
        self.settings.max_concurrent = introspections;
        self
    }

    /// Sets how long a token waits in the queue while the maximum number of introspections is running. After
    /// that, its request is rejected with 503. The default is 5 seconds, which is also the maximum. With zero,
    /// no token waits.
    pub fn queue_timeout(mut self, timeout: Duration) -> Self {
        self.settings.queue_timeout = timeout;
        self
    }

    /// Requests signed responses ([RFC 9701]) and rejects unsigned ones. `typ` must be
    /// `token-introspection+jwt`, and issuer, keys and algorithms are those of `signer`. `aud` must
    /// be the client id of this service, or an audience of `signer`, because some servers use the
    /// audience of the token.
    ///
    /// The other rules of `signer` apply only to tokens and are ignored. If the server responds with
    /// an empty 400 instead of a signed response, an unsigned one is requested, which can reject the
    /// token but never accept it.
    ///
    /// ```
    /// use portcullis::{Algorithm, IntrospectionVerifier, JwtVerifier};
    ///
    /// let signer = JwtVerifier::builder("https://as.example")
    ///     .audience("orders-api")
    ///     .algorithms([Algorithm::Es256])
    ///     .build()?;
    /// let verifier = IntrospectionVerifier::builder("https://as.example/introspect")
    ///     .client_secret_basic("orders-api", "s3cret")
    ///     .audience("https://api.example")
    ///     .signed_responses(signer)
    ///     .build();
    /// assert!(verifier.is_ok());
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// [RFC 9701]: https://www.rfc-editor.org/rfc/rfc9701
    #[cfg(feature = "_jwt")]
    pub fn signed_responses(mut self, signer: crate::JwtVerifier) -> Self {
        self.settings.signer = Some(signer);
        self
    }

    /// Sets the maximum age of a signed response, according to its `iat`. The default is 5 minutes. The leeway
    /// of the verifier that was passed to [`signed_responses`](Self::signed_responses) is added.
    ///
    /// An older response, or one without `iat`, is an error of the endpoint, and the request is
    /// rejected with 503.
    #[cfg(feature = "_jwt")]
    pub fn max_response_age(mut self, age: Duration) -> Self {
        self.settings.max_response_age = age;
        self
    }

    /// Sets the revocation list, for a list that verifiers or replicas share. By default, the verifier has a
    /// separate list. It is checked on every request.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.settings.revocations = Some(revocations);
        self
    }

    /// Sets the HTTP client. With the `reqwest` feature, the default is a
    /// [`ReqwestClient`](crate::http_client).
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.settings.client = Some(Arc::new(client));
        self
    }

    /// Sets the clock by which tokens and cached responses expire. The default is
    /// [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Returns the options that configurations set for issuers and introspection endpoints alike.
    #[cfg(feature = "_jwt")]
    pub(crate) fn claim_options_mut(&mut self) -> &mut GivenClaimOptions {
        &mut self.settings.claims
    }

    pub(super) fn into_state<C, A>(self) -> IntrospectionVerifierBuilder<C, A> {
        IntrospectionVerifierBuilder { settings: self.settings, state: PhantomData }
    }
}

impl IntrospectionVerifierBuilder<ClientGiven, AudienceGiven> {
    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`], which names the setting and its value, if the endpoint or the issuer isn't an
    /// `https` URL; if an audience, the client id or the secret is empty; if a place for scopes or roles is an
    /// invalid JSON pointer; if the number of cached tokens, the number of introspections or the maximum
    /// lifetime is zero; or if [`queue_timeout`](Self::queue_timeout) is too long.
    pub fn build(self) -> Result<IntrospectionVerifier, ConfigError> {
        self.settings.into_introspector().map(|it| IntrospectionVerifier(Arc::new(it)))
    }
}

impl<Client, Audience> fmt::Debug for IntrospectionVerifierBuilder<Client, Audience> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionVerifierBuilder")
            .field("address", &self.settings.address)
            .field("authentication", &self.settings.authentication)
            .field("audiences", &self.settings.audiences)
            .finish_non_exhaustive()
    }
}
