//! Limits how many introspections run at the same time, and how many wait for a permit.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

/// The length of each queue per permit, and its minimum.
const WAITING_PER_PERMIT: usize = 10;
const MIN_WAITING: usize = 1000;

/// The classes that share the permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Tokens that were active recently.
    RecentlyActive,
    /// All other tokens: new ones, and random ones.
    Other,
}

/// The reason why an introspection doesn't get a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Busy {
    #[error("{running} introspections are running and {waiting} are waiting, which is the limit")]
    QueueFull { running: usize, waiting: usize },
    #[error("none of {running} running introspections ended within {} ms", waited.as_millis())]
    TimedOut { running: usize, waited: Duration },
}

/// The permits for introspections. Clones share them.
///
/// A quarter of them is reserved for recently active tokens, so that random tokens can't use them up, and
/// another quarter for all other tokens, so that new tokens aren't starved. The rest is for both classes,
/// with priority for recently active tokens. Within a class, permits are granted in order of arrival.
#[derive(Clone)]
pub(super) struct Permits(Arc<Inner>);

struct Inner {
    limits: Limits,
    queue_timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    running: usize,
    running_per_class: usize,
    waiting_per_class: usize,
}

/// Invariant: if an introspection of a class may run, no introspection of that class is waiting.
#[derive(Default)]
struct State {
    recently_active: Lane,
    others: Lane,
}

#[derive(Default)]
struct Lane {
    running: usize,
    /// The waiting introspections. One that was dropped counts until it reaches the front.
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// A permit for one introspection, which is returned when it is dropped.
pub(super) struct Permit {
    class: Class,
    /// `None` once the permit was returned.
    inner: Option<Arc<Inner>>,
}

/// A permit, or a place in the queue. Dropping it gives up either.
pub(super) enum PendingPermit {
    Ready(Permit),
    Queued { permit: oneshot::Receiver<Permit>, timeout: Duration, running: usize },
}

impl Permits {
    /// Creates `max` permits, and queues in which an introspection waits no longer than `queue_timeout`.
    pub(super) fn new(max: usize, queue_timeout: Duration) -> Self {
        let (limits, state) = (Limits::new(max, queue_timeout), Mutex::default());
        Self(Arc::new(Inner { limits, queue_timeout, state }))
    }

    /// Takes a permit, or a place in the queue.
    ///
    /// # Errors
    ///
    /// Returns [`Busy::QueueFull`] if neither is available.
    pub(super) fn acquire(&self, class: Class) -> Result<PendingPermit, Busy> {
        let Inner { limits, queue_timeout, .. } = &*self.0;
        let mut state = self.0.lock();
        if state.may_run(class, limits) {
            return Ok(PendingPermit::Ready(self.0.start(&mut state, class)));
        }
        let waiting = &mut state.lane(class).waiting;
        while waiting.front().is_some_and(oneshot::Sender::is_closed) {
            waiting.pop_front();
        }
        if waiting.len() >= limits.waiting_per_class {
            return Err(Busy::QueueFull { running: limits.running, waiting: waiting.len() });
        }
        let (sender, permit) = oneshot::channel();
        waiting.push_back(sender);
        let (timeout, running) = (*queue_timeout, limits.running);
        Ok(PendingPermit::Queued { permit, timeout, running })
    }
}

impl PendingPermit {
    /// Waits for the permit.
    ///
    /// # Errors
    ///
    /// Returns [`Busy::TimedOut`] if the wait takes too long.
    pub(super) async fn wait(self) -> Result<Permit, Busy> {
        match self {
            Self::Ready(permit) => Ok(permit),
            Self::Queued { permit, timeout, running } => {
                match tokio::time::timeout(timeout, permit).await {
                    Ok(Ok(permit)) => Ok(permit),
                    // The inner error means that the sender was dropped with the verifier.
                    Ok(Err(_)) | Err(_) => Err(Busy::TimedOut { running, waited: timeout }),
                }
            }
        }
    }
}

impl Limits {
    fn new(running: usize, queue_timeout: Duration) -> Self {
        // A single permit can't be reserved for a class.
        let reserved = running.div_ceil(4).min(running.saturating_sub(1));
        let waiting_per_class = if queue_timeout.is_zero() {
            0
        } else {
            running.saturating_mul(WAITING_PER_PERMIT).max(MIN_WAITING)
        };
        Self { running, running_per_class: running.saturating_sub(reserved), waiting_per_class }
    }
}

impl State {
    fn lane(&mut self, class: Class) -> &mut Lane {
        match class {
            Class::RecentlyActive => &mut self.recently_active,
            Class::Other => &mut self.others,
        }
    }

