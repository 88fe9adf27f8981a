//! The state of a key set, and the fetches that change it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use arc_swap::{ArcSwapOption, Guard};
use tokio::time::Instant;

use super::{
    RemoteSettings, Snapshot, Waiter, control::Control, freshness::Freshness, snapshot::Age,
};
use crate::{
    Clock, Error,
    claims::NumericDate,
    error::excerpts,
    telemetry::{self, IssuerLog},
    verify::{
        backoff::Failures,
        jwks::{
            FetchError, KeySet,
            fetch::{FetchKeys, Fetched},
        },
        single_flight::FlightId,
        work_limit::WorkLimit,
    },
};

/// The state that the requests for keys and their fetches share.
pub(super) struct Shared {
    /// The configured name of the issuer.
    pub(super) issuer: Arc<str>,
    /// The log of the pattern to which the issuer belongs as a tenant. Other issuers have a
    /// separate log.
    pub(super) pattern_log: OnceLock<Arc<IssuerLog>>,
    pub(super) own_log: Arc<IssuerLog>,
    pub(super) source: Box<dyn FetchKeys>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: RemoteSettings,
    pub(super) snapshot: ArcSwapOption<Snapshot>,
    pub(super) freshness: Freshness,
    /// The time, in seconds, until which no request starts a refresh, so that requests don't contend
    /// for the lock during an outage.
    pub(super) quiet_until: AtomicU64,
    pub(super) control: Mutex<Control>,
}

/// The keys for a request, or a way to wait for them.
pub(crate) enum Current {
    Ready(Guard<Option<Arc<Snapshot>>>),
    /// The request should wait for the running fetch.
    Wait(Waiter),
    /// There are no keys, and the next fetch may not start yet.
    Unavailable(Error),
}

/// The outcome of a fetch that wasn't superseded.
struct Stored {
    /// The number of keys, or the error of the fetch.
    outcome: Result<usize, Arc<FetchError>>,
    /// Whether the previous fetch failed.
    was_failing: bool,
}

impl Shared {
    /// Returns the keys, or a waiter for newer ones, for a request that found keys of this age.
    pub(super) fn current_or_fetch(self: &Arc<Self>, found: Age, now: NumericDate) -> Current {
        let mut control = self.lock();
        // Checked again, because a fetch may have completed while this request waited for the lock.
        let keys = self.snapshot.load();
        if age(&keys, now) != found {
            return Current::Ready(keys);
        }
        let fetch = match control.fetches.join(&()) {
            Some(fetch) => Ok(Waiter::new(fetch)),
            None => match control.failures.cooldown_left(now) {
                Some(left) => Err(control.unavailable(self.log(), left)),
                None => self.start_fetch(&mut control),
            },
        };
        match (fetch, found) {
            (Ok(waiter), Age::Unusable) => Current::Wait(waiter),
            // Waits briefly, so that a key that was withdrawn while this service was idle isn't
            // accepted.
            (Ok(waiter), Age::Stale) if !control.fetch_failed() => {
                Current::Wait(waiter.for_stale(self.settings.stale_wait))
            }
            (Err(error), Age::Unusable) => Current::Unavailable(error),
            _ => Current::Ready(keys),
        }
    }

    /// Starts a fetch, which holds only a weak reference to this.
    pub(super) fn start_fetch(self: &Arc<Self>, control: &mut Control) -> Result<Waiter, Error> {
        let permit = control.limit.as_ref().map(WorkLimit::acquire).transpose()?;
        let etag = self.snapshot.load().as_ref().and_then(|keys| keys.etag.clone());
        let (shared, started_at) = (Arc::downgrade(self), Instant::now());
        let complete = move |id, fetched: Option<_>| {
            drop(permit);
            if let Some(shared) = shared.upgrade() {
                let fetched = fetched.unwrap_or(Err(FetchError::Aborted));
                shared.complete(id, fetched, started_at.elapsed());
            }
        };
        let fetch = control.fetches.start((), self.source.fetch(etag), complete)?;
        Ok(Waiter::new(fetch))
    }

