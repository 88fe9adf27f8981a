//! The key set of one issuer.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use arc_swap::{ArcSwapOption, Guard};
use tokio::time::Instant;

use super::{RemoteSettings, Snapshot, control::Control, freshness::Freshness, snapshot::Age};
use crate::{
    Algorithm, Clock, Error,
    claims::NumericDate,
    error::{TokenFault, excerpts},
    telemetry::{self, IssuerLog},
    verify::{
        backoff::Failures,
        jwks::{
            FetchError, KeySet,
            fetch::{ExamineFuture, FetchKeys, Fetched},
        },
        single_flight::{self, FlightId},
        work_limit::WorkLimit,
    },
};

/// A key set that is fetched on first use, refreshed, and retained during outages.
pub(crate) struct RemoteKeys(Arc<Shared>);

/// The keys for a request, or a way to wait for them.
pub(crate) enum Current {
    Ready(Guard<Option<Arc<Snapshot>>>),
    /// The request should wait for the running fetch.
    Wait(Waiter),
    /// There are no keys, and the next fetch may not start yet.
    Unavailable(Error),
}

/// The outcome of requesting a refetch, for a token that no cached key verifies.
pub(crate) enum Refetch {
    Wait(Waiter),
    /// The last fetch failed, so the issuer may have the key.
    Unavailable(Error),
    /// The keys were fetched too recently to fetch them again.
    CoolingDown,
}

/// A waiter for a fetch of keys.
#[derive(Debug)]
pub(crate) struct Waiter {
    fetch: single_flight::Waiter<()>,
    stale_wait: Option<Duration>,
}

/// The state of a key set, for operators.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) is_usable: bool,
    pub(crate) keys: usize,
    pub(crate) age: Option<Duration>,
    pub(crate) last_error: Option<Arc<FetchError>>,
    pub(crate) next_fetch: Duration,
    /// The time until a fetch for an unknown `kid` may start.
    pub(crate) cooldown: Option<Duration>,
}

/// The outcome of a fetch that wasn't superseded.
struct Stored {
    /// The number of keys, or the error of the fetch.
    outcome: Result<usize, Arc<FetchError>>,
    /// Whether the previous fetch failed.
    was_failing: bool,
}

struct Shared {
    /// The configured name of the issuer.
    issuer: Arc<str>,
    /// The log of the pattern to which the issuer belongs as a tenant. Other issuers have a
    /// separate log.
    pattern_log: OnceLock<Arc<IssuerLog>>,
    own_log: Arc<IssuerLog>,
    source: Box<dyn FetchKeys>,
    clock: Arc<dyn Clock>,
    settings: RemoteSettings,
    snapshot: ArcSwapOption<Snapshot>,
    freshness: Freshness,
    /// The time, in seconds, until which no request starts a refresh, so that requests don't contend
    /// for the lock during an outage.
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
        let own_log = Arc::new(IssuerLog::new(Arc::clone(&issuer), Arc::clone(&clock)));
        Self(Arc::new(Shared {
            issuer,
            pattern_log: OnceLock::new(),
            own_log,
            source,
            clock,
            settings,
            snapshot: ArcSwapOption::empty(),
            freshness: Freshness::default(),
            quiet_until: AtomicU64::new(0),
            control: Mutex::default(),
        }))
    }

    /// Logs and counts under the name of the pattern to which this issuer belongs as a tenant.
    pub(crate) fn log_to(&self, pattern: &Arc<IssuerLog>) {
        self.0.pattern_log.get_or_init(|| Arc::clone(pattern));
    }

    /// Starts fetches only within this limit, if there is one.
    pub(crate) fn limit_fetches(&self, limit: Option<Arc<WorkLimit>>) {
        self.0.lock().limit = limit;
    }

    /// Returns the keys for a request, and starts a fetch if one is due. Keys that are fresh, or
    /// retained during an outage, are returned without a wait.
    pub(crate) fn current(&self, now: NumericDate) -> Current {
        let shared = &self.0;
        let keys = shared.snapshot.load();
        match age(&keys, now) {
            Age::Fresh => Current::Ready(keys),
            Age::RefreshDue if shared.is_quiet(now) => Current::Ready(keys),
            age => shared.current_or_fetch(age, now),
        }
    }

    /// Returns whether the keys of `generation` are in use. Starts a fetch if one is due.
    pub(crate) fn is_current(&self, generation: u64, now: NumericDate) -> bool {
        self.0.freshness.confirms(generation, now)
            || matches!(
                self.current(now),
                Current::Ready(keys) if keys.as_ref().is_some_and(|it| it.generation == generation)
            )
    }

    /// Joins or starts a fetch for a request whose token can't be verified with the keys of
    /// `generation`.
    pub(crate) fn refetch(&self, now: NumericDate, generation: u64) -> Refetch {
        let shared = &self.0;
        let mut control = shared.lock();
        if let Some(fetch) = control.fetches.join(&()) {
            return Refetch::Wait(Waiter::new(fetch));
        }
        if !shared.is_newest(generation) {
            return Refetch::Wait(Waiter::completed());
        }
        if let Some(left) = control.failures.cooldown_left(now) {
            return Refetch::Unavailable(control.unavailable(shared.log(), left));
        }
        if let Some(left) = control.cooldown_left(now) {
            return if control.fetch_failed() {
                Refetch::Unavailable(control.unavailable(shared.log(), left))
            } else {
                Refetch::CoolingDown
            };
        }
        match shared.start_fetch(&mut control) {
            Ok(waiter) => {
                // The cooldown starts only here, because a fetch that couldn't start must not use
                // it up.
                control.start_cooldown(now, &shared.settings);
                Refetch::Wait(waiter)
            }
            Err(error) => Refetch::Unavailable(error),
        }
    }

    /// Returns why no key matches this header, if that is certain: the keys are fresh, and no newer ones
    /// can be fetched now. Never starts a fetch.
    pub(crate) fn mismatch(
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
        let control = self.0.lock();
        let is_certain = self.0.is_newest(snapshot.generation)
            && !control.fetches.is_running(&())
            && !control.fetch_failed()
            && control.is_cooling_down(now);
        is_certain.then_some(fault)
    }

    /// Returns the keys after a wait, if they are usable.
    pub(crate) fn after_fetch(
        &self,
        now: NumericDate,
    ) -> Result<Guard<Option<Arc<Snapshot>>>, Error> {
        let keys = self.0.snapshot.load();
        match age(&keys, now) {
            Age::Unusable => Err(self.0.unavailable(&self.0.lock(), now)),
            _ => Ok(keys),
        }
    }

    /// Returns an error if the last fetch failed, because the issuer may have a key that this set lacks.
    pub(crate) fn fetch_failed(&self, now: NumericDate) -> Option<Error> {
        let control = self.0.lock();
        control.fetch_failed().then(|| self.0.unavailable(&control, now))
    }

    /// Fetches the keys without using them, and reports the findings.
    pub(crate) fn examine(&self, now: NumericDate) -> ExamineFuture {
        self.0.source.examine(now)
    }

    pub(crate) fn status(&self, now: NumericDate) -> Status {
        let snapshot = self.0.snapshot.load();
        let snapshot = snapshot.as_ref();
        let control = self.0.lock();
        let to_refresh = snapshot.and_then(|snapshot| snapshot.refresh_at.since(now));
        let to_retry = control.failures.cooldown_left(now);
        Status {
            is_usable: snapshot.is_some_and(|snapshot| snapshot.age(now) != Age::Unusable),
            keys: snapshot.map_or(0, |snapshot| snapshot.keys.len()),
            age: snapshot.and_then(|snapshot| now.since(snapshot.fetched_at)),
            last_error: control.failures.last_error().cloned(),
            next_fetch: to_retry.or(to_refresh).unwrap_or_default(),
            cooldown: control.cooldown_left(now),
        }
    }
}

