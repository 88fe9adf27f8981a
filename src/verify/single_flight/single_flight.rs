use std::{borrow::Borrow, collections::HashMap, future::Future, hash::Hash, time::Duration};

use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    task::AbortHandle,
    time::Instant,
};

use super::{FlightId, StartError, Waiter, completion::Completion, waiter::OVERDUE};

/// The timeout of a task, which covers discovery and the requests that follow.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The running tasks of one owner, by key. `T` is what the waiting requests receive.
///
/// The owner keeps this in a mutex, under which it also writes its cache:
///
/// 1. A request that finds nothing in the cache locks the mutex and calls [`join`](Self::join). If
///    nothing is running, it checks the cache again, because a task may have completed in the
///    meantime, and calls [`start`](Self::start).
/// 2. The `complete` closure of a task locks the mutex and calls [`complete`](Self::complete). It
///    writes the result to the cache only if that returns true.
///
/// The lock is never held across I/O. Dropping the owner aborts the tasks that weren't superseded.
pub(crate) struct SingleFlight<K, T> {
    flights: HashMap<K, Flight<T>>,
    next_id: u64,
}

struct Flight<T> {
    id: FlightId,
    started_at: Instant,
    outcome: watch::Receiver<Option<T>>,
    task: AbortHandle,
}

impl<K: Eq + Hash, T> SingleFlight<K, T> {
    /// Joins the running task for `key`, if there is one. An overdue task is aborted and removed, so
    /// that the caller starts another one.
    pub(crate) fn join<Q>(&mut self, key: &Q) -> Option<Waiter<T>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let flight = self.flights.get(key)?;
        if flight.is_overdue() {
            flight.task.abort();
            self.flights.remove(key);
            return None;
        }
        Some(flight.waiter())
    }

    /// Returns whether [`join`](Self::join) would find a task.
    pub(crate) fn is_running<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.flights.get(key).is_some_and(|flight| !flight.is_overdue())
    }

    /// Starts `work` in a new task, which supersedes any other task for `key`.
    ///
    /// `complete` runs exactly once, after at most 15 seconds while the runtime is driven, and never
    /// within this call. It receives the output of `work`, or `None` if `work` timed out, panicked, was
    /// aborted or lost its runtime, and returns what the waiting requests receive.
    ///
    /// # Errors
    ///
    /// Returns [`StartError`] without calling `complete`.
    pub(crate) fn start<O: Send + 'static>(
        &mut self,
        key: K,
        work: impl Future<Output = O> + Send + 'static,
        complete: impl FnOnce(FlightId, Option<O>) -> T + Send + 'static,
    ) -> Result<Waiter<T>, StartError>
    where
        T: Send + Sync + 'static,
    {
        let runtime = Handle::try_current().map_err(StartError::NoRuntime)?;
        let id = FlightId::new(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        let (sender, outcome) = watch::channel(None);
        let (arm, armed) = oneshot::channel::<Completion<O, T>>();
        let task = runtime.spawn(async move {
            let Ok(completion) = armed.await else { return };
            let output = tokio::time::timeout(TIMEOUT, work).await.ok();
            completion.run(output);
        });
        // The task receives its completion only now, after `spawn`. A runtime that has shut down drops
        // the task within `spawn`, while the owner's lock is held, and `complete` would deadlock on
        // it.
        let completion = Completion::new(id, sender, complete);
        arm.send(completion).map_err(Completion::disarm)?;
        let flight = Flight { id, started_at: Instant::now(), outcome, task: task.abort_handle() };
        let waiter = flight.waiter();
        self.flights.insert(key, flight);
        Ok(waiter)
    }

    /// Removes a task that has completed. Returns false if it was superseded in the meantime, in which
    /// case its result must be discarded.
    pub(crate) fn complete<Q>(&mut self, key: &Q, id: FlightId) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let is_current = self.flights.get(key).is_some_and(|flight| flight.id == id);
        if is_current {
            self.flights.remove(key);
        }
        is_current
    }

    /// Detaches the task for `key`. It continues for the requests that wait for it, but later
    /// requests don't join it.
    pub(crate) fn detach<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.flights.remove(key);
    }
}

impl<K, T> Default for SingleFlight<K, T> {
    fn default() -> Self {
        Self { flights: HashMap::new(), next_id: 0 }
    }
}

impl<K, T> Drop for SingleFlight<K, T> {
    fn drop(&mut self) {
        for flight in self.flights.values() {
            flight.task.abort();
        }
    }
}

impl<T> Flight<T> {
    fn is_overdue(&self) -> bool {
        self.started_at.elapsed() >= OVERDUE
    }

    fn waiter(&self) -> Waiter<T> {
        Waiter::new(self.outcome.clone())
    }
}
