//! What users write to get a verifier.

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use super::{
    IntrospectionVerifier,
    client_authentication::ClientAuthentication,
    settings::{Address, Settings},
};
use crate::{
    Clock, ConfigError, Error, Identity, Secret,
    claims::ResourceIdentifier,
    http_client::HttpClient,
    verify::{AudienceGiven, AudienceMissing, Revocations},
};

/// Makes an [`IntrospectionVerifier`]: where to ask, then as whom, then for which audience.
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
/// Without client authentication or without a word about the audience it can't be built:
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
    settings: Settings,
    state: PhantomData<(Client, Audience)>,
}

/// The state of a builder that doesn't know as whom to ask.
#[derive(Debug)]
pub struct ClientMissing(());

/// The state of a builder that knows as whom to ask.
#[derive(Debug)]
pub struct ClientGiven(());

/// Leaves out a check on purpose: see [`IntrospectionVerifierBuilder::dangerous`].
#[derive(Debug)]
#[must_use]
pub struct IntrospectionDangerous<Client, Audience>(IntrospectionVerifierBuilder<Client, Audience>);

impl IntrospectionVerifierBuilder<ClientMissing, AudienceMissing> {
    pub(super) fn at(endpoint: String) -> Self {
        Self { settings: Settings::new(Address::Endpoint(endpoint)), state: PhantomData }
    }

    pub(super) fn of_issuer(issuer: String) -> Self {
        Self { settings: Settings::new(Address::Issuer(issuer)), state: PhantomData }
    }
}

impl<Client, Audience> IntrospectionVerifierBuilder<Client, Audience> {
    /// Authenticates by HTTP Basic, with id and secret encoded as [RFC 6749 §2.3.1] has it: what most
    /// servers expect, under the name `client_secret_basic`.
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

    /// Authenticates by `client_id` and `client_secret` in the form, under the name
    /// `client_secret_post`.
    pub fn client_secret_post(
        self,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        let (client_id, secret) = (client_id.into(), secret.into());
        self.authenticated(ClientAuthentication::Post { client_id, secret })
    }

    /// Authenticates by `private_key_jwt` ([RFC 7523]): each request has a new assertion that is signed with this
    /// service's private key. It has `iss` and `sub` (the client id), `aud`, a random `jti`, `iat` and `exp`, and is
    /// valid for 60 seconds.
    ///
    /// `aud` is the issuer if it is known ([`discover`](IntrospectionVerifier::discover), [`issuer`](Self::issuer)), or
    /// else the URL of the endpoint. [`assertion_audience`](Self::assertion_audience) sets another one.
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

    /// Authenticates by the certificate of a TLS client ([RFC 8705 §2]), under the names `tls_client_auth` and
    /// `self_signed_tls_client_auth`. The request contains only the client id; the certificate is that of the
    /// [`http_client`](Self::http_client), which has to be configured with it:
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
    /// The endpoint for such clients often has another URL than the one for other clients. The metadata lists it in
    /// `mtls_endpoint_aliases`, which [`discover`](IntrospectionVerifier::discover) doesn't read, so configure the URL.
    ///
    /// [RFC 8705 §2]: https://www.rfc-editor.org/rfc/rfc8705#section-2
    pub fn tls_client_auth(
        self,
        client_id: impl Into<String>,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        self.authenticated(ClientAuthentication::Tls { client_id: client_id.into() })
    }

    /// Authenticates by an access token of this service's own.
    pub fn bearer_token(
        self,
        token: impl Into<Secret>,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        self.authenticated(ClientAuthentication::BearerToken(token.into()))
    }

    /// Names this service: `aud` must contain it, byte for byte. Once more for a service with several
    /// names: any of them will do.
    pub fn audience(
        mut self,
        audience: impl Into<String>,
    ) -> IntrospectionVerifierBuilder<Client, AudienceGiven> {
        self.settings.audiences.push(audience.into());
        self.into_state()
    }

    /// Accepts the identifier of a [`ProtectedResource`](crate::ProtectedResource) as the audience. Scheme and host
    /// may differ in case. Call it again, or [`audience`](Self::audience), to accept more than one.
    pub fn resource(
        mut self,
        resource: impl AsRef<ResourceIdentifier>,
    ) -> IntrospectionVerifierBuilder<Client, AudienceGiven> {
        self.settings.resources.push(resource.as_ref().clone());
        self.into_state()
    }

