//! A cache of verified tokens that is filled further and further.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use portcullis::AuthenticateLayer;
use tower::ServiceExt;

use super::percentile::percentile;
use crate::support::{fixture::Fixture, minter::Minter, services, subject::request};

/// How many requests are made before they are sent, and timed.
const BATCH: usize = 32;

/// How long tokens are sent again.
const TURN: Duration = Duration::from_millis(200);

/// A service whose cache has met so many tokens.
pub struct Filled<'a> {
    fixture: &'a Fixture,
    minter: Minter,
    app: Router,
    met: u64,
    /// What was allocated and not freed since before the verifier was made.
    bytes: i64,
    random: u64,
}

impl<'a> Filled<'a> {
    /// Before its first token, with that bound in bytes.
    pub fn new(fixture: &'a Fixture, bound: usize, minter: Minter) -> Self {
        let mut app = None;
        let info = allocation_counter::measure(|| {
            let verifier = fixture.issuer.hmac_verifier().token_cache(bound).build();
            let layer = AuthenticateLayer::bearer(verifier.expect("a good configuration"));
            app = Some(services::for_identity().layer(layer).with_state(()));
        });
        let app = app.expect("a router");
        Self { fixture, minter, app, met: 0, bytes: info.bytes_current, random: 0x9E37_79B9 }
    }

    /// Sends each token once, up to the `count`th.
    pub fn fill(&mut self, count: u64) {
        let Self { fixture, minter, app, met, .. } = self;
        let info = allocation_counter::measure(|| {
            fixture.runtime.block_on(async {
                for n in *met..count {
                    let answer = app.clone().oneshot(bearer(&minter.mint(n))).await;
                    assert_eq!(answer.expect("infallible").status(), StatusCode::OK);
                }
            });
        });
        self.met = count;
        self.bytes += info.bytes_current;
    }

    /// Nanoseconds for a request with one of the first `count` tokens, whichever.
    pub fn time(&mut self, count: u64) -> f64 {
        let mut batches = Vec::new();
        // Counting would cost time. What comes and goes uncounted is of one size, token for token.
        allocation_counter::opt_out(|| {
            let begun = Instant::now();
            while begun.elapsed() < TURN {
                let batch: Vec<_> = (0..BATCH).map(|_| self.request_of_one_of(count)).collect();
                let took = self.fixture.runtime.block_on(async {
                    let start = Instant::now();
                    for request in batch {
                        drop(black_box(self.app.clone().oneshot(request).await));
                    }
                    start.elapsed()
                });
                batches.push(took.as_secs_f64() * 1e9 / BATCH as f64);
            }
        });
        percentile(batches, 50)
    }

    /// What the verifier and its cache hold.
    pub fn bytes(&self) -> i64 {
        self.bytes
    }

    /// By xorshift: any order will do that doesn't repeat itself soon.
    fn request_of_one_of(&mut self, count: u64) -> Request<Body> {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        bearer(&self.minter.mint(self.random % count))
    }
}

fn bearer(token: &str) -> Request<Body> {
    request(Some(&format!("Bearer {token}")))
}
