//! Events of issuers, as requests to a router.

mod complex_subjects;
mod handle;
mod logout;
mod push;

use std::time::Duration;

use axum::{Router, routing::get};
use http::{Request, header::AUTHORIZATION, header::CONTENT_TYPE};
use portcullis::{
    Algorithm, AuthenticateLayer, Clock, Issuers,
    security_events::{SecurityEvents, SecurityEventsBuilder},
    testing::TestIssuer,
};
use serde_json::{Value, json};

use crate::support::{API, TestResponse, issuer_with, send};

pub const USER: &str = "f1c8a2b4-0c6e-4b0e-9a9e-2f0a4a8a7d11";
pub const SESSION: &str = "e4c2b7a1-3f5d-4a7b-8c9d-0e1f2a3b4c5d";
pub const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";

/// An issuer, and a service that receives its events at `/events`.
pub struct Setting {
    pub issuer: TestIssuer,
    app: Router,
}

impl Setting {
    pub fn new() -> Self {
        Self::with(|events| events)
    }

    pub fn with(configure: impl FnOnce(SecurityEventsBuilder) -> SecurityEventsBuilder) -> Self {
        let issuer = issuer_with([Algorithm::Es256]);
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let issuers = Issuers::builder().trust(verifier).build().unwrap();
        let events = SecurityEvents::builder(issuers.clone()).audience("orders-client");
        let events = configure(events).build().unwrap();
        let app = Router::new()
            .route("/", get("ok"))
            .layer(AuthenticateLayer::bearer(issuers))
            .merge(events.router("/events"));
        Self { issuer, app }
    }

    pub fn token(&self, subject: &str, session: &str) -> String {
        let token = self.issuer.token().audience(API).subject(subject);
        token
            .claim("sid", json!(session))
            .claim("jti", json!(format!("{subject}/{session}")))
            .mint()
    }

    pub async fn status(&self, token: &str) -> u16 {
        let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"));
        send(&self.app, request.body(axum::body::Body::empty()).unwrap()).await.status.as_u16()
    }

    pub fn now(&self) -> u64 {
        let now = self.issuer.clock().now().duration_since(std::time::UNIX_EPOCH);
        now.unwrap().as_secs()
    }

    /// Signs recorded claims as this issuer, now.
    pub fn recorded(&self, claims: &str, typ: &str) -> String {
        let claims = claims
            .replace("$ISS", self.issuer.issuer())
            .replace("$IAT", &self.now().to_string())
            .replace("$EXP", &(self.now() + 120).to_string());
        self.issuer.token().header("typ", json!(typ)).mint_raw(&claims)
    }

    /// A security event token with one event about a subject.
    pub fn event(&self, name: &str, subject: Value) -> String {
        let token = self.issuer.token().header("typ", json!("secevent+jwt")).audience(API);
        let token = token.claim("jti", json!(format!("{name} {subject}")));
        let token = token.claim("sub_id", subject).claim("events", json!({ name: {} }));
        token.without_claim("sub").without_claim("exp").mint()
    }

    pub async fn push(&self, event: &str) -> TestResponse {
        self.post("application/secevent+jwt", event.to_owned()).await
    }

    pub async fn log_out(&self, token: &str) -> TestResponse {
        self.post("application/x-www-form-urlencoded", format!("logout_token={token}")).await
    }

    pub async fn post(&self, media_type: &str, body: String) -> TestResponse {
        let request = Request::post("/events").header(CONTENT_TYPE, media_type);
        send(&self.app, request.body(body.into()).unwrap()).await
    }

    pub async fn send(&self, request: Request<axum::body::Body>) -> TestResponse {
        send(&self.app, request).await
    }

    pub fn advance(&self, seconds: u64) {
        self.issuer.clock().advance(Duration::from_secs(seconds));
    }
}
