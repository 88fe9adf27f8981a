//! A replica of a service: a router with its own verifier and its own list.

use std::time::{Duration, Instant};

use axum::{Router, body::Body, routing::get};
use http::{Request, header::AUTHORIZATION};
use portcullis::{
    AuthenticateLayer, Error,
    redis::Redis,
    testing::TestIssuer,
    verify::{OutagePolicy, Revocation, Revocations},
};
use serde_json::json;
use tower::ServiceExt;

pub const API: &str = "https://api.example";

/// How long a test waits for what takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Replica {
    pub revocations: Revocations,
    app: Router,
}

impl Replica {
    /// Starts a replica, without a wait for Redis.
    pub fn start(issuer: &TestIssuer, redis: &Redis, outage: OutagePolicy) -> Self {
        let revocations =
            Revocations::builder().shared(redis.revocations()).outage(outage).build().unwrap();
        let verifier = issuer.verifier().audience(API).revocations(revocations.clone());
        let layer = AuthenticateLayer::bearer(verifier.build().unwrap());
        Self { revocations, app: Router::new().route("/", get("ok")).layer(layer) }
    }

    /// Starts a replica, and waits until it has read Redis.
    pub async fn ready(issuer: &TestIssuer, redis: &Redis, outage: OutagePolicy) -> Self {
        let replica = Self::start(issuer, redis, outage);
        replica.until("current", async || replica.revocations.readiness().is_current()).await;
        replica
    }

    pub async fn status(&self, token: &str) -> u16 {
        let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(Body::empty()).unwrap();
        self.app.clone().oneshot(request).await.unwrap().status().as_u16()
    }

    /// Waits until a token has this status.
    pub async fn until_status(&self, token: &str, status: u16) {
        self.until(&format!("{status}"), async || self.status(token).await == status).await;
    }

    pub async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition().await {
            let readiness = self.revocations.readiness();
            assert!(Instant::now() < deadline, "the replica isn't {what}: {readiness:?}");
            // Starts the task of the replica even if there was no request.
            drop(self.revocations.warm_up().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn revoke(&self, id: &str) -> Result<(), Error> {
        self.revocations.revoke(&Revocation::token_id(id)).await
    }
}

pub fn token(issuer: &TestIssuer, id: &str) -> String {
    issuer.token().audience(API).subject("alice").claim("jti", json!(id)).mint()
}
