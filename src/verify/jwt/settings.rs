//! The configuration of a verifier, validated as a whole.

use std::{sync::Arc, time::Duration};

use http::Uri;

use super::{
    Profile,
    issuer::{ClaimCheck, Issuer},
    key_source::KeySource,
    rules::{RequiredClaim, Rules},
    token_cache, token_type,
};
use crate::url::{self, Query};
use crate::{
    Algorithm, Clock, ConfigError, Secret,
    claims::{AudienceNames, AudienceRule, DEFAULT_LEEWAY, GivenClaimOptions, ResourceIdentifier},
    clock::SystemClock,
    http_client::{self, HttpClient, Target, metadata::LearnedUrls},
    jose::{
        algorithm::AlgorithmSet,
        crypto::{self, VerifyingKey},
    },
    verify::{
        Revocations,
        jwks::{
            DEFAULT_MAX_KEYS, FetchKeys, HttpKeys, Key, KeySet, KeyUse, LeftOutKeys, RemoteKeys,
            RemoteSettings,
        },
    },
};

/// Everything that a builder can set.
pub(super) struct Settings {
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    pub(super) resources: Vec<ResourceIdentifier>,
    pub(super) clients: Vec<String>,
    pub(super) required: Vec<RequiredClaim>,
    pub(super) any_audience: bool,
    pub(super) urls: LearnedUrls,
    pub(super) algorithms: Option<Vec<Algorithm>>,
    pub(super) profile: Profile,
    pub(super) accepted_types: Vec<String>,
    pub(super) accepts_id_tokens: bool,
    pub(super) leeway: Duration,
    pub(super) claims: GivenClaimOptions,
    pub(super) checks: Vec<Box<ClaimCheck>>,
    pub(super) jwks_uri: Option<String>,
    pub(super) metadata_url: Option<String>,
    /// The `issuer` in the metadata, if it differs from the `iss` of tokens.
    pub(super) metadata_issuer: Option<String>,
    pub(super) source: Option<Box<Source>>,
    pub(super) max_keys: usize,
    pub(super) given: Vec<GivenKeys>,
    pub(super) client: Option<Arc<dyn HttpClient>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) remote: RemoteSettings,
    pub(super) cache_capacity: usize,
    pub(super) revocations: Option<Revocations>,
}

/// Creates a source of keys that accepts at most this number of keys.
pub(super) type Source = dyn FnOnce(usize) -> Box<dyn FetchKeys> + Send + Sync;

/// Keys that are configured instead of fetched.
pub(super) enum GivenKeys {
    JwkSet(String),
    Pem(String),
    Secret(Algorithm, Secret),
}

