//! The keys of one issuer, over their life.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use arc_swap::{ArcSwapOption, Guard};
use tokio::sync::watch;

use super::{
    RemoteSettings, Snapshot, Waiter,
    control::Control,
    flight::{Flight, Land},
    snapshot::Age,
};
use crate::{
    Algorithm, Clock, Error, TokenFault,
    claims::NumericDate,
    telemetry,
    verify::jwks::{
        FetchError,
        fetch::{FetchKeys, Fetched},
    },
};

/// Keys that are fetched when they are first needed, and kept.
pub(crate) struct RemoteKeys(Arc<Shared>);

/// What there is for a request that needs keys.
pub(crate) enum Current {
    Ready(Guard<Option<Arc<Snapshot>>>),
    /// A fetch is under way that the request should wait for.
    Wait(Waiter),
    /// No keys, and no fetch before some time has passed.
    Unavailable(Error),
}

/// What there is for a request whose key is none of those at hand.
pub(crate) enum Newer {
    Wait(Waiter),
    /// The last fetch failed: nobody knows.
    Unavailable(Error),
    /// The keys at hand are as new as they may be.
    None,
}

/// What an operator may ask.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) is_usable: bool,
    pub(crate) keys: usize,
    pub(crate) age: Option<Duration>,
    pub(crate) last_error: Option<Arc<FetchError>>,
    pub(crate) next_fetch: Duration,
}

pub(super) struct Shared {
    /// The issuer, as it was configured.
    issuer: Arc<str>,
    /// What figures call it, if not by its name.
    label: OnceLock<Arc<str>>,
    pub(super) source: Box<dyn FetchKeys>,
    clock: Arc<dyn Clock>,
    settings: RemoteSettings,
    snapshot: ArcSwapOption<Snapshot>,
    /// The second before which no request needs to think of a refresh, so that few take the lock.
    quiet_until: AtomicU64,
    control: Mutex<Control>,
}

impl RemoteKeys {
    pub(crate) fn new(
        issuer: Arc<str>,
        source: Box<dyn FetchKeys>,
        clock: Arc<dyn Clock>,
        settings: RemoteSettings,
    ) -> Self {
        Self(Arc::new(Shared {
            issuer,
            label: OnceLock::new(),
            source,
            clock,
            settings,
            snapshot: ArcSwapOption::empty(),
            quiet_until: AtomicU64::new(0),
            control: Mutex::default(),
        }))
    }

    /// Has figures call this issuer by another name.
    pub(crate) fn label(&self, label: &Arc<str>) {
        self.0.label.get_or_init(|| Arc::clone(label));
    }

    /// The keys for a request. One whose keys are fresh, or kept through an outage, doesn't wait.
    pub(crate) fn current(&self, now: NumericDate) -> Current {
        let shared = &self.0;
        let guard = shared.snapshot.load();
        match guard.as_ref().map_or(Age::Unusable, |snapshot| snapshot.age(now)) {
            Age::Fresh => Current::Ready(guard),
            Age::RefreshDue => {
                shared.refresh_ahead(now);
                Current::Ready(guard)
            }
            Age::Stale => match shared.revalidate(now) {
                Some(waiter) => Current::Wait(waiter),
                None => Current::Ready(shared.snapshot.load()),
            },
            Age::Unusable => match shared.join_or_start(now) {
                Ok(Some(waiter)) => Current::Wait(waiter),
                Ok(None) => Current::Ready(shared.snapshot.load()),
                Err(error) => Current::Unavailable(error),
            },
        }
    }