impl Waiter {
    fn new(fetch: single_flight::Waiter<()>) -> Self {
        Self { fetch, stale_wait: None }
    }

    fn completed() -> Self {
        Self::new(single_flight::Waiter::completed(()))
    }

    /// Waits until the fetch has completed or is lost. Returns false if `stale_wait` ends earlier;
    /// the next call then waits for the fetch itself.
    pub(crate) async fn wait(&mut self) -> bool {
        if let Some(limit) = self.stale_wait.take() {
            return tokio::time::timeout(limit, self.fetch.wait()).await.is_ok();
        }
        self.fetch.wait().await;
        true
    }
}

impl Shared {
    /// Returns the keys, or a waiter for newer ones, for a request that found keys of this age.
    fn current_or_fetch(self: &Arc<Self>, found: Age, now: NumericDate) -> Current {
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
                Current::Wait(Waiter { stale_wait: Some(self.settings.stale_wait), ..waiter })
            }
            (Err(error), Age::Unusable) => Current::Unavailable(error),
            _ => Current::Ready(keys),
        }
    }

    /// Starts a fetch, which holds only a weak reference to this.
    fn start_fetch(self: &Arc<Self>, control: &mut Control) -> Result<Waiter, Error> {
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
    fn is_newest(&self, generation: u64) -> bool {
        self.snapshot.load().as_ref().is_some_and(|snapshot| snapshot.generation == generation)
    }

    /// Returns whether it is too early for a refresh, without taking the lock. If the clock was set
    /// back, a refresh is delayed by at most the longest backoff.
    fn is_quiet(&self, now: NumericDate) -> bool {
        let quiet_until = self.quiet_until.load(Ordering::Relaxed);
        let longest = self.settings.backoff.longest.as_secs();
        (now.as_secs()..now.as_secs().saturating_add(longest)).contains(&quiet_until)
    }

    fn unavailable(&self, control: &Control, now: NumericDate) -> Error {
        let left = control.failures.cooldown_left(now);
        control.unavailable(self.log(), left.unwrap_or(self.settings.backoff.first))
    }

    fn log(&self) -> &Arc<IssuerLog> {
        self.pattern_log.get().unwrap_or(&self.own_log)
    }

    fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn age(keys: &Guard<Option<Arc<Snapshot>>>, now: NumericDate) -> Age {
    keys.as_ref().map_or(Age::Unusable, |snapshot| snapshot.age(now))
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys").field("source", &self.0.source).finish_non_exhaustive()
    }
}
