//! What users write to get a verifier.

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use super::{
    JwtVerifier, Profile,
    issuer::{ClaimCheck, Issuer},
    key_source::KeySource,
    rules::{AudienceRule, Rules},
    scope_claim::ScopeClaim,
};
use crate::{
    Algorithm, Clock, ConfigError, Error, HttpClient, Identity, Secret, SystemClock,
    algorithm::AlgorithmSet,
    crypto::VerifyingKey,
    endpoint::{self, Query},
    jwks::{FetchKeys, HttpKeys, Key, KeySet, RemoteKeys, RemoteSettings},
};

/// Makes a [`JwtVerifier`]: issuer, then audience, then where the keys come from.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::{Algorithm, JwtVerifier, Profile};
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

/// The state of a builder that has no audience yet.
#[derive(Debug)]
pub struct AudienceMissing(());

/// The state of a builder that can build.
#[derive(Debug)]
pub struct AudienceGiven(());

/// Leaves out a check on purpose: see [`JwtVerifierBuilder::dangerous`].
#[derive(Debug)]
#[must_use]
pub struct Dangerous<Audience>(JwtVerifierBuilder<Audience>);

struct Settings {
    issuer: String,
    audiences: Vec<String>,
    clients: Vec<String>,
    required: Vec<(Box<str>, Box<str>)>,
    any_audience: bool,
    allow_http: bool,
    algorithms: Option<Vec<Algorithm>>,
    profile: Profile,
    leeway: Duration,
    scope_claims: Vec<ScopeClaim>,
    checks: Vec<Box<ClaimCheck>>,
    jwks_uri: Option<String>,
    source: Option<Box<dyn FetchKeys>>,
    given: Vec<GivenKeys>,
    client: Option<Arc<dyn HttpClient>>,
    clock: Arc<dyn Clock>,
    remote: RemoteSettings,
}

enum GivenKeys {
    JwkSet(String),
    Pem(String),
    Secret(Algorithm, Secret),
}

impl JwtVerifierBuilder<AudienceMissing> {
    pub(super) fn new(issuer: String) -> Self {
        let settings = Settings {
            issuer,
            audiences: Vec::new(),
            clients: Vec::new(),
            required: Vec::new(),
            any_audience: false,
            allow_http: false,
            algorithms: None,
            profile: Profile::default(),
            leeway: Duration::from_secs(60),
            scope_claims: Vec::new(),
            checks: Vec::new(),
            jwks_uri: None,
            source: None,
            given: Vec::new(),
            client: None,
            clock: Arc::new(SystemClock),
            remote: RemoteSettings::default(),
        };
        Self { settings, audience: PhantomData }
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
    /// have an `aud` is refused, for it is meant for someone else. Not together with
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
    /// - That crate refuses a whole set for one key without `kid` or of an unknown `kty`.
    /// - It tells nothing of `Cache-Control`, `ETag` or `key_ops`, and `use` of RSA keys only.
    /// - Its `WebSource` follows redirects and reads bodies of any length.
    #[cfg(feature = "jwks-client-rs")]
    pub fn jwks_source(
        mut self,
        source: impl jwks_client_rs::source::JwksSource + Send + Sync + 'static,
    ) -> Self {
        self.settings.source = Some(Box::new(crate::jwks::SourceKeys::new(source)));
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
    /// allows, and that of each secret.
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

    /// A check of your own, after the signature. Refuse with
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

    /// The client that fetches keys and metadata. `reqwest` by default, with the feature of that name.
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.settings.client = Some(Arc::new(client));
        self
    }

    /// The clock that tokens and keys expire by. [`SystemClock`] by default.
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
        self.0.settings.allow_http = true;
        self.0
    }
}

impl JwtVerifierBuilder<AudienceGiven> {
    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the value: an issuer or `jwks_uri` that is no `https` URL, an
    /// empty issuer or audience, a key that can't be read or is too weak, no key at all in a set, no algorithm.
    pub fn build(self) -> Result<JwtVerifier, ConfigError> {
        let mut settings = self.settings;
        if settings.issuer.is_empty() {
            return Err(ConfigError::new("issuer", "", "empty"));
        }
        let allowed = settings.allowed_algorithms()?;
        let keys = settings.key_source()?;
        let audience = settings.audience_rule()?;
        let issuer = Issuer {
            rules: Rules {
                issuer: settings.issuer.into_boxed_str(),
                audience,
                required: settings.required,
                profile: settings.profile,
                leeway: settings.leeway,
            },
            algorithms: allowed,
            scope_claims: settings.scope_claims,
            checks: settings.checks,
            keys,
            clock: settings.clock,
        };
        Ok(JwtVerifier { issuer: Arc::new(issuer) })
    }
}

impl Settings {
    fn audience_rule(&mut self) -> Result<AudienceRule, ConfigError> {
        let boxed = |names: &mut Vec<String>| {
            std::mem::take(names).into_iter().map(String::into_boxed_str).collect()
        };
        if self.audiences.iter().chain(&self.clients).any(String::is_empty) {
            return Err(ConfigError::new("audience", "", "empty"));
        }
        match (self.any_audience, self.audiences.is_empty(), self.clients.first()) {
            (true, true, None) => Ok(AudienceRule::Any),
            (false, false, None) => Ok(AudienceRule::OneOf(boxed(&mut self.audiences))),
            (false, true, Some(_)) => Ok(AudienceRule::ClientOneOf(boxed(&mut self.clients))),
            (true, ..) => Err(ConfigError::new(
                "audience",
                "any",
                "given together with an audience or client",
            )),
            (.., client) => {
                let client = client.cloned().unwrap_or_default();
                Err(ConfigError::new("client", client, "given together with an audience"))
            }
        }
    }

