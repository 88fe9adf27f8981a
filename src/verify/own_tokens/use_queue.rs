//! Reports token uses to the store in the background.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::runtime::Handle;

use super::{TokenStore, TokenUse};
use crate::telemetry;

/// The maximum number of waiting uses. Further ones are dropped, so that a store that hangs can't
/// exhaust the memory.
const CAPACITY: usize = 1024;

/// A bounded queue of token uses, and the worker that passes them to the store on a blocking
/// thread.
///
/// A request only pushes to the queue. There is at most one worker, so the store is never called
/// concurrently.
pub(super) struct UseQueue {
    store: Arc<dyn TokenStore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<TokenUse>,
    has_worker: bool,
    /// Whether a use was dropped since the worker last emptied the queue.
    overflowed: bool,
}

impl UseQueue {
    pub(super) fn new(store: Arc<dyn TokenStore>) -> Arc<Self> {
        Arc::new(Self { store, state: Mutex::default() })
    }

    /// Adds a use, and starts a worker if none is running.
    pub(super) fn push(self: &Arc<Self>, used: TokenUse) {
        let needs_worker = {
            let mut state = self.state();
            if state.waiting.len() < CAPACITY {
                state.waiting.push(used);
            } else {
                telemetry::token_use_lost(!mem::replace(&mut state.overflowed, true));
            }
            !mem::replace(&mut state.has_worker, true)
        };
        if needs_worker {
            let mut worker = Worker { queue: Arc::clone(self), done: false };
            let run = move || worker.run();
            // If the runtime has shut down or no thread can be spawned, the worker is dropped, and the
            // uses wait for the worker that the next push starts.
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(run)),
                Err(_) => drop(thread::Builder::new().spawn(run)),
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes the waiting uses to the store until the queue is empty.
struct Worker {
    queue: Arc<UseQueue>,
    done: bool,
}

impl Worker {
    fn run(&mut self) {
        while let Some(uses) = self.take() {
            self.queue.store.used(&uses);
        }
    }

    fn take(&mut self) -> Option<Vec<TokenUse>> {
        let mut state = self.queue.state();
        state.overflowed = false;
        if state.waiting.is_empty() {
            // Set under the same lock as the check for an empty queue, so that a use that is pushed later
            // finds no worker and starts one.
            state.has_worker = false;
            self.done = true;
            return None;
        }
        Some(mem::take(&mut state.waiting))
    }
}

/// Lets the next push start a worker if the store panicked, or if this worker never ran.
impl Drop for Worker {
    fn drop(&mut self) {
        if !self.done {
            self.queue.state().has_worker = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{self, Receiver, SyncSender},
        time::{Duration, SystemTime},
    };

    use super::*;
    use crate::verify::own_tokens::{TokenDigest, TokenLookup};

    const SOON: Duration = Duration::from_secs(10);

    /// Sends the uses to the test, and waits until the test has received them. Panics on the use `boom`.
    struct Reporting(SyncSender<Vec<String>>);

    impl TokenStore for Reporting {
        fn find(&self, _: TokenDigest) -> TokenLookup<'_> {
            Box::pin(async { Ok(None) })
        }

        fn used(&self, uses: &[TokenUse]) {
            let _ = self.0.send(uses.iter().map(|used| used.token_id().to_owned()).collect());
            assert!(uses.iter().all(|used| used.token_id() != "boom"));
        }
    }

    fn queue() -> (Arc<UseQueue>, Receiver<Vec<String>>) {
        let (sender, receiver) = mpsc::sync_channel(0);
        (UseQueue::new(Arc::new(Reporting(sender))), receiver)
    }

    fn used(token_id: &str) -> TokenUse {
        TokenUse::new(TokenDigest::of(token_id), token_id.to_owned(), SystemTime::UNIX_EPOCH, None)
    }

    fn wait_until(condition: impl Fn() -> bool) {
        let start = std::time::Instant::now();
        while !condition() {
            assert!(start.elapsed() < SOON);
            thread::yield_now();
        }
    }

    #[test]
    fn uses_during_one_call_are_reported_by_the_next() {
        let (queue, reports) = queue();
        queue.push(used("1"));
        wait_until(|| queue.state().waiting.is_empty());
        for id in ["2", "3", "4"] {
            queue.push(used(id));
        }
        assert_eq!(reports.recv_timeout(SOON).unwrap(), ["1"]);
        assert_eq!(reports.recv_timeout(SOON).unwrap(), ["2", "3", "4"]);
        wait_until(|| !queue.state().has_worker);
        queue.push(used("5"));
        assert_eq!(reports.recv_timeout(SOON).unwrap(), ["5"]);
    }

    #[test]
    fn a_store_that_hangs_does_not_exhaust_the_memory() {
        let (queue, reports) = queue();
        queue.push(used("first"));
        wait_until(|| queue.state().waiting.is_empty());
        for _ in 0..CAPACITY * 2 {
            queue.push(used("more"));
        }
        assert_eq!(reports.recv_timeout(SOON).unwrap(), ["first"]);
        assert_eq!(reports.recv_timeout(SOON).unwrap().len(), CAPACITY);
    }

    #[test]
    fn a_store_that_panicked_gets_later_uses() {
        let (queue, reports) = queue();
        queue.push(used("boom"));
        assert_eq!(reports.recv_timeout(SOON).unwrap(), ["boom"]);
        wait_until(|| !queue.state().has_worker);
        queue.push(used("next"));
        assert_eq!(reports.recv_timeout(SOON).unwrap(), ["next"]);
    }

    #[test]
    fn uses_wait_for_the_next_worker_if_the_runtime_has_shut_down() {
        let (queue, reports) = queue();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        handle.block_on(async { queue.push(used("at the end")) });
        wait_until(|| !queue.state().has_worker);
        queue.push(used("later"));
        assert_eq!(reports.recv_timeout(SOON).unwrap(), ["at the end", "later"]);
    }
}