    fn may_run(&mut self, class: Class, limits: &Limits) -> bool {
        let running = self.recently_active.running.saturating_add(self.others.running);
        running < limits.running && self.lane(class).running < limits.running_per_class
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(self: &Arc<Self>, state: &mut State, class: Class) -> Permit {
        let running = &mut state.lane(class).running;
        *running = running.saturating_add(1);
        Permit { class, inner: Some(Arc::clone(self)) }
    }

    /// Ends one introspection, and starts those that may run now.
    fn end(self: &Arc<Self>, class: Class) {
        let mut state = self.lock();
        let running = &mut state.lane(class).running;
        *running = running.saturating_sub(1);
        for class in [Class::RecentlyActive, Class::Other] {
            while state.may_run(class, &self.limits)
                && let Some(sender) = state.lane(class).waiting.pop_front()
            {
                let permit = self.start(&mut state, class);
                if let Err(mut permit) = sender.send(permit) {
                    // The permit isn't dropped here, because that would lock the state again.
                    permit.inner = None;
                    let running = &mut state.lane(class).running;
                    *running = running.saturating_sub(1);
                }
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            inner.end(self.class);
        }
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        f.debug_struct("Permits")
            .field("limits", &self.0.limits)
            .field("recently_active", &state.recently_active.running)
            .field("others", &state.others.running)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Class::*, *};

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn ready(permits: &Permits, class: Class) -> Option<Permit> {
        match permits.acquire(class) {
            Ok(PendingPermit::Ready(permit)) => Some(permit),
            _ => None,
        }
    }

    fn queued(permits: &Permits, class: Class) -> oneshot::Receiver<Permit> {
        match permits.acquire(class) {
            Ok(PendingPermit::Queued { permit, .. }) => permit,
            Ok(PendingPermit::Ready(_)) => panic!("a permit was free"),
            Err(error) => panic!("{error}"),
        }
    }

    fn all_of(permits: &Permits, class: Class) -> Vec<Permit> {
        std::iter::from_fn(|| ready(permits, class)).collect()
    }

    fn counts(permits: &Permits) -> (usize, usize) {
        let state = permits.0.lock();
        (state.recently_active.running, state.others.running)
    }

    #[test]
    fn a_quarter_of_the_permits_is_reserved_for_each_class() {
        for (max, per_class) in [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (8, 6), (100, 75)] {
            for (first, second) in [(Other, RecentlyActive), (RecentlyActive, Other)] {
                let permits = Permits::new(max, TIMEOUT);
                let firsts = all_of(&permits, first);
                assert_eq!(firsts.len(), per_class, "{max}");
                let seconds = all_of(&permits, second);
                assert_eq!(firsts.len() + seconds.len(), max, "{max}");
                drop((firsts, seconds));
                assert_eq!(counts(&permits), (0, 0));
            }
        }
    }

    #[test]
    fn recently_active_tokens_get_freed_permits_first_and_in_order() {
        let permits = Permits::new(4, TIMEOUT);
        let mut others = all_of(&permits, Other);
        let recent = all_of(&permits, RecentlyActive);
        assert_eq!((others.len(), recent.len()), (3, 1));
        let (mut first, mut second) = (queued(&permits, Other), queued(&permits, Other));
        let mut known = queued(&permits, RecentlyActive);
        others.pop();
        let known = known.try_recv().unwrap();
        assert_eq!(counts(&permits), (2, 2));
        assert!(first.try_recv().is_err());
        drop(known);
        let first = first.try_recv().unwrap();
        assert!(second.try_recv().is_err());
        drop(first);
        assert!(second.try_recv().is_ok());
        drop((others, recent));
        assert_eq!(counts(&permits), (0, 0));
    }

    #[test]
    fn abandoned_waits_are_skipped_and_take_no_place() {
        let permits = Permits::new(1, TIMEOUT);
        let running = ready(&permits, Other).unwrap();
        let gone: Vec<_> = (0..1000).map(|_| queued(&permits, Other)).collect();
        let full = Busy::QueueFull { running: 1, waiting: 1000 };
        assert_eq!(permits.acquire(Other).err(), Some(full));
        drop(gone);
        let mut waiting = queued(&permits, Other);
        let gone = queued(&permits, Other);
        let mut last = queued(&permits, Other);
        drop(gone);
        drop(running);
        drop(waiting.try_recv().unwrap());
        drop(last.try_recv().unwrap());
        assert_eq!(counts(&permits), (0, 0));
    }

    #[test]
    fn a_permit_without_a_receiver_is_freed() {
        let permits = Permits::new(1, TIMEOUT);
        let running = ready(&permits, Other).unwrap();
        let unreceived = queued(&permits, Other);
        drop(running);
        assert_eq!(counts(&permits), (0, 1));
        drop(unreceived);
        assert_eq!(counts(&permits), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_ends_after_the_timeout() {
        let permits = Permits::new(1, TIMEOUT);
        let _running = ready(&permits, Other).unwrap();
        let started = tokio::time::Instant::now();
        let error = permits.acquire(Other).unwrap().wait().await.err();
        assert_eq!(error, Some(Busy::TimedOut { running: 1, waited: TIMEOUT }));
        assert_eq!(started.elapsed(), TIMEOUT);
    }

    #[test]
    fn without_a_timeout_nothing_waits() {
        let permits = Permits::new(1, Duration::ZERO);
        let _running = ready(&permits, Other).unwrap();
        for class in [Other, RecentlyActive] {
            let full = Busy::QueueFull { running: 1, waiting: 0 };
            assert_eq!(permits.acquire(class).err(), Some(full));
        }
    }
}