    /// A fetch for a request whose key isn't among those of `generation`.
    pub(crate) fn newer(&self, now: NumericDate, generation: u64) -> Newer {
        let shared = &self.0;
        let mut control = shared.control();
        let is_first = control.flight.is_none();
        if is_first {
            if !shared.is_newest(generation) {
                return Newer::Wait(Waiter::over());
            }
            if let Some(error) = control.pause(now, &shared.settings) {
                return Newer::Unavailable(error);
            }
            if let Some(rest) = control.cooling(now, &shared.settings) {
                return if control.is_outage() {
                    Newer::Unavailable(control.unavailable(rest))
                } else {
                    Newer::None
                };
            }
        }
        let waiter = match shared.fly(&mut control) {
            Ok(flight) => flight.waiter(None),
            Err(error) => return Newer::Unavailable(error),
        };
        if is_first {
            control.start_cooling(now, &shared.settings);
        }
        Newer::Wait(waiter)
    }

    /// What is wrong with a header that none of the keys is for, where that is settled: they are fresh,
    /// and others can't be asked for now. Never starts a fetch.
    pub(crate) fn misfit(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: NumericDate,
    ) -> Option<TokenFault> {
        let guard = self.0.snapshot.load();
        let snapshot = guard.as_ref().filter(|snapshot| snapshot.age(now) == Age::Fresh)?;
        let fault = snapshot.keys.mismatch(kid, algorithm)?;
        if fault != TokenFault::UnknownKey {
            return Some(fault);
        }
        let control = self.0.control();
        let is_settled = self.0.is_newest(snapshot.generation)
            && control.flight.is_none()
            && !control.is_outage()
            && control.cooling(now, &self.0.settings).is_some();
        is_settled.then_some(fault)
    }

    /// The keys after a wait: whatever may still be used.
    pub(crate) fn settled(&self, now: NumericDate) -> Result<Guard<Option<Arc<Snapshot>>>, Error> {
        let guard = self.0.snapshot.load();
        match guard.as_ref() {
            Some(snapshot) if snapshot.age(now) != Age::Unusable => Ok(guard),
            _ => Err(self.0.unavailable(&self.0.control(), now)),
        }
    }

    /// Whether the last fetch failed, so that a key unknown to us may be known to the issuer.
    pub(crate) fn outage(&self, now: NumericDate) -> Option<Error> {
        let control = self.0.lock();
        control.is_outage().then(|| self.0.unavailable(&control, now))
    }

    pub(crate) fn status(&self, now: NumericDate) -> Status {
        let snapshot = self.0.snapshot.load();
        let snapshot = snapshot.as_ref();
        let control = self.0.lock();
        let to_refresh = snapshot.and_then(|snapshot| snapshot.refresh_at.since(now));
        let pause = control.pause_left(now, &self.0.settings);
        Status {
            is_usable: snapshot.is_some_and(|snapshot| snapshot.age(now) != Age::Unusable),
            keys: snapshot.map_or(0, |snapshot| snapshot.keys.len()),
            age: snapshot.and_then(|snapshot| now.since(snapshot.fetched_at)),
            last_error: control.last_error().cloned(),
            next_fetch: pause.or(to_refresh).unwrap_or_default(),
        }
    }
}

impl Land for Shared {
    fn land(
        &self,
        sender: &watch::Sender<bool>,
        outcome: Result<Fetched, FetchError>,
        took: Duration,
    ) {
        // Told once the lock is free: whoever hears of it may ask for the state of the keys.
        if let Some(outcome) = self.settle(sender, outcome) {
            let label = self.label.get().unwrap_or(&self.issuer);
            telemetry::keys_fetched(
                &self.issuer,
                label,
                outcome.as_ref().copied().map_err(|error| &**error),
                took,
            );
        }
    }
}

impl Shared {
    /// Whether the keys that a request has looked at are still the newest: others may have landed since.
    /// Asked under the lock, under which they land.
    fn is_newest(&self, generation: u64) -> bool {
        self.snapshot.load().as_ref().is_some_and(|snapshot| snapshot.generation == generation)
    }