    /// Accepts tokens without an audience, for servers that give opaque tokens none. One that has an
    /// `aud` is still rejected, for it is meant for someone else, unless it is one of those given by
    /// [`audience`](Self::audience) or [`resource`](Self::resource).
    pub fn without_audience(mut self) -> IntrospectionVerifierBuilder<Client, AudienceGiven> {
        self.settings.without_audience = true;
        self.into_state()
    }

    /// The issuer: what `iss` must be, byte for byte, in an answer that has one. By default the one
    /// that was given to [`discover`](IntrospectionVerifier::discover).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.settings.issuer = Some(issuer.into());
        self
    }

    /// One more place for scopes beside `scope` and `scp`: a member such as `permissions`, or a JSON
    /// pointer ([RFC 6901]) such as `/realm_access/roles`.
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    pub fn scope_claim(mut self, place: impl AsRef<str>) -> Self {
        self.settings.places.scopes.push(place.as_ref().to_owned());
        self
    }

    /// Accepts integers as `sub`, `jti` and `client_id`, which have to be strings ([RFC 7519 §4.1.2]), and reads them as
    /// their decimal text: the number `42` and the string `"42"` are the same subject. Off by default, when a
    /// response with such a member is an error of the endpoint: 503.
    ///
    /// Integers that are negative or written with a fraction or an exponent are not accepted.
    /// [`Identity::raw_claims`] still contains the number.
    ///
    /// [RFC 7519 §4.1.2]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2
    pub fn numeric_identifiers(mut self) -> Self {
        self.settings.numeric_identifiers = true;
        self
    }

    /// Sets where responses have roles: a member such as `roles`, or a JSON pointer ([RFC 6901]) such as
    /// `/realm_access/roles`. Call it again to read roles from more than one place. By default, no roles are read.
    ///
    /// The values are those of
    #[cfg_attr(
        feature = "_jwt",
        doc = "[`JwtVerifierBuilder::roles`](crate::jwt::JwtVerifierBuilder::roles)."
    )]
    #[cfg_attr(not(feature = "_jwt"), doc = "`JwtVerifierBuilder::roles`.")]
    /// A response with another value there is a fault of the endpoint, so the request is rejected with 503.
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
        self.settings.places.roles.push(place.as_ref().to_owned());
        self
    }

    /// Sets the maximum lifetime of a token: the time from `iat` to `exp`, if a response has both. Unlimited by
    /// default.
    ///
    /// A token that is valid for longer is rejected with [`TokenFault::Lifetime`](crate::TokenFault::Lifetime).
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
        self.settings.max_lifetime = Some(lifetime);
        self
    }

    /// A check of your own, made for each request with an active token, kept answer or not. Reject
    /// with [`TokenFault::Rejected`](crate::TokenFault::Rejected), or with what fits.
    pub fn check(
        mut self,
        check: impl Fn(&Identity) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        self.settings.checks.push(Box::new(check));
        self
    }

    /// How long the answer for an active token is kept, though no longer than its `exp`: the longest
    /// that a revoked token may still be accepted. 60 s by default; with none each request asks.
    pub fn cache_for(mut self, time: Duration) -> Self {
        self.settings.cache_for = time;
        self
    }

    /// How long it is kept that a token is rejected. 5 s by default.
    pub fn negative_cache_for(mut self, time: Duration) -> Self {
        self.settings.negative_cache_for = time;
        self
    }

    /// How many active tokens are kept. 10,000 by default. Of rejected ones at most 1,000 are, apart.
    pub fn cache_capacity(mut self, tokens: usize) -> Self {
        self.settings.cache_capacity = tokens;
        self
    }

    /// Sets how many introspections may run at the same time. 100 by default.
    ///
    /// A quarter of them is reserved for tokens that were active a short time ago, and a quarter for all other
    /// tokens: see [Load](crate::introspection#load). A request that needs one more introspection waits for up
    /// to [`queue_timeout`](Self::queue_timeout), in one of two queues for 1,000 tokens each, or for ten times
    /// `introspections` if that is more. If the queue is full, it gets 503 at once.
    pub fn max_concurrent(mut self, introspections: usize) -> Self {
        self.settings.max_concurrent = introspections;
        self
    }

    /// Sets how long a token waits while as many introspections as allowed are running, before its request gets
    /// 503. 5 seconds by default, which is also the maximum. If it is zero, no token waits.
    pub fn queue_timeout(mut self, timeout: Duration) -> Self {
        self.settings.queue_timeout = timeout;
        self
    }

    /// Asks for signed answers ([RFC 9701]), and accepts no others: `typ` is
    /// `token-introspection+jwt`, and issuer, keys and algorithms are those of `signer`. `aud` is the
    /// client id that this service authenticates with, or an audience of `signer`, since there are
    /// servers that put the token's own audience there.
    ///
    /// `signer`'s other rules are about tokens, and don't count here. Where a server gives no signed
    /// answer but an empty 400, it is asked once more for a plain one, which may reject the token and
    /// never accepts it.
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

    /// Sets the maximum age of a signed response, by its `iat`. 5 minutes by default. The leeway of the verifier that
    /// was given to [`signed_responses`](Self::signed_responses) is added.
    ///
    /// An older response, and one without `iat`, is an error of the endpoint: 503.
    #[cfg(feature = "_jwt")]
    pub fn max_response_age(mut self, age: Duration) -> Self {
        self.settings.max_response_age = age;
        self
    }

    /// Sets the list of revoked tokens, for a list that verifiers or replicas share. By default the verifier has
    /// its own list. It is checked on every request.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.settings.revocations = Some(revocations);
        self
    }

    /// The client that asks. `reqwest` by default, with the feature of that name.
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.settings.client = Some(Arc::new(client));
        self
    }

    /// The clock that tokens and answers expire by. [`SystemClock`](crate::SystemClock) by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Leads to what must not be left out by accident.
    pub fn dangerous(self) -> IntrospectionDangerous<Client, Audience> {
        IntrospectionDangerous(self)
    }

    fn authenticated(
        mut self,
        authentication: ClientAuthentication,
    ) -> IntrospectionVerifierBuilder<ClientGiven, Audience> {
        self.settings.authentication = Some(authentication);
        self.into_state()
    }

    fn into_state<C, A>(self) -> IntrospectionVerifierBuilder<C, A> {
        IntrospectionVerifierBuilder { settings: self.settings, state: PhantomData }
    }
}

