//! Uses of tokens on their way to the store, beside the requests.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::runtime::Handle;

use super::{TokenStore, TokenUse};
use crate::telemetry;

/// Waiting uses beyond this many are lost: a store that hangs must not fill the memory.
const CAPACITY: usize = 1024;

/// Hands uses to the store on a thread that may block. A request only puts one in.
pub(super) struct UseQueue {
    store: Arc<dyn TokenStore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<TokenUse>,
    has_courier: bool,
    /// Whether one was lost since the store last took what was waiting.
    overflowed: bool,
}

impl UseQueue {
    pub(super) fn new(store: Arc<dyn TokenStore>) -> Arc<Self> {
        Arc::new(Self { store, state: Mutex::default() })
    }

    pub(super) fn put(self: &Arc<Self>, used: TokenUse) {
        let needs_courier = {
            let mut state = self.state();
            if state.waiting.len() < CAPACITY {
                state.waiting.push(used);
            } else {
                telemetry::token_use_lost(!mem::replace(&mut state.overflowed, true));
            }
            !mem::replace(&mut state.has_courier, true)
        };
        if needs_courier {
            let mut courier = Courier { queue: Arc::clone(self), done: false };
            let run = move || courier.run();
            // Where there is no runtime, or no thread to be had, the uses wait for a better time.
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

/// Who carries the uses, until none are waiting.
struct Courier {
    queue: Arc<UseQueue>,
    done: bool,
}

impl Courier {
    fn run(&mut self) {
        while let Some(uses) = self.take() {
            self.queue.store.used(&uses);
        }
    }

    fn take(&mut self) -> Option<Vec<TokenUse>> {
        let mut state = self.queue.state();
        state.overflowed = false;
        if state.waiting.is_empty() {
            // Under one lock with the look, or a use put in between would find nobody to carry it.
            state.has_courier = false;
            self.done = true;
            return None;
        }
        Some(mem::take(&mut state.waiting))
    }
}

/// Makes way for the next one when the store panicked, or no thread ever ran this one.
impl Drop for Courier {
    fn drop(&mut self) {
        if !self.done {
            self.queue.state().has_courier = false;
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

    /// Tells the test what it was told, and waits until the test has heard; panics when told `boom`.
    struct Told(SyncSender<Vec<String>>);

    impl TokenStore for Told {
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
        (UseQueue::new(Arc::new(Told(sender))), receiver)
    }

    fn used(token_id: &str) -> TokenUse {
        TokenUse::new(TokenDigest::of(token_id), token_id.to_owned(), SystemTime::UNIX_EPOCH)
    }

    fn wait_until(what: impl Fn() -> bool) {
        let patience = std::time::Instant::now();
        while !what() {
            assert!(patience.elapsed() < SOON);
            thread::yield_now();
        }
    }

    #[test]
    fn what_comes_in_during_one_call_is_told_by_the_next() {
        let (queue, told) = queue();
        queue.put(used("1"));
        wait_until(|| queue.state().waiting.is_empty());
        for id in ["2", "3", "4"] {
            queue.put(used(id));
        }
        assert_eq!(told.recv_timeout(SOON).unwrap(), ["1"]);
        assert_eq!(told.recv_timeout(SOON).unwrap(), ["2", "3", "4"]);
        wait_until(|| !queue.state().has_courier);
        queue.put(used("5"));
        assert_eq!(told.recv_timeout(SOON).unwrap(), ["5"]);
    }

    #[test]
    fn a_store_that_hangs_fills_no_memory() {
        let (queue, told) = queue();
        queue.put(used("first"));
        wait_until(|| queue.state().waiting.is_empty());
        for _ in 0..CAPACITY * 2 {
            queue.put(used("more"));
        }
        assert_eq!(told.recv_timeout(SOON).unwrap(), ["first"]);
        assert_eq!(told.recv_timeout(SOON).unwrap().len(), CAPACITY);
    }

    #[test]
    fn a_store_that_panicked_is_told_of_later_uses() {
        let (queue, told) = queue();
        queue.put(used("boom"));
        assert_eq!(told.recv_timeout(SOON).unwrap(), ["boom"]);
        wait_until(|| !queue.state().has_courier);
        queue.put(used("next"));
        assert_eq!(told.recv_timeout(SOON).unwrap(), ["next"]);
    }

    #[test]
    fn a_runtime_that_has_ended_takes_no_later_use_with_it() {
        let (queue, told) = queue();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        handle.block_on(async { queue.put(used("at the end")) });
        wait_until(|| !queue.state().has_courier);
        queue.put(used("later"));
        assert_eq!(told.recv_timeout(SOON).unwrap(), ["at the end", "later"]);
    }
}