    fn complete(&self, id: FlightId, fetched: Result<Fetched, FetchError>, took: Duration) {
        let before = self.snapshot.load_full();
        // Reported after the lock is released, because a subscriber may query the state of the
        // keys.
        if let Some(Stored { outcome, was_failing }) = self.store(id, fetched) {
            let outcome = outcome.as_ref().copied().map_err(|error| &**error);
            let hint = outcome.err().and_then(FetchError::hint);
            telemetry::keys_fetched(&self.issuer, self.log(), outcome, hint.as_deref(), took);
            if outcome.is_ok() && was_failing {
                telemetry::issuer_reachable(&self.issuer);
            }
            self.report_change(before.as_deref());
            self.report_left_out(before.as_deref());
        }
    }

    /// Logs which keys the issuer has added and removed.
    fn report_change(&self, before: Option<&Snapshot>) {
        let snapshot = self.snapshot.load();
        let (Some(before), Some(after)) = (before, snapshot.as_ref()) else { return };
        if before.generation == after.generation {
            return;
        }
        let named = |keys: &KeySet| keys.key_ids().map(str::to_owned).collect::<Vec<_>>();
        let (old, new) = (named(&before.keys), named(&after.keys));
        let of = |these: &[String], but: &[String]| {
            excerpts(these.iter().filter(|kid| !but.contains(kid)).map(String::as_str))
        };
        let (added, removed) = (of(&new, &old), of(&old, &new));
        if added.is_some() || removed.is_some() {
            telemetry::keys_rotated(&self.issuer, added.as_deref(), removed.as_deref());
        }
    }

    /// Logs the keys that were left out of the set, unless the previous set left out the same ones.
    fn report_left_out(&self, before: Option<&Snapshot>) {
        let snapshot = self.snapshot.load();
        let Some(snapshot) = snapshot.as_ref() else { return };
        let left_out = snapshot.keys.left_out();
        if before.is_none_or(|before| before.keys.left_out() != left_out) {
            left_out.report(&self.issuer);
        }
    }

    /// Stores the keys or records the failure, unless the fetch was superseded.
    fn store(&self, id: FlightId, fetched: Result<Fetched, FetchError>) -> Option<Stored> {
        let now = NumericDate::from_system_time(self.clock.now());
        let mut control = self.lock();
        if !control.fetches.complete(&(), id) {
            return None;
        }
        let before = self.snapshot.load();
        let was_failing = control.fetch_failed();
        let snapshot = fetched.and_then(|fetched| {
            Snapshot::of(fetched, before.as_deref(), now, &self.settings).ok_or(FetchError::Aborted)
        });
        let (quiet_until, outcome) = match snapshot {
            Ok(snapshot) => {
                let keys = snapshot.keys.len();
                let Snapshot { generation, fetched_at, refresh_at, .. } = snapshot;
                self.freshness.clear();
                self.snapshot.store(Some(Arc::new(snapshot)));
                self.freshness.set(generation, fetched_at, refresh_at);
                control.failures = Failures::default();
                (0, Ok(keys))
            }
            Err(error) => {
                let error = Arc::new(error);
                let delay = control.failures.record(Arc::clone(&error), now, self.settings.backoff);
                (now.saturating_add(delay).as_secs(), Err(error))
            }
        };
        self.quiet_until.store(quiet_until, Ordering::Relaxed);
        Some(Stored { outcome, was_failing })
    }

    /// Returns whether the set of this generation is the newest one. Must be called under the lock,
    /// because sets are replaced under it.
    pub(super) fn is_newest(&self, generation: u64) -> bool {
        self.snapshot.load().as_ref().is_some_and(|snapshot| snapshot.generation == generation)
    }

    /// Returns whether it is too early for a refresh, without taking the lock. If the clock was set
    /// back, a refresh is delayed by at most the longest backoff.
    #[inline]
    pub(super) fn is_quiet(&self, now: NumericDate) -> bool {
        let quiet_until = self.quiet_until.load(Ordering::Relaxed);
        let longest = self.settings.backoff.longest.as_secs();
        (now.as_secs()..now.as_secs().saturating_add(longest)).contains(&quiet_until)
    }

    pub(super) fn unavailable(&self, control: &Control, now: NumericDate) -> Error {
        let left = control.failures.cooldown_left(now);
        control.unavailable(self.log(), left.unwrap_or(self.settings.backoff.first))
    }

    pub(super) fn log(&self) -> &Arc<IssuerLog> {
        self.pattern_log.get().unwrap_or(&self.own_log)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[inline]
pub(super) fn age(keys: &Guard<Option<Arc<Snapshot>>>, now: NumericDate) -> Age {
    keys.as_ref().map_or(Age::Unusable, |snapshot| snapshot.age(now))
}
