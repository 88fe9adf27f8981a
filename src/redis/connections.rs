//! The connection that requests share. It is replaced after a failure.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::RedisResult;
use tokio::{sync::watch, time::timeout};

use super::{failure::Failure, link::Link, servers::Servers};

/// The servers, and the current connection to them.
pub(super) struct Connections {
    pub(super) servers: Servers,
    pub(super) time_limit: Duration,
    state: Mutex<State>,
}

enum State {
    Connected {
        link: Link,
        number: u64,
    },
    /// Everything that needs a connection waits for this one.
    Connecting(watch::Receiver<Option<Result<(), Failure>>>),
    Unconnected,
}

/// The connection, or what to wait for.
enum Found {
    Link(Link, u64),
    Wait(watch::Receiver<Option<Result<(), Failure>>>),
}

impl Connections {
    pub(super) fn new(servers: Servers, time_limit: Duration) -> Self {
        Self { servers, time_limit, state: Mutex::new(State::Unconnected) }
    }

    /// Opens a connection that isn't shared.
    pub(super) async fn open(&self) -> Result<Link, Failure> {
        self.servers.connect(self.time_limit).await
    }

    /// Runs a command on the shared connection. The time limit includes the time to connect.
    pub(super) async fn run<T, F>(
        self: &Arc<Self>,
        command: impl FnOnce(Link) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let mut used = None;
        let outcome = timeout(self.time_limit, async {
            let (link, number) = self.shared().await?;
            used = Some(number);
            command(link).await.map_err(Failure::Command)
        });
        let outcome = outcome.await.unwrap_or(Err(Failure::TimedOut(self.time_limit)));
        if let (Err(failure), Some(number)) = (&outcome, used)
            && failure.ends_connection()
        {
            self.discard(number);
        }
        outcome
    }

    async fn shared(self: &Arc<Self>) -> Result<(Link, u64), Failure> {
        loop {
            let mut connecting = match self.find() {
                Found::Link(link, number) => return Ok((link, number)),
                Found::Wait(connecting) => connecting,
            };
            let outcome = connecting.wait_for(Option::is_some).await;
            match outcome.map(|outcome| outcome.clone()) {
                Ok(Some(Ok(()))) => {}
                Ok(Some(Err(failure))) => return Err(failure),
                Ok(None) | Err(_) => return Err(Failure::Aborted),
            }
        }
    }

    /// Returns the connection, or what to wait for. Starts to connect if no other request has.
    fn find(self: &Arc<Self>) -> Found {
        let mut state = self.state();
        match &*state {
            State::Connected { link, number } => return Found::Link(link.clone(), *number),
            // If the runtime of the connecting task has ended, the sender is dropped without an outcome.
            State::Connecting(connecting) if connecting.has_changed().is_ok() => {
                return Found::Wait(connecting.clone());
            }
            State::Connecting(_) | State::Unconnected => {}
        }
        let (sender, connecting) = watch::channel(None);
        *state = State::Connecting(connecting.clone());
        drop(state);
        let this = Arc::clone(self);
        // A separate task, so that a client that disconnects doesn't abort the connection that others wait for.
        tokio::spawn(async move {
            let connected = this.open().await;
            let outcome = connected.map(|link| {
                let number = next_number();
                *this.state() = State::Connected { link, number };
            });
            if outcome.is_err() {
                *this.state() = State::Unconnected;
            }
            sender.send_replace(Some(outcome));
        });
        Found::Wait(connecting)
    }

    /// Discards a connection after a failure.
    fn discard(&self, failed: u64) {
        let mut state = self.state();
        if matches!(&*state, State::Connected { number, .. } if *number == failed) {
            *state = State::Unconnected;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn next_number() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("servers", &self.servers)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}
