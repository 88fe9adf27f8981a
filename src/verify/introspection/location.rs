//! The URL of the introspection endpoint.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::Mutex;

use super::error::IntrospectionError;
use crate::{
    Clock,
    claims::NumericDate,
    http_client::{
        HttpClient, Target,
        metadata::{self, LearnedUrls, Member, MetadataError},
    },
    verify::backoff::{Backoff, Failures},
};

/// The delays after failed discoveries.
const BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// How long a discovered URL is used before a failure of the endpoint may discard it.
const MIN_USE: Duration = Duration::from_secs(60);

/// A configured URL, or the one in the issuer's metadata.
pub(super) enum Location {
    Fixed(Target),
    Discovered(Discovery),
}

/// A URL that is discovered on first use.
pub(super) struct Discovery {
    issuer: Box<str>,
    allowed: LearnedUrls,
    /// Held across a discovery, so that concurrent introspections wait for the same one.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    url: Option<(Target, NumericDate)>,
    failures: Failures<MetadataError>,
}

impl Location {
    /// Creates the location for an issuer. `issuer` must be a validated URL.
    pub(super) fn of_issuer(issuer: &str, allowed: LearnedUrls) -> Self {
        let state = Mutex::default();
        Self::Discovered(Discovery { issuer: issuer.into(), allowed, state })
    }

    /// Returns the URL. After a failed discovery, the first introspection after the backoff tries
    /// again.
    pub(super) async fn find(
        &self,
        client: &dyn HttpClient,
        clock: &dyn Clock,
    ) -> Result<Target, IntrospectionError> {
        let discovery = match self {
            Self::Fixed(target) => return Ok(target.clone()),
            Self::Discovered(discovery) => discovery,
        };
        let now = || NumericDate::from_system_time(clock.now());
        let mut state = discovery.state.lock().await;
        if let Some((target, _)) = &state.url {
            return Ok(target.clone());
        }
        if let Some(error) = state.backoff(now()) {
            return Err(error);
        }
        let (issuer, allowed) = (&discovery.issuer, discovery.allowed);
        match metadata::discover(client, issuer, Member::IntrospectionEndpoint, allowed).await {
            Ok(target) => {
                *state = State { url: Some((target.clone(), now())), ..State::default() };
                Ok(target)
            }
            Err(error) => {
                let source = Arc::new(error);
                let retry_after = state.failures.record(Arc::clone(&source), now(), BACKOFF);
                Err(IntrospectionError::Discovery { source, retry_after })
            }
        }
    }

    /// Discards the URL of an endpoint that has failed, so that it is discovered again. A URL that was
    /// discovered within the last minute is retained.
    pub(super) async fn discard(&self, now: NumericDate) {
        let Self::Discovered(discovery) = self else { return };
        let mut state = discovery.state.lock().await;
        let is_recent = |at: NumericDate| now.since(at).is_some_and(|age| age < MIN_USE);
        state.url = state.url.take().filter(|(_, at)| is_recent(*at));
    }
}

impl State {
    /// Returns the error of the last discovery, if it failed and its backoff hasn't ended.
    fn backoff(&self, now: NumericDate) -> Option<IntrospectionError> {
        let retry_after = self.failures.cooldown_left(now)?;
        let source = Arc::clone(self.failures.last_error()?);
        Some(IntrospectionError::Discovery { source, retry_after })
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(target) => fmt::Display::fmt(target, f),
            Self::Discovered(discovery) => write!(f, "discovered from {}", discovery.issuer),
        }
    }
}
