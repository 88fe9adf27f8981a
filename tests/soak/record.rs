//! What was seen, and what should not have been.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::proxy::Proxy;

/// How much later than documented something may be noticed, because machines are busy.
pub const SLACK: Duration = Duration::from_secs(3);

/// One request and its response.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    pub began: Instant,
    pub ended: Instant,
    pub status: u16,
}

/// The responses of one service.
pub struct Record {
    name: &'static str,
    /// How long after a fault responses may still be 503.
    recovery: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    statuses: BTreeMap<u16, usize>,
    /// The longest time after a fault with a 503.
    slowest_recovery: Duration,
    wrong: Vec<String>,
}

impl Record {
    pub fn new(name: &'static str, recovery: Duration) -> Self {
        Self { name, recovery, state: Mutex::default() }
    }

    /// Counts a response. `expected` says which statuses are right beside 503, which is right only because of a fault of
    /// the server behind `proxy`; without one, it never is.
    pub fn add(
        &self,
        what: &str,
        exchange: Exchange,
        expected: impl Fn(u16) -> bool,
        proxy: Option<&Proxy>,
    ) {
        let Exchange { began, ended, status } = exchange;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state.statuses.entry(status).or_default() += 1;
        let is_right = match (status, proxy) {
            (503, Some(proxy)) => {
                if let Some(recovery) = proxy.since_the_last_fault(ended) {
                    state.slowest_recovery = state.slowest_recovery.max(recovery);
                }
                let earliest = began.checked_sub(self.recovery + SLACK);
                earliest.is_none_or(|earliest| proxy.was_faulty_since(earliest))
            }
            _ => expected(status),
        };
        if !is_right {
            let took = ended - began;
            let since = proxy.and_then(|proxy| proxy.since_the_last_fault(ended));
            let line =
                format!("{}: {what}: {status} after {took:?}, {since:?} after a fault", self.name);
            if state.wrong.len() < 20 {
                state.wrong.push(line);
            }
        }
    }

    pub fn wrong(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).wrong.clone()
    }

    pub fn count(&self, status: u16) -> usize {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.statuses.get(&status).copied().unwrap_or_default()
    }

    /// The longest time after a fault with a 503, and what is documented.
    pub fn recovery(&self) -> (Duration, Duration) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.slowest_recovery, self.recovery)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (slowest, documented) = self.recovery();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        write!(
            f,
            "{:22} {:?}, the last 503 came {slowest:.1?} after a fault (documented: {documented:?})",
            self.name, state.statuses
        )
    }
}