impl<Client, Audience> IntrospectionDangerous<Client, Audience> {
    /// Accepts tokens for any audience, and without one: also those that were meant for another
    /// service, which that service could then use here.
    pub fn any_audience(mut self) -> IntrospectionVerifierBuilder<Client, AudienceGiven> {
        self.0.settings.any_audience = true;
        self.0.into_state()
    }

    /// Asks by plain `http` too, where anyone on the way can read tokens and this service's own
    /// credentials, and call any token active.
    pub fn plain_http(mut self) -> IntrospectionVerifierBuilder<Client, Audience> {
        self.0.settings.urls.allow_http = true;
        self.0
    }

    /// Accepts an `introspection_endpoint` at a loopback, private or otherwise special address from the
    /// metadata of an issuer that is not at such an address itself. Whoever can change the metadata can then
    /// send requests with tokens, and with the credentials of this service, into the service's own network.
    ///
    /// ```
    /// use portcullis::IntrospectionVerifier;
    ///
    /// let verifier = IntrospectionVerifier::discover("https://as.example")
    ///     .client_secret_basic("orders-api", "s3cret")
    ///     .audience("https://api.example")
    ///     .dangerous()
    ///     .private_addresses()
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    pub fn private_addresses(mut self) -> IntrospectionVerifierBuilder<Client, Audience> {
        self.0.settings.urls.allow_private = true;
        self.0
    }
}

impl IntrospectionVerifierBuilder<ClientGiven, AudienceGiven> {
    /// The verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`], which names the value: an endpoint or issuer that is no `https` URL, an empty
    /// audience, client id or secret, no room for any answer or introspection, a place of scopes or roles that is not
    /// a JSON pointer, a maximum lifetime of zero.
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
