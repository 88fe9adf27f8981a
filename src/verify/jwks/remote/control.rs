//! Controls when a fetch may start.

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

/// The state that requests share to start at most one fetch. Its lock is held briefly, and never
/// across I/O.
#[derive(Default)]
pub(super) struct Control {
    /// The running fetch. The key is `()`, because there is only one key set.
    pub(super) fetches: SingleFlight<(), ()>,
    pub(super) failures: Failures<FetchError>,
    /// The limit that is shared with the fetches of other issuers, if there is one.
    pub(super) limit: Option<Arc<WorkLimit>>,
    /// The cooldown after the last refetch for a token that no key verified.
    cooldown: Option<Cooldown>,
}

impl Control {
    /// Returns whether the last fetch failed.
    pub(super) fn fetch_failed(&self) -> bool {
        self.failures.last_error().is_some()
    }

    /// Returns the time until such a refetch may start.
    pub(super) fn cooldown_left(&self, now: NumericDate) -> Option<Duration> {
        self.cooldown.as_ref().and_then(|cooldown| cooldown.left(now))
    }

    pub(super) fn is_cooling_down(&self, now: NumericDate) -> bool {
        self.cooldown.as_ref().is_some_and(|cooldown| cooldown.is_active(now))
    }

    pub(super) fn start_cooldown(&mut self, now: NumericDate, settings: &RemoteSettings) {
        self.cooldown = Some(Cooldown::new(now, settings.cooldown));
    }

    /// Returns the error for a request if the keys that it needs aren't available.
    pub(super) fn unavailable(&self, log: &Arc<IssuerLog>, retry_after: Duration) -> Error {
        let occasion = Occasion::KeysUnavailable;
        match self.failures.last_error() {
            Some(error) => log.unavailable(occasion, Arc::clone(error)),
            None => log.unavailable(occasion, "no keys have been fetched yet"),
        }
        .with_retry_after(retry_after)
    }
}
