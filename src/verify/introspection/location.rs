//! Where the introspection endpoint is.

use std::{sync::Arc, time::Duration};

use http::Uri;
use tokio::sync::Mutex;

use super::error::IntrospectionError;
use crate::{
    Clock,
    claims::NumericDate,
    http_client::{
        HttpClient,
        metadata::{self, Member, MetadataError},
    },
};

/// The pause after one failed discovery, doubled with each further one, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long an address is not doubted after it was found.
const TRUST: Duration = Duration::from_secs(60);

/// An address that was given, or one that the issuer's metadata names.
#[derive(Debug)]
pub(super) enum Location {
    Fixed(Uri),
    Discovered(Discovery),
}

/// An address that is looked up when it is first needed.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: Box<str>,
    allow_http: bool,
    /// Held across a look-up: those who need the address wait for the same one.
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    address: Option<(Uri, NumericDate)>,
    failures: u32,
    last_failure: Option<(Arc<MetadataError>, NumericDate)>,
}

impl Location {
    /// `issuer` is an address that was checked.
    pub(super) fn of_issuer(issuer: &str, allow_http: bool) -> Self {
        let found = Mutex::default();
        Self::Discovered(Discovery { issuer: issuer.into(), allow_http, found })
    }

    /// The address. A look-up that fails is tried again after a pause, by a request that needs it.
    pub(super) async fn find(
        &self,
        client: &dyn HttpClient,
        clock: &dyn Clock,
    ) -> Result<Uri, IntrospectionError> {
        let discovery = match self {
            Self::Fixed(uri) => return Ok(uri.clone()),
            Self::Discovered(discovery) => discovery,
        };
        let now = || NumericDate::from_system_time(clock.now());
        let mut found = discovery.found.lock().await;
        if let Some((uri, _)) = &found.address {
            return Ok(uri.clone());
        }
        if let Some(failure) = found.pause(now()) {
            return Err(failure);
        }
        let (issuer, allow_http) = (&discovery.issuer, discovery.allow_http);
        match metadata::discover(client, issuer, Member::IntrospectionEndpoint, allow_http).await {
            Ok(uri) => {
                *found = Found { address: Some((uri.clone(), now())), ..Found::default() };
                Ok(uri)
            }
            Err(error) => Err(found.failed(error, now())),
        }
    }

    /// Looks an address up again that no longer answers, unless it has just been found.
    pub(super) async fn doubt(&self, now: NumericDate) {
        let Self::Discovered(discovery) = self else { return };
        let mut found = discovery.found.lock().await;
        let is_young = |at: NumericDate| now.since(at).is_some_and(|age| age < TRUST);
        found.address = found.address.take().filter(|(_, at)| is_young(*at));
    }
}

impl Found {
    /// Why no look-up may start now.
    fn pause(&self, now: NumericDate) -> Option<IntrospectionError> {
        let (error, failed_at) = self.last_failure.as_ref()?;
        // A clock that was turned back means no pause.
        let left = pause(self.failures).checked_sub(now.since(*failed_at)?)?;
        let source = Arc::clone(error);
        (!left.is_zero()).then_some(IntrospectionError::Discovery { source, retry_after: left })
    }

    fn failed(&mut self, error: MetadataError, now: NumericDate) -> IntrospectionError {
        let source = Arc::new(error);
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some((Arc::clone(&source), now));
        IntrospectionError::Discovery { source, retry_after: pause(self.failures) }
    }
}

fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_PAUSE.saturating_mul(1_u32.wrapping_shl(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_one_second_to_a_minute() {
        for (failures, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            assert_eq!(pause(failures).as_secs(), seconds);
        }
    }
}
