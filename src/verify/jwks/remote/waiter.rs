//! Waiting for a fetch of keys.

use std::time::Duration;

use crate::verify::single_flight;

/// A waiter for a fetch of keys.
#[derive(Debug)]
pub(crate) struct Waiter {
    fetch: single_flight::Waiter<()>,
    stale_wait: Option<Duration>,
}

impl Waiter {
    pub(super) fn new(fetch: single_flight::Waiter<()>) -> Self {
        Self { fetch, stale_wait: None }
    }

    pub(super) fn completed() -> Self {
        Self::new(single_flight::Waiter::completed(()))
    }

    /// Lets the first wait end after `limit`, because there are keys, although they are stale.
    pub(super) fn for_stale(self, limit: Duration) -> Self {
        Self { stale_wait: Some(limit), ..self }
    }

    /// Waits until the fetch has completed or is lost. Returns false if `stale_wait` ends earlier;
    /// the next call then waits for the fetch itself.
    pub(crate) async fn wait(&mut self) -> bool {
        if let Some(limit) = self.stale_wait.take() {
            return tokio::time::timeout(limit, self.fetch.wait()).await.is_ok();
        }
        self.fetch.wait().await;
        true
    }
}
