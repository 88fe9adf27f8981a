//! One replica of a service whose tokens are introspected.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use portcullis::{
    Error, IntrospectionVerifier, Verify,
    introspection::{AudienceGiven, ClientGiven, IntrospectionVerifierBuilder},
};
use tokio::time::{Instant, sleep_until};

use crate::{
    clock::SimulatedClock,
    endpoint::Endpoint,
    fleet::{bearer, headers},
    random::Random,
    support::issuer::API,
};

/// How often requests arrive, several at once.
const TICK: Duration = Duration::from_millis(1);

/// A replica, and the outcomes of its requests.
pub struct Replica {
    verifier: IntrospectionVerifier,
    random: Random,
    outcomes: Arc<Outcomes>,
}

#[derive(Debug, Default)]
struct Outcomes {
    accepted: AtomicU64,
    unavailable: AtomicU64,
}

/// How many requests were accepted, and how many got 503.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub accepted: u64,
    pub unavailable: u64,
}

pub type Builder = IntrospectionVerifierBuilder<ClientGiven, AudienceGiven>;

impl Replica {
    /// Creates a replica with the defaults of the crate, except for what `set` changes.
    pub fn new(
        seed: u64,
        clock: SimulatedClock,
        endpoint: &Endpoint,
        set: impl Fn(Builder) -> Builder,
    ) -> Self {
        let builder = IntrospectionVerifier::builder("https://issuer.test/introspect")
            .client_secret_basic("orders-api", "s3cret")
            .audience(API)
            .http_client(endpoint.clone())
            .clock(clock);
        let verifier = set(builder).build().expect("a valid configuration");
        Self { verifier, random: Random::new(seed), outcomes: Arc::default() }
    }

    /// Sends requests for this time, at random moments, with tokens that `next` returns.
    pub async fn run(
        &mut self,
        time: Duration,
        per_second: f64,
        mut next: impl FnMut(&mut Random) -> String,
    ) {
        let mut now = Instant::now();
        let end = now + time;
        while now < end {
            for _ in 0..self.random.count(per_second * TICK.as_secs_f64()) {
                let token = next(&mut self.random);
                self.request(&token);
            }
            now += TICK;
            sleep_until(now).await;
        }
    }

    /// Returns the outcomes so far.
    pub fn counts(&self) -> Counts {
        Counts {
            accepted: self.outcomes.accepted.load(Ordering::Relaxed),
            unavailable: self.outcomes.unavailable.load(Ordering::Relaxed),
        }
    }

    /// Sends a request, and doesn't wait for the response.
    fn request(&self, token: &str) {
        let mut outcome = Box::pin(self.verifier.verify(bearer(&headers(token))).wait());
        let mut context = Context::from_waker(Waker::noop());
        match pin!(&mut outcome).poll(&mut context) {
            Poll::Ready(outcome) => self.outcomes.count(outcome.map(drop)),
            Poll::Pending => {
                let outcomes = Arc::clone(&self.outcomes);
                tokio::spawn(async move { outcomes.count(outcome.await.map(drop)) });
            }
        }
    }
}

impl Outcomes {
    fn count(&self, outcome: Result<(), Error>) {
        let counter = match outcome {
            Ok(()) => &self.accepted,
            Err(error) if error.status() == http::StatusCode::SERVICE_UNAVAILABLE => {
                &self.unavailable
            }
            // A token that has just expired, or an inactive one.
            Err(_) => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