    /// The number of keys, or why there are none; nothing for a flight that no longer counts.
    fn settle(
        &self,
        sender: &watch::Sender<bool>,
        outcome: Result<Fetched, FetchError>,
    ) -> Option<Result<usize, Arc<FetchError>>> {
        let now = NumericDate::from_system_time(self.clock.now());
        let mut control = self.lock();
        if !control.flight.as_ref().is_some_and(|flight| flight.is_told_by(sender)) {
            return None;
        }
        let before = self.snapshot.load();
        let outcome = outcome.and_then(|fetched| {
            Snapshot::of(fetched, before.as_deref(), now, &self.settings).ok_or(FetchError::Aborted)
        });
        let (quiet_until, told) = match outcome {
            Ok(snapshot) => {
                let keys = snapshot.keys.len();
                self.snapshot.store(Some(Arc::new(snapshot)));
                control.succeeded();
                (0, Ok(keys))
            }
            Err(error) => {
                let error = Arc::new(error);
                let retry_at = control.failed(Arc::clone(&error), now, &self.settings);
                (retry_at.as_secs(), Err(error))
            }
        };
        self.quiet_until.store(quiet_until, Ordering::Relaxed);
        Some(told)
    }

    /// Starts a refresh that nobody waits for, unless one is under way or has just failed.
    fn refresh_ahead(self: &Arc<Self>, now: NumericDate) {
        let quiet_until = self.quiet_until.load(Ordering::Relaxed);
        let pause = self.settings.longest_pause.as_secs();
        if (now.as_secs()..now.as_secs().saturating_add(pause)).contains(&quiet_until) {
            return;
        }
        let mut control = self.control();
        let is_due = self.age(now) == Age::RefreshDue;
        if is_due && control.flight.is_none() && control.pause(now, &self.settings).is_none() {
            // Without a runtime there is no refresh; the request that must wait for one will say so.
            let _ = self.fly(&mut control);
        }
    }

    /// For a request whose keys are no longer fresh: a short wait for new ones, so that a withdrawn
    /// key is not used; none once the issuer is known to be out of reach.
    fn revalidate(self: &Arc<Self>, now: NumericDate) -> Option<Waiter> {
        let mut control = self.control();
        if self.age(now) != Age::Stale {
            // A flight has landed while this request came for the lock.
            return None;
        }
        let pausing = control.pause(now, &self.settings).is_some();
        if control.flight.is_none() && pausing {
            return None;
        }
        let outage = control.is_outage();
        let flight = self.fly(&mut control).ok()?;
        (!outage).then(|| flight.waiter(Some(self.settings.patience)))
    }

    /// For a request that has no keys at all. `None` if there are some by now.
    fn join_or_start(self: &Arc<Self>, now: NumericDate) -> Result<Option<Waiter>, Error> {
        let mut control = self.control();
        if self.age(now) != Age::Unusable {
            return Ok(None);
        }
        if control.flight.is_none()
            && let Some(error) = control.pause(now, &self.settings)
        {
            return Err(error);
        }
        self.fly(&mut control).map(|flight| Some(flight.waiter(None)))
    }

    fn age(&self, now: NumericDate) -> Age {
        self.snapshot.load().as_ref().map_or(Age::Unusable, |snapshot| snapshot.age(now))
    }

    /// The flight under way, or a new one.
    fn fly<'a>(self: &Arc<Self>, control: &'a mut Control) -> Result<&'a Flight, Error> {
        let flight = if let Some(flight) = control.flight.take() {
            flight
        } else {
            let etag = self.snapshot.load().as_ref().and_then(|keys| keys.etag.clone());
            Flight::start(self, self.source.fetch(etag))?
        };
        Ok(control.flight.insert(flight))
    }

    fn unavailable(&self, control: &Control, now: NumericDate) -> Error {
        control.unavailable(control.time_to_retry(now, &self.settings))
    }

    /// For a request: a flight that will never land is out of its way.
    fn control(&self) -> MutexGuard<'_, Control> {
        let mut control = self.lock();
        if control.flight.as_ref().is_some_and(Flight::is_overdue) {
            control.flight = None;
        }
        control
    }

    fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys").field("source", &self.0.source).finish_non_exhaustive()
    }
}