impl Settings {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            issuer,
            audiences: Vec::new(),
            resources: Vec::new(),
            clients: Vec::new(),
            required: Vec::new(),
            any_audience: false,
            urls: LearnedUrls::default(),
            algorithms: None,
            profile: Profile::default(),
            accepted_types: Vec::new(),
            accepts_id_tokens: false,
            leeway: DEFAULT_LEEWAY,
            claims: GivenClaimOptions::default(),
            checks: Vec::new(),
            jwks_uri: None,
            metadata_url: None,
            metadata_issuer: None,
            source: None,
            max_keys: DEFAULT_MAX_KEYS,
            given: Vec::new(),
            client: None,
            clock: Arc::new(SystemClock),
            remote: RemoteSettings::default(),
            cache_capacity: token_cache::DEFAULT_CAPACITY,
            revocations: None,
        }
    }

    /// Validates the configuration. An error names the setting and its value.
    pub(super) fn into_issuer(mut self) -> Result<Issuer, ConfigError> {
        self.validate_names()?;
        let allowed = self.allowed_algorithms()?;
        let keys = self.key_source()?;
        let audience = self.audience_rule()?;
        let accepted_types = self.accepted_types()?;
        Ok(Issuer {
            rules: Rules {
                issuer: self.issuer.into_boxed_str(),
                audience,
                required: self.required,
                profile: self.profile,
                accepted_types,
                accepts_id_tokens: self.accepts_id_tokens,
                leeway: self.leeway,
                max_lifetime: self.claims.max_lifetime()?,
            },
            algorithms: allowed,
            claim_options: self.claims.validate()?,
            checks: self.checks,
            keys,
            revocations: self.revocations.unwrap_or_else(|| Revocations::for_clock(&self.clock)),
            clock: self.clock,
        })
    }

    fn validate_names(&self) -> Result<(), ConfigError> {
        if self.issuer.is_empty() {
            return Err(ConfigError::new("issuer", "", "must not be empty"));
        }
        if self.profile == Profile::JwtSvid && !is_trust_domain(&self.issuer) {
            let problem =
                "must be a trust domain such as `spiffe://example.org` for the profile `jwt-svid`";
            return Err(ConfigError::new("issuer", &*self.issuer, problem));
        }
        let is_empty = |claim: &&RequiredClaim| claim.is_prefix && claim.text.is_empty();
        if let Some(claim) = self.required.iter().find(is_empty) {
            return Err(ConfigError::new(
                "prefix of the required claim",
                &*claim.name,
                "must not be empty",
            ));
        }
        let has_location =
            self.jwks_uri.is_some() || !self.given.is_empty() || self.source.is_some();
        for (what, value) in
            [("metadata_url", &self.metadata_url), ("metadata_issuer", &self.metadata_issuer)]
        {
            if let Some(value) = value.as_ref().filter(|_| has_location) {
                let problem = "has no effect, because the keys are configured in another way";
                return Err(ConfigError::new(what, &**value, problem));
            }
        }
        Ok(())
    }

    fn audience_rule(&mut self) -> Result<AudienceRule, ConfigError> {
        let boxed = |names: &mut Vec<String>| {
            std::mem::take(names).into_iter().map(String::into_boxed_str).collect()
        };
        if self.audiences.iter().chain(&self.clients).any(String::is_empty) {
            return Err(ConfigError::new("audience", "", "must not be empty"));
        }
        let names = AudienceNames {
            exact: boxed(&mut self.audiences),
            resources: std::mem::take(&mut self.resources),
        };
        match (self.any_audience, names.is_empty(), self.clients.first()) {
            (true, true, None) => Ok(AudienceRule::Any),
            (false, false, None) => Ok(AudienceRule::OneOf(names)),
            (false, true, Some(_)) => Ok(AudienceRule::ClientOneOf(boxed(&mut self.clients))),
            (true, ..) => Err(ConfigError::new(
                "audience",
                "any",
                "can't be combined with an audience or client",
            )),
            (.., client) => {
                let client = client.cloned().unwrap_or_default();
                Err(ConfigError::new("client", client, "can't be combined with an audience"))
            }
        }
    }

    fn accepted_types(&self) -> Result<Vec<Box<str>>, ConfigError> {
        for typ in &self.accepted_types {
            if let Some(problem) = token_type::danger(typ) {
                return Err(ConfigError::new("accepted type", typ, problem));
            }
        }
        let id_tokens = token_type::ID_TOKEN.into_iter().filter(|_| self.accepts_id_tokens);
        Ok(self.accepted_types.iter().map(String::as_str).chain(id_tokens).map(Box::from).collect())
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
                if let Some(one) = named.iter().find(|one| !crypto::supports(**one)) {
                    return Err(ConfigError::new("algorithm", one.name(), crypto::UNSUPPORTED));
                }
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
        if self.max_keys == 0 {
            return Err(ConfigError::new("maximum number of keys", "0", "at least one is needed"));
        }
        if !self.given.is_empty() {
            let keys = self.given_keys()?;
            let named = self.algorithms.iter().flatten();
            if let Some(orphan) = named.copied().find(|one| !keys.can_verify(*one)) {
                return Err(ConfigError::new(
                    "algorithm",
                    orphan.name(),
                    "no configured key can be used with it",
                ));
            }
            return Ok(KeySource::given(keys));
        }
        let source = match self.source.take() {
            Some(source) => source(self.max_keys),
            None => Box::new(self.http_keys()?.accepting(self.max_keys, self.key_use())),
        };
        let (issuer, clock) = (self.issuer.as_str().into(), Arc::clone(&self.clock));
        Ok(KeySource::remote(RemoteKeys::new(issuer, source, clock, self.remote.clone())))
    }

    fn http_keys(&self) -> Result<HttpKeys, ConfigError> {
        let client = || http_client::or_default(self.client.clone());
        if let Some(uri) = &self.jwks_uri {
            // Nothing is discovered, so the issuer can have any name.
            let uri = self.endpoint("jwks_uri", uri, Query::Allowed)?;
            return Ok(HttpKeys::at(client()?, Target::configured(uri)));
        }
        let (what, named) = match &self.metadata_issuer {
            Some(named) => ("metadata_issuer", named),
            None => ("issuer", &self.issuer),
        };
        let metadata_url = self.metadata_url.as_ref();
        let metadata_url = metadata_url
            .map(|url| self.endpoint("metadata_url", url, Query::Allowed))
            .transpose()?;
        if metadata_url.is_none() {
            self.endpoint(what, named, Query::Forbidden)?;
        }
        let clock = Arc::clone(&self.clock);
        Ok(HttpKeys::of_issuer(client()?, named, metadata_url, self.urls, clock))
    }

    fn key_use(&self) -> KeyUse {
        match self.profile {
            Profile::JwtSvid => KeyUse::JwtSvid,
            Profile::Relaxed | Profile::Rfc9068 => KeyUse::Signature,
        }
    }

    fn endpoint(&self, what: &'static str, url: &str, query: Query) -> Result<Uri, ConfigError> {
        url::parse(url, query, self.urls.allow_http).map_err(|problem| {
            let remedy = match what {
                "issuer" => "; an issuer with any other name needs `metadata_url` or `jwks_uri`",
                _ => "",
            };
            ConfigError::new(what, url, format!("{problem}{remedy}"))
        })
    }

    fn given_keys(&self) -> Result<KeySet, ConfigError> {
        let (mut keys, mut left_out) = (Vec::new(), LeftOutKeys::NONE);
        for given in &self.given {
            match given {
                GivenKeys::JwkSet(json) => {
                    let set = KeySet::from_json(json.as_bytes(), self.max_keys, self.key_use())
                        .map_err(|problem| ConfigError::new("JWK Set", "…", problem.to_string()))?;
                    set.left_out().report(&self.issuer);
                    left_out.append(set.left_out());
                    keys.extend(set.into_keys());
                }
                GivenKeys::Pem(pem) => {
                    let key = Key::from_pem(pem).map_err(|problem| {
                        ConfigError::pem("PEM key", pem.as_bytes(), problem.to_string())
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
        Ok(KeySet::new(keys).leaving_out(left_out))
    }
}

/// Returns whether a name is a SPIFFE trust domain (SPIFFE ID §2.1), as a URL without a path.
fn is_trust_domain(name: &str) -> bool {
    let is_plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_')
    };
    name.strip_prefix("spiffe://")
        .is_some_and(|domain| (1..=255).contains(&domain.len()) && domain.bytes().all(is_plain))
}
