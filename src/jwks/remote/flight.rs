//! A fetch under way.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use http::HeaderValue;
use tokio::{runtime::Handle, sync::watch, task::AbortHandle};

use super::remote_keys::Shared;
use crate::{
    Error,
    jwks::{FetchError, fetch::Fetched},
};

/// Discovery and keys together take no longer.
const FLIGHT_TIMEOUT: Duration = Duration::from_secs(15);

/// A fetch in a task of its own, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Flight {
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
    /// Starts a fetch. It reports to `shared`, and keeps it from nothing.
    pub(super) fn start(shared: &Arc<Shared>, etag: Option<HeaderValue>) -> Result<Self, Error> {
        let runtime = Handle::try_current().map_err(Error::misconfigured)?;
        let (sender, landed) = watch::channel(false);
        let landing = Landing {
            shared: Arc::downgrade(shared),
            sender,
            started: Instant::now(),
            reported: false,
        };
        let fetch = shared.source.fetch(etag);
        let task = runtime.spawn(async move {
            let outcome = tokio::time::timeout(FLIGHT_TIMEOUT, fetch).await;
            landing.report(outcome.unwrap_or(Err(FetchError::GivenUp)));
        });
        Ok(Self { landed, task: task.abort_handle() })
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
    pub(crate) async fn wait(mut self) {
        let landed = self.landed.wait_for(|landed| *landed);
        // An error is a sender that is gone, which has reported too.
        match self.patience {
            Some(patience) => drop(tokio::time::timeout(patience, landed).await),
            None => drop(landed.await),
        }
    }
}

/// Sees to it that a fetch is reported, also when its task panics or its runtime ends.
struct Landing {
    shared: Weak<Shared>,
    sender: watch::Sender<bool>,
    started: Instant,
    reported: bool,
}

impl Landing {
    fn report(mut self, outcome: Result<Fetched, FetchError>) {
        self.settle(outcome);
    }

    fn settle(&mut self, outcome: Result<Fetched, FetchError>) {
        self.reported = true;
        if let Some(shared) = self.shared.upgrade() {
            shared.land(outcome, self.started.elapsed());
        }
        self.sender.send_replace(true);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.reported {
            self.settle(Err(FetchError::GivenUp));
        }
    }
}
