//! Events while the issuers are replaced: those of the issuers that are trusted when an event arrives count.

use axum::{Router, body::Body, routing::get};
use http::{
    Request,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use portcullis::{
    Algorithm, AuthenticateLayer, Issuers, JwtVerifier, issuers::IssuersHandle,
    security_events::SecurityEvents, testing::TestIssuer, verify::Revocations,
};
use serde_json::json;

use super::{CAEP, USER};
use crate::support::{API, TestResponse, send};

struct Setting {
    handle: IssuersHandle,
    app: Router,
}

fn issuer(name: &str) -> TestIssuer {
    let issuer = TestIssuer::named(name);
    issuer.publish(Algorithm::Es256);
    issuer
}

fn verifier(issuer: &TestIssuer) -> JwtVerifier {
    issuer.verifier().audience(API).build().unwrap()
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).subject(USER).mint()
}

/// An event that ends the sessions of the user.
fn event(issuer: &TestIssuer, id: &str) -> String {
    let subject = json!({ "format": "iss_sub", "iss": issuer.issuer(), "sub": USER });
    let token = issuer.token().header("typ", json!("secevent+jwt")).audience(API);
    let token = token.claim("jti", json!(id)).claim("sub_id", subject);
    let events = json!({ format!("{CAEP}session-revoked"): {} });
    token.claim("events", events).without_claim("sub").without_claim("exp").mint()
}

impl Setting {
    fn new(issuers: Issuers) -> Self {
        let handle = IssuersHandle::new(issuers);
        let events = SecurityEvents::builder(handle.clone()).build().unwrap();
        let app = Router::new()
            .route("/", get("ok"))
            .layer(AuthenticateLayer::bearer(handle.clone()))
            .merge(events.router("/events"));
        Self { handle, app }
    }

    async fn status(&self, token: &str) -> u16 {
        let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"));
        send(&self.app, request.body(Body::empty()).unwrap()).await.status.as_u16()
    }

    async fn push(&self, event: &str) -> TestResponse {
        let request = Request::post("/events").header(CONTENT_TYPE, "application/secevent+jwt");
        send(&self.app, request.body(event.to_owned().into()).unwrap()).await
    }
}

fn is_rejected(response: &TestResponse) -> bool {
    let body: serde_json::Value = serde_json::from_str(&response.body).unwrap_or_default();
    response.status == 400 && body["err"] == "invalid_issuer"
}

#[tokio::test]
async fn added_issuers_can_send_events_and_removed_ones_cannot() {
    let (one, two) = (issuer("https://one.test"), issuer("https://two.test"));
    let setting = Setting::new(Issuers::builder().trust(verifier(&one)).build().unwrap());
    let tokens = [token(&one), token(&two)];
    assert_eq!(setting.status(&tokens[0]).await, 200);
    let early = setting.push(&event(&two, "early")).await;
    assert!(is_rejected(&early), "{} {}", early.status, early.body);

    setting.handle.update(|issuers| issuers.trust(verifier(&two))).unwrap();
    assert_eq!(setting.status(&tokens[1]).await, 200);
    assert_eq!(setting.push(&event(&two, "now")).await.status, 202);
    assert_eq!(setting.status(&tokens[1]).await, 401);
    assert_eq!(setting.status(&tokens[0]).await, 200, "another issuer's user of that name");

    setting.handle.update(|issuers| issuers.distrust("https://one.test")).unwrap();
    let late = setting.push(&event(&one, "late")).await;
    assert!(is_rejected(&late), "{} {}", late.status, late.body);
    assert_eq!(setting.status(&tokens[0]).await, 401);
    // What it couldn't do then, it can do when it is trusted again.
    setting.handle.update(|issuers| issuers.trust(verifier(&one))).unwrap();
    assert_eq!(setting.status(&tokens[0]).await, 200);
    assert_eq!(setting.push(&event(&one, "late")).await.status, 202);
    assert_eq!(setting.status(&tokens[0]).await, 401);
}

#[tokio::test]
async fn event_revocations_survive_a_replacement_of_the_issuers() {
    let (one, two) = (issuer("https://one.test"), issuer("https://two.test"));
    let (first, second) = (verifier(&one), verifier(&two));
    let setting = Setting::new(Issuers::builder().trust(first.clone()).build().unwrap());
    let token = token(&one);
    assert_eq!(setting.status(&token).await, 200);
    assert_eq!(setting.push(&event(&one, "1")).await.status, 202);
    assert_eq!(setting.status(&token).await, 401);
    setting.handle.replace(&Issuers::builder().trust(first).trust(second).build().unwrap());
    assert_eq!(setting.status(&token).await, 401);
    // An event that is sent again is accepted, and has no further effect.
    assert_eq!(setting.push(&event(&one, "1")).await.status, 202);
}

#[tokio::test]
async fn an_event_takes_effect_on_the_list_that_the_issuers_share() {
    let issuer = issuer("https://one.test");
    let revocations = Revocations::new();
    let builder = Issuers::builder().trust(verifier(&issuer)).revocations(revocations.clone());
    let setting = Setting::new(builder.build().unwrap());
    assert_eq!(setting.push(&event(&issuer, "1")).await.status, 202);
    assert_eq!(revocations.len(), 1);
    assert_eq!(setting.status(&token(&issuer)).await, 401);
}
