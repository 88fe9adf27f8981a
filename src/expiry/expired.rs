//! The wait for a token's end.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use tokio::time::{Sleep, sleep};

use crate::{Clock, Identity, SystemClock};

/// As verifiers of JWTs have it by default: until then they accept the token, too.
const LEEWAY: Duration = Duration::from_secs(60);

/// Ends when the token of an [`Identity`] expires: see [`Identity::expired`].
#[must_use = "it does nothing unless it is awaited"]
pub struct Expired {
    at: Option<SystemTime>,
    leeway: Duration,
    clock: Arc<dyn Clock>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Identity {
    /// Waits until the token's time is over: for ever, if that has no end.
    ///
    /// For what outlives the request that began it, and whose body isn't a response's: a WebSocket, a
    /// subscription, a job. Responses are ended by `EndAtExpiryLayer`. Needs tokio's time.
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
    /// tokio::select! {
    ///     message = message => println!("{message}"),
    ///     () = identity.expired().leeway(Duration::ZERO) => println!("close with 1008"),
    /// }
    /// # }
    /// ```
    pub fn expired(&self) -> Expired {
        let (at, clock) = (self.expires_at(), Arc::new(SystemClock));
        Expired { at, leeway: LEEWAY, clock, sleep: None }
    }
}

impl Expired {
    /// How long after `exp` it ends. 60 s by default, as tokens are accepted until then.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// The clock to go by. [`SystemClock`] by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How long it takes from now on. `None` if for ever, or longer than a clock can show.
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
            // Looked up anew after each sleep: the clock may have been set back meanwhile.
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
