//! A future that waits until a token expires.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use tokio::time::{Sleep, sleep};

use crate::{Clock, Identity, claims::DEFAULT_LEEWAY, clock::SystemClock};

/// A future that completes when the token of an [`Identity`] expires. See [`Identity::expired`].
#[must_use = "it does nothing unless it is awaited"]
pub struct Expired {
    at: Option<SystemTime>,
    leeway: Duration,
    clock: Arc<dyn Clock>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Identity {
    /// Returns a future that completes when the token expires. It never completes for a token without an expiry.
    ///
    /// Use it for work that outlives its request and isn't a response body, such as a WebSocket, a subscription or a
    /// job. For response bodies, use `EndAtExpiryLayer`. The future requires a tokio runtime with time enabled.
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// use portcullis::Identity;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let identity = Identity::assertion().expires_at(SystemTime::now()).build();
    /// # let message = std::future::pending::<String>();
    /// // In the loop of a WebSocket:
    /// let close_code = tokio::select! {
    ///     _message = message => None,
    ///     () = identity.expired().leeway(Duration::ZERO) => Some(1008),
    /// };
    /// assert_eq!(close_code, Some(1008));
    /// # }
    /// ```
    pub fn expired(&self) -> Expired {
        let (at, clock) = (self.expires_at(), Arc::new(SystemClock));
        Expired { at, leeway: DEFAULT_LEEWAY, clock, sleep: None }
    }
}

impl Expired {
    /// Sets how long after `exp` the future completes. The default is 60 s, because verifiers accept a token until
    /// then.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets the clock. The default is [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Returns the remaining time. Returns `None` if the token doesn't expire, or later than a clock can represent.
    fn left(&self) -> Option<Duration> {
        let end = self.at?.checked_add(self.leeway)?;
        Some(end.duration_since(self.clock.now()).unwrap_or_default())
    }
}

impl Future for Expired {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
            }
            // Read the clock again after each sleep, because it may have been set back.
            match self.left() {
                None => return Poll::Pending,
                Some(Duration::ZERO) => return Poll::Ready(()),
                Some(left) => self.sleep = Some(Box::pin(sleep(left))),
            }
        }
    }
}

impl fmt::Debug for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expired")
            .field("at", &self.at)
            .field("leeway", &self.leeway)
            .finish_non_exhaustive()
    }
}
