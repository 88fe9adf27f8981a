use std::time::Duration;

use tokio::sync::watch;

/// The age at which a task is considered lost. It should have timed out by then, so its runtime is no
/// longer driven.
pub(super) const OVERDUE: Duration = Duration::from_secs(20);

/// A waiter for a running task. Dropping it doesn't affect the task.
#[derive(Debug)]
pub(crate) struct Waiter<T>(watch::Receiver<Option<T>>);

impl<T> Waiter<T> {
    pub(super) const fn new(outcome: watch::Receiver<Option<T>>) -> Self {
        Self(outcome)
    }
}

impl<T: Clone> Waiter<T> {
    /// Returns a waiter for a task that has completed with `outcome`.
    pub(crate) fn completed(outcome: T) -> Self {
        Self(watch::channel(Some(outcome)).1)
    }

    /// Waits until the task has completed. Returns `None` if the task is lost because its runtime
    /// is no longer driven.
    pub(crate) async fn wait(&mut self) -> Option<T> {
        let outcome = tokio::time::timeout(OVERDUE, self.0.wait_for(Option::is_some)).await;
        // The inner error means that the sender was dropped, because `complete` panicked.
        outcome.ok()?.ok()?.clone()
    }
}
