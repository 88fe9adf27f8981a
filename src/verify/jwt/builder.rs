//! What users write to get a verifier.

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use super::{
    JwtVerifier, Profile,
    settings::{GivenKeys, Settings},
    token_cache::TokenCache,
};
use crate::claims::scope_claim::ScopeClaim;
use crate::url::redact;
use crate::verify::{AudienceGiven, AudienceMissing, Revocations};
use crate::{Algorithm, Clock, ConfigError, Error, Identity, Secret, http_client::HttpClient};

/// Makes a [`JwtVerifier`]: issuer, then audience, then where the keys come from.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::{Algorithm, JwtVerifier, jwt::Profile};
///
/// let verifier = JwtVerifier::builder("https://as.example")
///     .audience("https://api.example")
///     .jwks_uri("https://as.example/jwks")
///     .algorithms([Algorithm::Es256])
///     .profile(Profile::Rfc9068)
///     .leeway(Duration::from_secs(30))
///     .build()?;
/// # let _ = verifier;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Without an audience it can't be built:
///
/// ```compile_fail
/// let verifier = portcullis::JwtVerifier::builder("https://as.example").build();
/// ```
///
/// Of the keys one source is used: given ones (a JWK Set, PEM, a secret) together, else a `jwks_uri`,
/// else the one that the issuer's metadata names.
#[must_use]
pub struct JwtVerifierBuilder<Audience> {
    settings: Settings,
    audience: PhantomData<Audience>,
}

/// Leaves out a check on purpose: see [`JwtVerifierBuilder::dangerous`].
#[derive(Debug)]
#[must_use]
pub struct Dangerous<Audience>(JwtVerifierBuilder<Audience>);

impl JwtVerifierBuilder<AudienceMissing> {
    pub(super) fn new(issuer: String) -> Self {
        Self { settings: Settings::new(issuer), audience: PhantomData }
    }
}

impl<Audience> JwtVerifierBuilder<Audience> {
    /// Names this service: `aud` must contain it, byte for byte. Once more for a service with
    /// several names: any of them will do.
    pub fn audience(mut self, audience: impl Into<String>) -> JwtVerifierBuilder<AudienceGiven> {
        self.settings.audiences.push(audience.into());
        self.into_state()
    }

    /// Names a client, for issuers whose access tokens have no `aud`, such as Amazon Cognito:
    /// `client_id` must be this one, byte for byte. Once more for several clients. A token that does
    /// have an `aud` is rejected, for it is meant for someone else. Not together with
    /// [`audience`](Self::audience).
    pub fn client(mut self, client_id: impl Into<String>) -> JwtVerifierBuilder<AudienceGiven> {
        self.settings.clients.push(client_id.into());
        self.into_state()
    }

