//! Fetching a key set over HTTP.

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{HeaderValue, StatusCode, Uri, header::ETAG};

use super::{DEFAULT_MAX_KEYS, KeySet, KeyUse, cache_control, key_set::KeySetError};
use crate::{
    Clock,
    claims::NumericDate,
    error::{Finding, Report},
    http_client::{
        DocumentError, HttpClient, MAX_BODY, Target, get,
        metadata::{self, LearnedUrls, Member, MetadataError},
        require_json, server_time,
    },
    telemetry,
    verify::claim_findings::clock_finding,
};

/// The additional length of a document that is allowed for each key beyond the default limit, in
/// bytes.
const BODY_PER_KEY: usize = 2662;

/// How long the metadata is used before it is fetched again.
const METADATA_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The source of a remote key set.
pub(crate) trait FetchKeys: fmt::Debug + Send + Sync + 'static {
    /// Fetches the set. `etag` is the one of the cached set.
    fn fetch(&self, etag: Option<HeaderValue>) -> FetchFuture;

    /// Fetches the set without using it, and reports the findings. `now` is the time of this service.
    fn examine(&self, _now: NumericDate) -> ExamineFuture {
        let fetch = self.fetch(None);
        Box::pin(async { fetched_findings(fetch.await.map(|fetched| fetched.keys)) })
    }
}

pub(crate) type ExamineFuture = Pin<Box<dyn Future<Output = Vec<Finding>> + Send>>;

pub(crate) type FetchFuture = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send>>;

/// The result of a fetch.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// `None` if the cached set is still current.
    pub(crate) keys: Option<KeySet>,
    pub(crate) etag: Option<HeaderValue>,
    /// How long the set is fresh according to the response.
    pub(crate) freshness: Option<Duration>,
}

/// The reason why a fetch failed. The messages contain the URL, but no part of the response body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("fetching the keys timed out or was aborted")]
    Aborted,
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the response from `{url}` isn't a usable key set")]
    KeySet { url: String, source: KeySetError },
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error("the key source failed")]
    #[allow(dead_code, reason = "constructed by key sources other than HTTP")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl FetchError {
    /// Returns a hint if the error is a common mistake.
    pub(crate) fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Metadata(error) => error.hint(),
            Self::KeySet { source: KeySetError::NoKey(_), .. } => Some(
                "have the issuer publish a key for signatures (`use: sig`) of a supported type"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// A source of keys over HTTP, with a fixed URL or the one in the issuer's metadata.
#[derive(Clone)]
pub(crate) struct HttpKeys {
    client: Arc<dyn HttpClient>,
    location: Location,
    max_keys: usize,
    key_use: KeyUse,
}

#[derive(Clone)]
enum Location {
    Fixed(Target),
    Discovered(Arc<Discovery>),
}

/// The URL in an issuer's metadata.
struct Discovery {
    /// The required `issuer` in the metadata.
    issuer: Arc<str>,
    /// The URL of the metadata, unless it is a well-known one.
    metadata_url: Option<Uri>,
    allowed: LearnedUrls,
    clock: Arc<dyn Clock>,
    /// The result of the last discovery. It is `None` while the keys are fetched, so that a failed
    /// fetch is followed by a new discovery.
    found: Mutex<Option<Found>>,
}

/// The result of a discovery.
#[derive(Clone)]
struct Found {
    jwks_uri: Target,
    /// The time of the request for the metadata.
    at: NumericDate,
}

impl HttpKeys {
    pub(crate) fn at(client: Arc<dyn HttpClient>, jwks_uri: Target) -> Self {
        Self::new(client, Location::Fixed(jwks_uri))
    }

    /// Creates a source that discovers the URL of the keys. `issuer` must be a validated URL,
    /// unless there is a `metadata_url`.
    pub(crate) fn of_issuer(
        client: Arc<dyn HttpClient>,
        issuer: &str,
        metadata_url: Option<Uri>,
        allowed: LearnedUrls,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let found = Mutex::default();
        let discovery = Discovery { issuer: issuer.into(), metadata_url, allowed, clock, found };
        let location = Location::Discovered(Arc::new(discovery));
        Self::new(client, location)
    }

    fn new(client: Arc<dyn HttpClient>, location: Location) -> Self {
        Self { client, location, max_keys: DEFAULT_MAX_KEYS, key_use: KeyUse::Signature }
    }

    /// Accepts sets of up to `max_keys` keys, with documents that are long enough for them, and keys for
    /// `key_use`.
    pub(crate) fn accepting(self, max_keys: usize, key_use: KeyUse) -> Self {
        Self { max_keys, key_use, ..self }
    }

    async fn fetch_set(self, etag: Option<HeaderValue>) -> Result<Fetched, FetchError> {
        match &self.location {
            Location::Fixed(target) => self.get_keys(target, etag).await,
            Location::Discovered(discovery) => {
                let (found, is_known) = discovery.find(&*self.client).await?;
                // An ETag is only meaningful for the URL from which it came (RFC 9110 §8.8.3).
                let fetched = self.get_keys(&found.jwks_uri, etag.filter(|_| is_known)).await?;
                *discovery.lock() = Some(found);
                Ok(fetched)
            }
        }
    }

    /// Requests the metadata and the keys, and compares the clocks.
    async fn examine_set(self, now: NumericDate) -> Vec<Finding> {
        let mut findings = Vec::new();
        let target = match &self.location {
            Location::Fixed(target) => target.clone(),
            Location::Discovered(discovery) => {
                match discovery.discover(&*self.client).await.map_err(FetchError::from) {
                    Ok(target) => {
                        findings.push(Finding::passed("metadata").found(&target.to_string()));
                        target
                    }
                    Err(error) => return vec![failure("metadata", &error)],
                }
            }
        };
        let response = match get(&*self.client, &target, None, self.max_body()).await {
            Ok(response) => response,
            Err(error) => {
                findings.push(failure("keys", &error.into()));
                return findings;
            }
        };
        let server_time = server_time(response.headers());
        let keys = require_json(&target, response).map_err(FetchError::from);
        let keys = keys.and_then(|response| {
            KeySet::from_json(response.body(), self.max_keys, self.key_use)
                .map_err(|source| FetchError::KeySet { url: target.to_string(), source })
        });
        findings.extend(fetched_findings(keys.map(Some)));
        findings.extend(server_time.map(|time| clock_finding(time, now)));
        findings
    }

    async fn get_keys(
        &self,
        target: &Target,
        etag: Option<HeaderValue>,
    ) -> Result<Fetched, FetchError> {
        let conditional = etag.is_some();
        let response = get(&*self.client, target, etag, self.max_body()).await?;
        let freshness = cache_control::freshness(response.headers());
        if conditional && response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Fetched { keys: None, etag: None, freshness });
        }
        let response = require_json(target, response)?;
        let keys = KeySet::from_json(response.body(), self.max_keys, self.key_use)
            .map_err(|source| FetchError::KeySet { url: target.to_string(), source })?;
        Ok(Fetched { keys: Some(keys), etag: response.headers().get(ETAG).cloned(), freshness })
    }

    /// Returns the maximum length of a document.
    fn max_body(&self) -> usize {
        let more_keys = self.max_keys.saturating_sub(DEFAULT_MAX_KEYS);
        MAX_BODY.saturating_add(more_keys.saturating_mul(BODY_PER_KEY))
    }
}

