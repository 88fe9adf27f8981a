//! The verifiers of all replicas, with one issuer.

use std::time::Duration;

use http::{HeaderMap, header::AUTHORIZATION};
use portcullis::{Algorithm, BearerToken, JwtVerifier, Verify};
use tokio::time::{Instant, sleep_until};

use crate::{clock::SimulatedClock, key_server::KeyServer, support::issuer::API};

/// Far more than any simulation takes.
const LIFETIME: Duration = Duration::from_secs(100 * 86_400);

/// Replicas of a service that verifies JWTs, with the defaults of the crate.
pub struct Fleet {
    pub clock: SimulatedClock,
    pub server: KeyServer,
    verifiers: Vec<JwtVerifier>,
    pub token: String,
    /// How often a token wasn't cached.
    pub verified: u64,
}

impl Fleet {
    pub fn new(replicas: usize, cache_control: Option<&str>, has_etag: bool) -> Self {
        let clock = SimulatedClock::new();
        let server = KeyServer::new(clock, cache_control, has_etag);
        server.issuer.publish(Algorithm::Es256);
        let verifier = || {
            let builder = JwtVerifier::builder(server.issuer.issuer()).audience(API);
            let builder = builder.http_client(server.clone()).clock(clock);
            builder.build().expect("a valid configuration")
        };
        let verifiers = (0..replicas).map(|_| verifier()).collect();
        let mut fleet = Self { clock, server, verifiers, token: String::new(), verified: 0 };
        fleet.token = fleet.mint(None);
        fleet
    }

    /// Returns a token, with another `kid` than that of its key if one is given.
    pub fn mint(&self, kid: Option<&str>) -> String {
        let token = self.server.issuer.token().algorithm(Algorithm::Es256).audience(API);
        let token = token.expires_in(LIFETIME);
        match kid {
            Some(kid) => token.header("kid", kid.into()).mint(),
            None => token.mint(),
        }
    }

    /// Starts the replicas one after another, evenly over this time, and sends each its first request.
    pub async fn start_within(&mut self, time: Duration) {
        let (start, count) = (Instant::now(), self.verifiers.len());
        for replica in 0..count {
            sleep_until(start + time.mul_f64(replica as f64 / count as f64)).await;
            self.request(replica, &self.token.clone());
        }
        sleep_until(start + time).await;
    }

    /// Sends each replica a request with the token in each interval, until that second of the simulation.
    pub async fn run_until(&mut self, second: f64, interval: Duration) {
        let token = self.token.clone();
        self.run_with(&[token], second, interval).await;
    }

    /// The same with several tokens.
    pub async fn run_with(&mut self, tokens: &[String], second: f64, interval: Duration) {
        let mut next = Instant::now();
        while self.clock.seconds() < second {
            for replica in 0..self.verifiers.len() {
                for token in tokens {
                    self.request(replica, token);
                }
            }
            next += interval;
            sleep_until(next).await;
        }
    }

    /// Sends a request to each replica in each interval, until all of them accept the token.
    pub async fn run_until_accepted(&mut self, token: &str, others: &[String], interval: Duration) {
        let mut next = Instant::now();
        while !self.verifiers.iter().all(|it| it.cached(token.as_bytes()).is_some()) {
            for replica in 0..self.verifiers.len() {
                for other in others {
                    self.request(replica, other);
                }
                self.request(replica, token);
            }
            next += interval;
            sleep_until(next).await;
        }
    }

    /// Returns whether all replicas accept the token.
    pub async fn accepts(&self) -> bool {
        for verifier in &self.verifiers {
            if verifier.verify(bearer(&headers(&self.token))).wait().await.is_err() {
                return false;
            }
        }
        true
    }

    /// Sends a request, and doesn't wait for the response.
    fn request(&mut self, replica: usize, token: &str) {
        let Some(verifier) = self.verifiers.get(replica) else { return };
        if verifier.cached(token.as_bytes()).is_some() {
            return;
        }
        self.verified += 1;
        let verification = verifier.verify(bearer(&headers(token)));
        tokio::spawn(verification.wait());
    }
}

/// Returns the headers of a request with a token.
pub fn headers(token: &str) -> HeaderMap {
    let value = format!("Bearer {token}").parse().expect("a header value");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// Returns the token in these headers.
pub fn bearer(headers: &HeaderMap) -> BearerToken<'_> {
    BearerToken::from_headers(headers).expect("a token")
}