    /// Asks for a claim with just that text, such as `token_use` with `access`.
    pub fn require_claim(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, text) = (name.into().into_boxed_str(), text.into().into_boxed_str());
        self.settings.required.push((name, text));
        self
    }

    /// Where the issuer's JWK Set ([RFC 7517 §5]) is fetched from, instead of where its metadata says.
    ///
    /// [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
    pub fn jwks_uri(mut self, uri: impl Into<String>) -> Self {
        self.settings.jwks_uri = Some(uri.into());
        self
    }

    /// Fetches the keys from a source of the crate `jwks_client_rs`, under our own cache, cool-down
    /// and outage rules. For those who have such a source; the default does more:
    ///
    /// - That crate rejects a whole set for one key without `kid` or of an unknown `kty`.
    /// - It tells nothing of `Cache-Control`, `ETag` or `key_ops`, and `use` of RSA keys only.
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
    /// A fetched document may have 256 KiB, and 2.6 KiB for each key if there may be more than 100.
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

    /// The issuer's public keys as a JWK Set ([RFC 7517 §5]), as text. Nothing is fetched then.
    ///
    /// [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
    pub fn jwk_set(mut self, json: impl Into<String>) -> Self {
        self.settings.given.push(GivenKeys::JwkSet(json.into()));
        self
    }

    /// One public key in PEM form: RSA, P-256, P-384, P-521 or Ed25519. It verifies tokens whatever
    /// their `kid`. Nothing is fetched then.
    pub fn pem_key(mut self, pem: impl Into<String>) -> Self {
        self.settings.given.push(GivenKeys::Pem(pem.into()));
        self
    }

    /// A secret shared with the issuer, for that one HMAC algorithm: at least 32, 48 or 64 bytes for
    /// HS256, HS384 or HS512 ([RFC 7518 §3.2]). Nothing is fetched then.
    ///
    /// [RFC 7518 §3.2]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    pub fn hmac_secret(mut self, algorithm: Algorithm, secret: impl Into<Secret>) -> Self {
        self.settings.given.push(GivenKeys::Secret(algorithm, secret.into()));
        self
    }

    /// The only algorithms to accept. By default every asymmetric one that a key of the issuer's
    /// allows, and that of each secret. Where keys are given, each one named must have a key.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.settings.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// How strictly a token must be an access token. [`Profile::Relaxed`] by default.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// How far the issuer's clock may be off, for `exp`, `nbf` and `iat`. 60 s by default.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway;
        self
    }

    /// One more place for scopes beside `scope` and `scp`: a claim such as `permissions`, or a JSON
    /// pointer ([RFC 6901]) such as `/realm_access/roles`.
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    pub fn scope_claim(mut self, place: impl AsRef<str>) -> Self {
        self.settings.scope_claims.push(ScopeClaim::new(place.as_ref()));
        self
    }

    /// A check of your own, after the signature. Reject with
    /// [`TokenFault::Rejected`](crate::TokenFault::Rejected), or with what fits.
    ///
    /// ```
    /// use portcullis::{JwtVerifier, TokenFault};
    ///
    /// let verifier = JwtVerifier::builder("https://as.example")
    ///     .audience("https://api.example")
    ///     .check(|identity| match identity.client_id() {
    ///         Some("retired-app") => Err(TokenFault::Rejected.into()),
    ///         _ => Ok(()),
    ///     })
    ///     .build()?;
    /// # let _ = verifier;
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn check(
        mut self,
        check: impl Fn(&Identity) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        self.settings.checks.push(Box::new(check));
        self
    }

    /// How many bytes verified tokens may take that are remembered: each its own length and about
    /// 700 more. 32 MiB by default; 0 turns it off.
    ///
    /// A token that comes again is then accepted without checking its signature anew. Its times, the
    /// issuer's keys and your own checks are looked at each time: it is rejected when it expires, and
    /// when the key that signed it is withdrawn.
    pub fn token_cache(mut self, bytes: usize) -> Self {
        self.settings.cache_capacity = bytes;
        self
    }

    /// Sets the list of revoked tokens, for a list that verifiers or replicas share. By default the verifier has
    /// its own list. It is checked on every request.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.settings.revocations = Some(revocations);
        self
    }

    /// The client that fetches keys and metadata. `reqwest` by default, with the feature of that name.
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.settings.client = Some(Arc::new(client));
        self
    }

    /// The clock that tokens and keys expire by. [`SystemClock`](crate::SystemClock) by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// How long fetched keys serve after their time while the issuer is out of reach. 24 h by default.
    pub fn outage_tolerance(mut self, tolerance: Duration) -> Self {
        self.settings.remote.outage_tolerance = tolerance;
        self
    }

    /// Leads to what must not be left out by accident.
    pub fn dangerous(self) -> Dangerous<Audience> {
        Dangerous(self)
    }

    fn into_state<State>(self) -> JwtVerifierBuilder<State> {
        JwtVerifierBuilder { settings: self.settings, audience: PhantomData }
    }
}

impl<Audience> Dangerous<Audience> {
    /// Accepts tokens for any audience, and without one: also those that were meant for another
    /// service, which that service could then use here.
    pub fn any_audience(mut self) -> JwtVerifierBuilder<AudienceGiven> {
        self.0.settings.any_audience = true;
        self.0.into_state()
    }

    /// Fetches keys and metadata by plain `http` too, where anyone on the way can put in keys of
    /// their own.
    pub fn plain_http(mut self) -> JwtVerifierBuilder<Audience> {
        self.0.settings.urls.allow_http = true;
        self.0
    }

    /// Accepts a `jwks_uri` at a loopback, private or otherwise special address from the metadata of an
    /// issuer that is not at such an address itself. Whoever can change the metadata can then send requests
    /// into the service's own network.
    ///
    /// A `jwks_uri` that is [configured](JwtVerifierBuilder::jwks_uri) may always be at any address.
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

impl JwtVerifierBuilder<AudienceGiven> {
    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the value: an issuer or `jwks_uri` that is no `https` URL, an
    /// empty issuer or audience, a key that can't be read or is too weak, no key at all in a set, no
    /// algorithm, one that fits no key that is given.
    pub fn build(self) -> Result<JwtVerifier, ConfigError> {
        let cache = TokenCache::new(self.settings.cache_capacity, None);
        let issuer = Arc::new(self.settings.into_issuer()?);
        Ok(JwtVerifier { issuer, cache })
    }
}

impl<Audience> fmt::Debug for JwtVerifierBuilder<Audience> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifierBuilder")
            .field("issuer", &redact(&self.settings.issuer))
            .field("audiences", &self.settings.audiences)
            .field("profile", &self.settings.profile)
            .finish_non_exhaustive()
    }
}
