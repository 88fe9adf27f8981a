//! Fetching a key set over HTTP.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderValue, StatusCode, Uri, header::ETAG};

use super::{KeySet, cache_control, key_set::KeySetError};
use crate::http_client::{
    DocumentError, HttpClient, get,
    metadata::{self, Member, MetadataError},
    require_json,
};

/// The source of a remote key set.
pub(crate) trait FetchKeys: fmt::Debug + Send + Sync + 'static {
    /// Fetches the set. `etag` is that of the cached set.
    fn fetch(&self, etag: Option<HeaderValue>) -> FetchFuture;
}

pub(crate) type FetchFuture = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send>>;

/// The result of a fetch.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// `None` if the cached set is still current.
    pub(crate) keys: Option<KeySet>,
    pub(crate) etag: Option<HeaderValue>,
    /// How long the response says that the set is fresh.
    pub(crate) freshness: Option<Duration>,
}

/// Why a fetch failed. The messages contain the URL, and nothing of the response's body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the fetch of the keys timed out or was aborted")]
    Aborted,
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the response from `{url}` is not a usable key set")]
    KeySet { url: String, source: KeySetError },
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error("the key source failed")]
    #[allow(dead_code, reason = "constructed by key sources other than HTTP")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Fetches keys over HTTP, from a fixed URL or from the one in the issuer's metadata.
#[derive(Debug, Clone)]
pub(crate) struct HttpKeys {
    client: Arc<dyn HttpClient>,
    location: Location,
}

#[derive(Debug, Clone)]
enum Location {
    Fixed(Uri),
    Discovered { issuer: Arc<str>, allow_http: bool, known: Arc<Mutex<Option<Uri>>> },
}

impl HttpKeys {
    pub(crate) fn at(client: Arc<dyn HttpClient>, jwks_uri: Uri) -> Self {
        Self { client, location: Location::Fixed(jwks_uri) }
    }

    /// `issuer` is a URL that was validated.
    pub(crate) fn of_issuer(client: Arc<dyn HttpClient>, issuer: &str, allow_http: bool) -> Self {
        let location =
            Location::Discovered { issuer: issuer.into(), allow_http, known: Arc::default() };
        Self { client, location }
    }

    async fn fetch_set(self, etag: Option<HeaderValue>) -> Result<Fetched, FetchError> {
        match &self.location {
            Location::Fixed(uri) => self.get_keys(uri, etag).await,
            Location::Discovered { issuer, allow_http, known } => {
                // Taken out, so that a failed fetch is followed by a new discovery.
                let address = known.lock().unwrap_or_else(PoisonError::into_inner).take();
                let (uri, etag) = if let Some(uri) = address {
                    (uri, etag)
                } else {
                    let client = &*self.client;
                    let found = metadata::discover(client, issuer, Member::JwksUri, *allow_http);
                    // An ETag is only meaningful for the URL that it came from (RFC 9110 §8.8.3).
                    (found.await?, None)
                };
                let fetched = self.get_keys(&uri, etag).await?;
                *known.lock().unwrap_or_else(PoisonError::into_inner) = Some(uri);
                Ok(fetched)
            }
        }
    }

    async fn get_keys(&self, uri: &Uri, etag: Option<HeaderValue>) -> Result<Fetched, FetchError> {
        let conditional = etag.is_some();
        let response = get(&*self.client, uri, etag).await?;
        let freshness = cache_control::freshness(response.headers());
        if conditional && response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Fetched { keys: None, etag: None, freshness });
        }
        let response = require_json(uri, response)?;
        let keys = KeySet::from_json(response.body())
            .map_err(|source| FetchError::KeySet { url: uri.to_string(), source })?;
        Ok(Fetched { keys: Some(keys), etag: response.headers().get(ETAG).cloned(), freshness })
    }
}

impl FetchKeys for HttpKeys {
    fn fetch(&self, etag: Option<HeaderValue>) -> FetchFuture {
        Box::pin(self.clone().fetch_set(etag))
    }
}
