//! When a fetch may start.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use super::{RemoteSettings, flight::Flight};
use crate::{Error, claims::NumericDate, verify::jwks::FetchError};

/// What requests agree on before one of them starts a fetch. Held for a moment, never across I/O.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) flight: Option<Flight>,
    failures: u32,
    last_error: Option<Arc<FetchError>>,
    retry_at: Option<NumericDate>,
    cool_until: Option<NumericDate>,
}

impl Control {
    /// Why no fetch may start now: the last one failed, and its pause isn't over.
    pub(super) fn pause(&self, now: NumericDate, settings: &RemoteSettings) -> Option<Error> {
        self.pause_left(now, settings).map(|left| self.unavailable(left))
    }

    /// How much is left of the pause after a failure.
    pub(super) fn pause_left(
        &self,
        now: NumericDate,
        settings: &RemoteSettings,
    ) -> Option<Duration> {
        time_left(self.retry_at, now, settings.longest_pause)
    }

    /// Whether the last fetch failed.
    pub(super) fn is_outage(&self) -> bool {
        self.failures > 0
    }

    /// How long no refetch may follow the one that was started for an unknown key.
    pub(super) fn cooling(&self, now: NumericDate, settings: &RemoteSettings) -> Option<Duration> {
        time_left(self.cool_until, now, settings.cool_down)
    }

    pub(super) fn start_cooling(&mut self, now: NumericDate, settings: &RemoteSettings) {
        self.cool_until = Some(now.saturating_add(settings.cool_down));
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self { cool_until: self.cool_until, ..Self::default() };
    }

    /// Records a failure and gives the time before which no fetch starts.
    pub(super) fn failed(
        &mut self,
        error: Arc<FetchError>,
        now: NumericDate,
        settings: &RemoteSettings,
    ) -> NumericDate {
        self.flight = None;
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(error);
        let retry_at = now.saturating_add(settings.pause(self.failures, jitter()));
        self.retry_at = Some(retry_at);
        retry_at
    }

    pub(super) fn last_error(&self) -> Option<&Arc<FetchError>> {
        self.last_error.as_ref()
    }

    /// The refusal of a request that needs keys that aren't there.
    pub(super) fn unavailable(&self, retry_after: Duration) -> Error {
        match &self.last_error {
            Some(error) => Error::unavailable(Arc::clone(error)),
            None => Error::unavailable("no keys have been fetched yet"),
        }
        .with_retry_after(retry_after)
    }

    /// How long until the next fetch may start, for those who were told to come back.
    pub(super) fn time_to_retry(&self, now: NumericDate, settings: &RemoteSettings) -> Duration {
        self.pause_left(now, settings).unwrap_or(settings.first_pause)
    }
}

/// The time from `now` to `until`. One that was set to be at most `longest` away and is further was
/// set before the clock was turned back, and counts no more.
fn time_left(until: Option<NumericDate>, now: NumericDate, longest: Duration) -> Option<Duration> {
    let left = until?.since(now)?;
    (!left.is_zero() && left <= longest).then_some(left)
}

/// A number from 0 to 1. It spreads retries and guards nothing, so the hasher's seed is enough.
fn jitter() -> f64 {
    let bits = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(bits & 0xffff).unwrap_or_default()) / 65_535.0
}
