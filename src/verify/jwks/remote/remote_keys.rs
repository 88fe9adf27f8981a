//! The key set of one issuer.

use std::{
    fmt,
    sync::atomic::AtomicU64,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use arc_swap::{ArcSwapOption, Guard};

use super::{
    RemoteSettings, Snapshot, Waiter,
    freshness::Freshness,
    shared::{Current, Shared, age},
    snapshot::Age,
};
use crate::{
    Algorithm, Clock, Error,
    claims::NumericDate,
    error::TokenFault,
    telemetry::IssuerLog,
    verify::{
        jwks::{
            FetchError,
            fetch::{ExamineFuture, FetchKeys},
        },
        work_limit::WorkLimit,
    },
};

/// A key set that is fetched on first use, refreshed, and retained during outages.
pub(crate) struct RemoteKeys(Arc<Shared>);

/// The outcome of requesting a refetch, for a token that no cached key verifies.
pub(crate) enum Refetch {
    Wait(Waiter),
    /// The last fetch failed, so the issuer may have the key.
    Unavailable(Error),
    /// The keys were fetched too recently to fetch them again.
    CoolingDown,
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

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys").field("source", &self.0.source).finish_non_exhaustive()
    }
}
