//! A fetch under way.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    task::AbortHandle,
    time::Instant,
};

use crate::{
    Error,
    verify::jwks::{
        FetchError,
        fetch::{FetchFuture, Fetched},
    },
};

/// Discovery and keys together take no longer.
const FLIGHT_TIMEOUT: Duration = Duration::from_secs(15);

/// A fetch that hasn't even timed out by then is on a runtime that nobody drives any more.
const OVERDUE: Duration = Duration::from_secs(20);

/// Who takes in what a flight brings.
pub(super) trait Land: Send + Sync + 'static {
    /// `sender` tells the end of the flight, which took so long.
    fn land(
        &self,
        sender: &watch::Sender<bool>,
        outcome: Result<Fetched, FetchError>,
        took: Duration,
    );
}

/// A fetch in a task of its own, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Flight {
    started_at: Instant,
    landed: watch::Receiver<bool>,
    task: AbortHandle,
}

/// Waits until a fetch has ended, well or not, or patience has.
#[derive(Debug)]
pub(crate) struct Waiter {
    landed: watch::Receiver<bool>,
    patience: Option<Duration>,
}

impl Flight {
    /// Starts `fetch`. It reports to `home`, and keeps it from nothing.
    pub(super) fn start<H: Land>(home: &Arc<H>, fetch: FetchFuture) -> Result<Self, Error> {
        let runtime = Handle::try_current().map_err(Error::misconfigured)?;
        let (sender, landed) = watch::channel(false);
        let started_at = Instant::now();
        let (start, started) = oneshot::channel::<Landing<H>>();
        let task = runtime.spawn(async move {
            let Ok(landing) = started.await else { return };
            let outcome = tokio::time::timeout(FLIGHT_TIMEOUT, fetch).await;
            landing.report(outcome.unwrap_or(Err(FetchError::Aborted)));
        });
        // Handed over only now: a runtime that has ended drops the task within `spawn`, and a landing
        // must not report while the lock is held under which flights are started.
        let landing = Landing { home: Arc::downgrade(home), sender, started_at, reported: false };
        start.send(landing).map_err(Landing::disarm)?;
        Ok(Self { started_at, landed, task: task.abort_handle() })
    }

    pub(super) fn is_overdue(&self) -> bool {
        self.started_at.elapsed() >= OVERDUE
    }

    /// Whether this is the flight whose end is told there.
    pub(super) fn is_told_by(&self, sender: &watch::Sender<bool>) -> bool {
        self.landed.same_channel(&sender.subscribe())
    }

    pub(super) fn waiter(&self, patience: Option<Duration>) -> Waiter {
        Waiter { landed: self.landed.clone(), patience }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Waiter {
    /// For a fetch that has ended already.
    pub(super) fn over() -> Self {
        Self { landed: watch::channel(true).1, patience: None }
    }

    /// Whether the fetch has ended, or ought to have. If not, patience has, and the next wait has none
    /// to lose.
    pub(crate) async fn wait(&mut self) -> bool {
        let landed = self.landed.wait_for(|landed| *landed);
        // An error is a sender that is gone, which has reported too.
        let patience = self.patience.take();
        let in_time = tokio::time::timeout(patience.unwrap_or(OVERDUE), landed).await.is_ok();
        in_time || patience.is_none()
    }
}

/// Sees to it that a fetch is reported, also when its task panics or its runtime ends.
struct Landing<H: Land> {
    home: Weak<H>,
    sender: watch::Sender<bool>,
    started_at: Instant,
    reported: bool,
}

impl<H: Land> Landing<H> {
    fn report(mut self, outcome: Result<Fetched, FetchError>) {
        self.settle(outcome);
    }

    /// For a flight that never starts.
    fn disarm(mut self) -> Error {
        self.reported = true;
        Error::unavailable("the runtime that was to fetch the keys has ended")
    }

    fn settle(&mut self, outcome: Result<Fetched, FetchError>) {
        self.reported = true;
        if let Some(home) = self.home.upgrade() {
            home.land(&self.sender, outcome, self.started_at.elapsed());
        }
        self.sender.send_replace(true);
    }
}

impl<H: Land> Drop for Landing<H> {
    fn drop(&mut self) {
        if !self.reported {
            self.settle(Err(FetchError::Aborted));
        }
    }
}
