//! When a fetch may start.

use std::{sync::Arc, time::Duration};

use super::RemoteSettings;
use crate::{
    Error,
    claims::NumericDate,
    telemetry::{IssuerLog, Occasion},
    verify::{
        backoff::{Cooldown, Failures},
        jwks::FetchError,
        single_flight::SingleFlight,
        work_limit::WorkLimit,
    },
};

/// The state that requests share before one of them starts a fetch. Its lock is held for a moment,
/// never across I/O.
#[derive(Default)]
pub(super) struct Control {
    /// The fetch that is running. There is one key set, so there is one key.
    pub(super) fetches: SingleFlight<(), ()>,
    pub(super) failures: Failures<FetchError>,
    /// The limit that fetches share with those of other issuers, if there is one.
    pub(super) limit: Option<Arc<WorkLimit>>,
    /// The cooldown since the last refetch for a token that no key verified.
    cooldown: Option<Cooldown>,
}

impl Control {
    /// Returns whether the last fetch failed.
    pub(super) fn fetch_failed(&self) -> bool {
        self.failures.last_error().is_some()
    }

    /// Returns the time before which no such refetch may start.
    pub(super) fn cooldown_left(&self, now: NumericDate) -> Option<Duration> {
        self.cooldown.as_ref().and_then(|cooldown| cooldown.left(now))
    }

    pub(super) fn is_cooling_down(&self, now: NumericDate) -> bool {
        self.cooldown.as_ref().is_some_and(|cooldown| cooldown.is_active(now))
    }

    pub(super) fn start_cooldown(&mut self, now: NumericDate, settings: &RemoteSettings) {
        self.cooldown = Some(Cooldown::new(now, settings.cooldown));
    }

    /// Returns the error for a request that needs keys which aren't available.
    pub(super) fn unavailable(&self, log: &Arc<IssuerLog>, retry_after: Duration) -> Error {
        let occasion = Occasion::KeysUnavailable;
        match self.failures.last_error() {
            Some(error) => log.unavailable(occasion, Arc::clone(error)),
            None => log.unavailable(occasion, "no keys have been fetched yet"),
        }
        .with_retry_after(retry_after)
    }
}
