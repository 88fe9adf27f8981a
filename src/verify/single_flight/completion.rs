use tokio::sync::watch;

use super::{FlightId, StartError};

/// A guard that completes a task exactly once, even if the task panics or is dropped.
pub(super) struct Completion<O, T> {
    id: FlightId,
    sender: watch::Sender<Option<T>>,
    /// `None` once it was called.
    complete: Option<Box<Complete<O, T>>>,
}

type Complete<O, T> = dyn FnOnce(FlightId, Option<O>) -> T + Send;

impl<O, T> Completion<O, T> {
    pub(super) fn new(
        id: FlightId,
        sender: watch::Sender<Option<T>>,
        complete: impl FnOnce(FlightId, Option<O>) -> T + Send + 'static,
    ) -> Self {
        Self { id, sender, complete: Some(Box::new(complete)) }
    }

    pub(super) fn run(mut self, output: Option<O>) {
        self.complete(output);
    }

    /// Prevents the completion of a task that didn't start.
    pub(super) fn disarm(mut self) -> StartError {
        self.complete = None;
        StartError::ShutDown
    }

    fn complete(&mut self, output: Option<O>) {
        if let Some(complete) = self.complete.take() {
            let outcome = complete(self.id, output);
            // Only after `complete`, so that a request that wakes up finds the result in the
            // owner's cache.
            self.sender.send_replace(Some(outcome));
        }
    }
}

impl<O, T> Drop for Completion<O, T> {
    fn drop(&mut self) {
        self.complete(None);
    }
}
