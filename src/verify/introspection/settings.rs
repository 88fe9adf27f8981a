//! The configuration of a verifier, validated as a whole.

use std::{fmt, sync::Arc, sync::atomic::AtomicBool, time::Duration};

use super::{
    cache::IntrospectionCache,
    client_authentication::ClientAuthentication,
    endpoint::Endpoint,
    introspector::{Check, Flights, InactiveCount, Introspector},
    location::Location,
    permits::Permits,
    recently_active::RecentlyActive,
    rules::Rules,
    signer::Signer,
};
use crate::url::{self, Query};
use crate::verify::Revocations;
use crate::{
    Clock, ConfigError,
    claims::{AudienceNames, AudienceRule, GivenClaimOptions, ResourceIdentifier},
    clock::SystemClock,
    http_client::{self, HttpClient, Target, metadata::LearnedUrls},
    telemetry::Throttle,
};

/// The maximum time for which an introspection waits for a permit. The introspection itself has to complete
/// within the same timeout of a single flight.
const MAX_QUEUE_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum number of introspections. It is enough for any endpoint, and small enough that
/// derived limits don't overflow.
const MAX_CONCURRENT: usize = 1_000_000;

/// Everything that a builder can set.
pub(super) struct Settings {
    pub(super) address: Address,
    pub(super) authentication: Option<ClientAuthentication>,
    pub(super) assertion_audience: Option<String>,
    pub(super) audiences: Vec<String>,
    pub(super) resources: Vec<ResourceIdentifier>,
    pub(super) without_audience: bool,
    pub(super) any_audience: bool,
    pub(super) urls: LearnedUrls,
    pub(super) issuer: Option<String>,
    pub(super) claims: GivenClaimOptions,
    pub(super) checks: Vec<Box<Check>>,
    pub(super) cache_for: Duration,
    pub(super) negative_cache_for: Duration,
    pub(super) cache_capacity: usize,
    pub(super) max_concurrent: usize,
    pub(super) queue_timeout: Duration,
    pub(super) signer: Option<Signer>,
    pub(super) max_response_age: Duration,
    pub(super) client: Option<Arc<dyn HttpClient>>,
    pub(super) revocations: Option<Revocations>,
    pub(super) clock: Arc<dyn Clock>,
}

/// The address with which a builder was created.
pub(super) enum Address {
    Endpoint(String),
    Issuer(String),
}

impl Settings {
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            authentication: None,
            assertion_audience: None,
            audiences: Vec::new(),
            resources: Vec::new(),
            without_audience: false,
            any_audience: false,
            urls: LearnedUrls::default(),
            issuer: None,
            claims: GivenClaimOptions::default(),
            checks: Vec::new(),
            cache_for: Duration::from_secs(60),
            negative_cache_for: Duration::from_secs(5),
            cache_capacity: 10_000,
            max_concurrent: 100,
            queue_timeout: MAX_QUEUE_TIMEOUT,
            signer: None,
            max_response_age: Duration::from_secs(5 * 60),
            client: None,
            revocations: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Validates the configuration. An error names the setting and its value.
    pub(super) fn into_introspector(self) -> Result<Introspector, ConfigError> {
        let (host, location) = self.location()?;
        let audience = self.audience_rule()?;
        let authentication = self
            .authentication
            .ok_or_else(|| ConfigError::new("client authentication", "none", "one is needed"))?;
        authentication.check()?;
        if self.cache_capacity == 0 {
            let problem =
                "must be at least 1; to disable the cache, use `cache_for(Duration::ZERO)`";
            return Err(ConfigError::new("cache capacity", "0", problem));
        }
        if !(1..=MAX_CONCURRENT).contains(&self.max_concurrent) {
            let problem = format!("must be from 1 to {MAX_CONCURRENT}");
            return Err(ConfigError::new(
                "max_concurrent",
                self.max_concurrent.to_string(),
                problem,
            ));
        }
        if self.queue_timeout > MAX_QUEUE_TIMEOUT {
            let problem = format!("must be at most {MAX_QUEUE_TIMEOUT:?}");
            return Err(ConfigError::new(
                "queue_timeout",
                format!("{:?}", self.queue_timeout),
                problem,
            ));
        }
        let issuer = match (self.issuer, self.address) {
            (Some(issuer), _) | (None, Address::Issuer(issuer)) => Some(issuer.into_boxed_str()),
            (None, Address::Endpoint(_)) => None,
        };
        if self.assertion_audience.as_ref().is_some_and(String::is_empty) {
            return Err(ConfigError::new("assertion_audience", "", "must not be empty"));
        }
        let assertion_audience = self.assertion_audience.map(String::into_boxed_str);
        let assertion_audience = assertion_audience.or_else(|| issuer.clone());
        Ok(Introspector {
            host,
            endpoint: Endpoint {
                client: http_client::or_default(self.client)?,
                location,
                authentication,
                assertion_audience,
                signer: self.signer,
                max_response_age: self.max_response_age,
            },
            rules: Rules { issuer, audience, max_lifetime: self.claims.max_lifetime()? },
            claim_options: self.claims.validate()?,
            checks: self.checks,
            revocations: self.revocations.unwrap_or_else(|| Revocations::for_clock(&self.clock)),
            clock: self.clock,
            cache: IntrospectionCache::new(
                self.cache_capacity,
                self.cache_for,
                self.negative_cache_for,
            ),
            recently_active: RecentlyActive::new(self.cache_capacity, self.cache_for),
            permits: Permits::new(self.max_concurrent, self.queue_timeout),
            flights: Flights::default(),
            failures: Throttle::default(),
            inactive: InactiveCount::default(),
            is_failing: AtomicBool::new(false),
        })
    }

    fn location(&self) -> Result<(Arc<str>, Location), ConfigError> {
        let parse = |what, url: &str, query| {
            url::parse(url, query, self.urls.allow_http)
                .map_err(|problem| ConfigError::new(what, url, problem.to_string()))
        };
        let (uri, location) = match &self.address {
            Address::Endpoint(url) => {
                let uri = parse("introspection endpoint", url, Query::Allowed)?;
                (uri.clone(), Location::Fixed(Target::configured(uri)))
            }
            Address::Issuer(issuer) => {
                (parse("issuer", issuer, Query::Forbidden)?, Location::of_issuer(issuer, self.urls))
            }
        };
        Ok((uri.host().unwrap_or_default().into(), location))
    }

    fn audience_rule(&self) -> Result<AudienceRule, ConfigError> {
        if self.audiences.iter().any(String::is_empty) {
            return Err(ConfigError::new("audience", "", "must not be empty"));
        }
        if !self.any_audience {
            let exact = self.audiences.iter().map(|name| name.as_str().into()).collect();
            let names = AudienceNames { exact, resources: self.resources.clone() };
            return Ok(if self.without_audience {
                AudienceRule::OneOfOrNone(names)
            } else {
                AudienceRule::OneOf(names)
            });
        }
        if self.without_audience || !self.audiences.is_empty() || !self.resources.is_empty() {
            let problem = "can't be combined with `audience` or `without_audience`";
            return Err(ConfigError::new("audience", "any", problem));
        }
        Ok(AudienceRule::Any)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Endpoint(url) | Self::Issuer(url)) = self;
        f.write_str(&url::redact(url))
    }
}