impl Discovery {
    /// Returns the URL to use, and whether it is the same as before. If the metadata can't be fetched again
    /// after a day, the old URL is used for another day.
    async fn find(&self, client: &dyn HttpClient) -> Result<(Found, bool), MetadataError> {
        let now = NumericDate::from_system_time(self.clock.now());
        let known = self.lock().take();
        let is_current =
            |known: &Found| now.since(known.at).is_some_and(|age| age < METADATA_LIFETIME);
        if let Some(known) = known.clone().filter(is_current) {
            return Ok((known, true));
        }
        match (self.discover(client).await, known) {
            (Ok(jwks_uri), known) => {
                let is_known = known.is_some_and(|known| known.jwks_uri == jwks_uri);
                Ok((Found { jwks_uri, at: now }, is_known))
            }
            (Err(error), Some(known)) => {
                telemetry::metadata_not_refreshed(&self.issuer, &error);
                Ok((Found { at: now, ..known }, true))
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Fetches the metadata, and returns the URL of the keys.
    async fn discover(&self, client: &dyn HttpClient) -> Result<Target, MetadataError> {
        let (issuer, member) = (&*self.issuer, Member::JwksUri);
        match &self.metadata_url {
            Some(place) => metadata::read(client, place, issuer, member, self.allowed).await,
            None => metadata::discover(client, issuer, member, self.allowed).await,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FetchKeys for HttpKeys {
    fn fetch(&self, etag: Option<HeaderValue>) -> FetchFuture {
        Box::pin(self.clone().fetch_set(etag))
    }

    fn examine(&self, now: NumericDate) -> ExamineFuture {
        Box::pin(self.clone().examine_set(now))
    }
}

/// Returns findings about a key set: its keys, and those that were left out.
pub(crate) fn keys_findings(keys: &KeySet) -> Vec<Finding> {
    let found = Finding::passed("keys").expected_one_of(keys.key_ids());
    let left_out = keys.left_out().to_string();
    let mut findings = vec![found.found(&format!("{} keys", keys.len()))];
    if !left_out.is_empty() {
        findings.push(
            Finding::passed("keys left out")
                .found(&left_out)
                .hint("tokens that are signed with these keys are rejected, which is correct if these keys don't sign tokens"),
        );
    }
    findings
}

fn fetched_findings(fetched: Result<Option<KeySet>, FetchError>) -> Vec<Finding> {
    match fetched {
        Ok(Some(keys)) => keys_findings(&keys),
        Ok(None) => vec![Finding::passed("keys")],
        Err(error) => vec![failure("keys", &error)],
    }
}

fn failure(rule: &'static str, error: &FetchError) -> Finding {
    Finding::unknown(rule).found(&Report(error).to_string()).maybe_hint(error.hint())
}

impl fmt::Debug for HttpKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Location::Fixed(target) => fmt::Display::fmt(target, f),
            Location::Discovered(discovery) => write!(f, "discovered from {}", discovery.issuer),
        }
    }
}