    fn allowed_algorithms(&self) -> Result<AlgorithmSet, ConfigError> {
        let secrets = self.given.iter().filter_map(|keys| match keys {
            GivenKeys::Secret(algorithm, _) => Some(*algorithm),
            _ => None,
        });
        match &self.algorithms {
            None => Ok(secrets.chain(Algorithm::ASYMMETRIC).collect()),
            Some(named) if named.is_empty() => {
                Err(ConfigError::new("algorithms", "[]", "at least one is needed"))
            }
            Some(named) => {
                let secrets: AlgorithmSet = secrets.collect();
                let orphan =
                    named.iter().find(|one| one.is_symmetric() && !secrets.contains(**one));
                match orphan {
                    Some(orphan) => {
                        Err(ConfigError::new("algorithm", orphan.name(), "has no secret"))
                    }
                    None => Ok(named.iter().copied().collect()),
                }
            }
        }
    }

    fn key_source(&mut self) -> Result<KeySource, ConfigError> {
        if !self.given.is_empty() {
            return self.given_keys().map(KeySource::Given);
        }
        let source = match self.source.take() {
            Some(source) => source,
            None => Box::new(self.http_keys()?),
        };
        let (issuer, clock) = (self.issuer.as_str().into(), Arc::clone(&self.clock));
        Ok(KeySource::Remote(RemoteKeys::new(issuer, source, clock, self.remote.clone())))
    }

    fn http_keys(&self) -> Result<HttpKeys, ConfigError> {
        let endpoint = |what, url: &str, query| {
            endpoint::parse(url, query, self.allow_http)
                .map_err(|problem| ConfigError::new(what, url, problem.to_string()))
        };
        endpoint("issuer", &self.issuer, Query::Forbidden)?;
        let jwks_uri = self.jwks_uri.as_deref();
        let jwks_uri = jwks_uri.map(|uri| endpoint("jwks_uri", uri, Query::Allowed)).transpose()?;
        let client = self.client()?;
        Ok(match jwks_uri {
            Some(uri) => HttpKeys::at(client, uri),
            None => HttpKeys::of_issuer(client, &self.issuer, self.allow_http),
        })
    }

    fn given_keys(&self) -> Result<KeySet, ConfigError> {
        let mut keys = Vec::new();
        for given in &self.given {
            match given {
                GivenKeys::JwkSet(json) => {
                    let set = KeySet::from_json(json.as_bytes())
                        .map_err(|problem| ConfigError::new("JWK Set", "…", problem.to_string()))?;
                    if set.is_empty() {
                        let problem = "it has no key that verifies signatures";
                        return Err(ConfigError::new("JWK Set", "…", problem));
                    }
                    keys.extend(set.into_keys());
                }
                GivenKeys::Pem(pem) => {
                    let key = Key::from_pem(pem).map_err(|problem| {
                        ConfigError::new("PEM key", label(pem), problem.to_string())
                    })?;
                    keys.push(key);
                }
                GivenKeys::Secret(algorithm, secret) => {
                    let key =
                        VerifyingKey::hmac(*algorithm, secret.expose()).map_err(|problem| {
                            ConfigError::new("secret for", algorithm.name(), problem.to_string())
                        })?;
                    let algorithms = key.algorithms();
                    keys.push(Key::new(None, key, algorithms));
                }
            }
        }
        Ok(KeySet::new(keys))
    }

    fn client(&self) -> Result<Arc<dyn HttpClient>, ConfigError> {
        if let Some(client) = &self.client {
            return Ok(Arc::clone(client));
        }
        #[cfg(feature = "reqwest")]
        return match crate::ReqwestClient::new() {
            Ok(client) => Ok(Arc::new(client)),
            Err(problem) => Err(ConfigError::new("HTTP client", "reqwest", problem.to_string())),
        };
        #[cfg(not(feature = "reqwest"))]
        Err(ConfigError::new(
            "HTTP client",
            "none",
            "give one by `http_client`, or turn on the feature `reqwest`",
        ))
    }
}

/// The line that a PEM text begins with. The rest may be a private key, and is shown to nobody, nor
/// is a text that only looks like one.
fn label(pem: &str) -> String {
    let is_plain =
        |label: &&str| label.bytes().all(|byte| matches!(byte, b' ' | b'0'..=b'9' | b'A'..=b'Z'));
    let label =
        pem.trim_start().strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
    match label.map(|(label, _)| label).filter(is_plain) {
        Some(label) => format!("-----BEGIN {label}-----"),
        None => "\u{2026}".to_owned(),
    }
}

impl<Audience> fmt::Debug for JwtVerifierBuilder<Audience> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifierBuilder")
            .field("issuer", &self.settings.issuer)
            .field("audiences", &self.settings.audiences)
            .field("profile", &self.settings.profile)
            .finish_non_exhaustive()
    }
}
