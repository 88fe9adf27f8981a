//! Security event tokens (RFC 8417) by push (RFC 8935).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http::{Request, header::AUTHORIZATION, header::CONTENT_TYPE};
use portcullis::{
    Algorithm, Error, JwtVerifier,
    security_events::SecurityEvents,
    testing::{Fault, MemoryRevocationStore, TestIssuer},
    verify::Revocations,
};
use serde_json::json;

use super::{CAEP, SESSION, Setting, USER};
use crate::support::API;

fn named(setting: &Setting, subject: &str) -> serde_json::Value {
    json!({ "format": "iss_sub", "iss": setting.issuer.issuer(), "sub": subject })
}

#[tokio::test]
async fn recorded_events_revoke_the_tokens_of_their_subject() {
    for (name, claims, revokes_other_sessions) in [
        ("Okta", include_str!("okta-session-revoked.json"), true),
        ("CAEP session", include_str!("caep-session-of-user.json"), false),
        ("CAEP credential", include_str!("caep-credential-change.json"), true),
        ("RISC", include_str!("risc-account-disabled.json"), true),
    ] {
        let setting = Setting::new();
        let session = setting.token(USER, SESSION);
        let (same_user, other_user) = (setting.token(USER, "another"), setting.token("bob", "s"));
        for token in [&session, &same_user, &other_user] {
            assert_eq!(setting.status(token).await, 200, "{name}");
        }
        let response = setting.push(&setting.recorded(claims, "secevent+jwt")).await;
        assert_eq!((response.status.as_u16(), &*response.body), (202, ""), "{name}");
        assert_eq!(setting.status(&session).await, 401, "{name}");
        let expected = if revokes_other_sessions { 401 } else { 200 };
        assert_eq!(setting.status(&same_user).await, expected, "{name}");
        assert_eq!(setting.status(&other_user).await, 200, "{name}");
        setting.advance(2);
        assert_eq!(setting.status(&setting.token(USER, "next")).await, 200, "{name}: a new login");
    }
}

#[tokio::test]
async fn each_event_revokes_what_its_type_says() {
    const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
    for (event, is_revoked) in [
        (format!("{CAEP}session-revoked"), true),
        (format!("{CAEP}credential-change"), true),
        (format!("{CAEP}token-claims-change"), true),
        (format!("{RISC}account-disabled"), true),
        (format!("{RISC}account-purged"), true),
        (format!("{RISC}sessions-revoked"), true),
        (format!("{RISC}account-credential-change-required"), true),
        (format!("{RISC}account-enabled"), false),
        (format!("{CAEP}assurance-level-change"), false),
        (format!("{CAEP}session-established"), false),
        ("https://schemas.openid.net/secevent/ssf/event-type/verification".to_owned(), false),
        ("https://event.example/session-revoked".to_owned(), false),
    ] {
        let setting = Setting::new();
        let token = setting.token(USER, SESSION);
        let response = setting.push(&setting.event(&event, named(&setting, USER))).await;
        assert_eq!(response.status, 202, "{event}");
        assert_eq!(setting.status(&token).await, if is_revoked { 401 } else { 200 }, "{event}");
    }
}

#[tokio::test]
async fn the_formats_of_subjects_are_those_of_rfc_9493() {
    let event = format!("{CAEP}session-revoked");
    let setting = || {
        Setting::with(|events| {
            events.subject_of_email(async |_, email| {
                Ok((email == "alice@example.com").then(|| USER.to_owned()))
            })
        })
    };
    let iss = setting().issuer.issuer().to_owned();
    for (subject, status, token_status) in [
        (json!({ "format": "iss_sub", "iss": iss, "sub": USER }), 202, 401),
        (json!({ "format": "iss_sub", "iss": iss, "sub": "bob" }), 202, 200),
        (json!({ "format": "opaque", "id": USER }), 202, 401),
        (json!({ "format": "opaque", "id": SESSION }), 202, 401),
        (json!({ "format": "email", "email": "alice@example.com" }), 202, 401),
        (json!({ "format": "email", "email": "nobody@example.com" }), 202, 200),
        (json!({ "format": "jwt_id", "iss": iss, "jti": format!("{USER}/{SESSION}") }), 202, 401),
        (
            json!({ "format": "aliases", "identifiers": [
                { "format": "phone_number", "phone_number": "+12065550100" },
                { "format": "email", "email": "alice@example.com" },
            ]}),
            202,
            401,
        ),
        (json!({ "format": "phone_number", "phone_number": "+12065550100" }), 400, 200),
        (json!({ "format": "iss_sub", "iss": iss }), 400, 200),
        (json!("alice"), 400, 200),
    ] {
        let setting = setting();
        let token = setting.token(USER, SESSION);
        let response = setting.push(&setting.event(&event, subject.clone())).await;
        assert_eq!(response.status, status, "{subject} {}", response.body);
        assert_eq!(setting.status(&token).await, token_status, "{subject}");
    }
    let email = json!({ "format": "email", "email": "alice@example.com" });
    let without_function = Setting::new();
    let response = without_function.push(&without_function.event(&event, email)).await;
    assert_eq!(
        (response.status.as_u16(), &response.json()["err"]),
        (400, &json!("invalid_request"))
    );
}

#[tokio::test]
async fn an_issuer_can_not_revoke_the_tokens_of_another() {
    let setting = Setting::new();
    let token = setting.token(USER, SESSION);
    let other = json!({ "format": "iss_sub", "iss": "https://other.example", "sub": USER });
    let response = setting.push(&setting.event(&format!("{CAEP}session-revoked"), other)).await;
    assert_eq!((response.status.as_u16(), &response.json()["err"]), (400, &json!("access_denied")));
    assert_eq!(setting.status(&token).await, 200);
}

#[tokio::test]
async fn a_rejected_event_has_the_error_of_rfc_8935() {
    let setting = Setting::new();
    let victim = setting.token(USER, SESSION);
    let valid = || {
        let token = setting.issuer.token().header("typ", json!("secevent+jwt")).audience(API);
        let events = json!({ format!("{CAEP}session-revoked"): {} });
        let token = token.claim("jti", json!("1")).claim("events", events);
        token.claim("sub_id", named(&setting, USER)).without_claim("exp")
    };
    let stranger = TestIssuer::new();
    let forged = stranger.token().algorithm(Algorithm::Es256).header("typ", json!("secevent+jwt"));
    let forged = forged.audience(API).claim("jti", json!("1"));
    let forged = forged.claim("events", json!({ format!("{CAEP}session-revoked"): {} }));
    for (what, token, code) in [
        ("an access token", setting.token(USER, SESSION), "invalid_request"),
        ("no typ", valid().without_header("typ").mint(), "invalid_request"),
        ("typ JWT", valid().header("typ", json!("JWT")).mint(), "invalid_request"),
        (
            "typ of a logout token",
            valid().header("typ", json!("logout+jwt")).mint(),
            "invalid_request",
        ),
        ("no events", valid().without_claim("events").mint(), "invalid_request"),
        ("events as a list", valid().claim("events", json!(["x"])).mint(), "invalid_request"),
        ("no jti", valid().without_claim("jti").mint(), "invalid_request"),
        ("no iat", valid().without_claim("iat").mint(), "invalid_request"),
        ("expired", valid().claim("exp", json!(setting.now() - 120)).mint(), "invalid_request"),
        ("another audience", valid().audience("https://other.example").mint(), "invalid_audience"),
        ("no audience", valid().without_claim("aud").mint(), "invalid_audience"),
        (
            "another issuer",
            valid().claim("iss", json!("https://x.example")).mint(),
            "invalid_issuer",
        ),
        ("no issuer", valid().without_claim("iss").mint(), "invalid_issuer"),
        ("not signed", valid().mint_unsigned(), "invalid_key"),
        ("signed by another key", forged.mint(), "invalid_key"),
        ("not a JWT", "x".to_owned(), "invalid_request"),
        ("nothing", String::new(), "invalid_request"),
    ] {
        let response = setting.push(&token).await;
        assert_eq!(response.status, 400, "{what}");
        assert_eq!(response.headers["content-type"], "application/json", "{what}");
        assert_eq!(response.headers["content-language"], "en", "{what}");
        assert_eq!(response.json()["err"], code, "{what}");
        assert!(!response.json()["description"].as_str().unwrap().is_empty(), "{what}");
        assert_eq!(setting.status(&victim).await, 200, "{what}");
    }
    assert_eq!(setting.push(&valid().mint()).await.status, 202);
    assert_eq!(setting.status(&victim).await, 401);
}

#[tokio::test]
async fn other_requests_are_rejected() {
    let setting = Setting::new();
    let request = |method: &str| Request::builder().method(method).uri("/events");
    let get = request("GET").header(CONTENT_TYPE, "application/secevent+jwt").body(Body::empty());
    let get = setting.send(get.unwrap()).await;
    assert_eq!((get.status.as_u16(), get.headers["allow"].to_str().unwrap()), (405, "POST"));
    for media_type in ["application/json", "text/plain", "application/jwt"] {
        let response = setting.post(media_type, "{}".to_owned()).await;
        assert_eq!(response.status, 400, "{media_type}");
        assert_eq!(response.json()["err"], "invalid_request");
    }
    assert_eq!(setting.push(&"x".repeat(64 * 1024 + 1)).await.status, 413);
}

#[tokio::test]
async fn an_event_takes_effect_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let setting = Setting::with(move |events| {
        events.subject_of_email(move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(Some(USER.to_owned())) }
        })
    });
    let email = json!({ "format": "email", "email": "alice@example.com" });
    let event = setting.event(&format!("{CAEP}credential-change"), email);
    for _ in 0..3 {
        assert_eq!(setting.push(&event).await.status, 202);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    // Even if it did, it would not revoke newer tokens.
    setting.advance(5);
    assert_eq!(setting.push(&event).await.status, 202);
    assert_eq!(setting.status(&setting.token(USER, SESSION)).await, 200);
}

#[tokio::test]
async fn tokens_that_were_issued_after_the_event_stay_valid() {
    let setting = Setting::new();
    let before = setting.token(USER, SESSION);
    let time_of_event = setting.now();
    setting.advance(30);
    let after = setting.token(USER, SESSION);
    let name = format!("{CAEP}credential-change");
    let event = setting.issuer.token().header("typ", json!("secevent+jwt")).audience(API);
    let event = event.claim("jti", json!("1")).claim("sub_id", named(&setting, USER));
    let event = event.claim("events", json!({ name: { "event_timestamp": time_of_event } }));
    assert_eq!(setting.push(&event.mint()).await.status, 202);
    assert_eq!(setting.status(&before).await, 401);
    assert_eq!(setting.status(&after).await, 200);
}

#[tokio::test]
async fn a_transmitter_token_is_required_if_it_is_set() {
    let setting = Setting::with(|events| events.transmitter_token("s3cret"));
    let event = setting.event(&format!("{CAEP}session-revoked"), named(&setting, USER));
    let token = setting.token(USER, SESSION);
    for (authorization, status) in [
        (None, 400),
        (Some("Bearer wrong"), 400),
        (Some("Basic s3cret"), 400),
        (Some("Bearer s3cret"), 202),
    ] {
        let mut request = Request::post("/events").header(CONTENT_TYPE, "application/secevent+jwt");
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = setting.send(request.body(Body::from(event.clone())).unwrap()).await;
        assert_eq!(response.status, status, "{authorization:?}");
        if status == 400 {
            assert_eq!(response.json()["err"], "authentication_failed");
            assert_eq!(setting.status(&token).await, 200);
        }
    }
    assert_eq!(setting.status(&token).await, 401);
}

async fn push(events: &SecurityEvents, event: &str) -> (u16, bool) {
    let request = Request::post("/").header(CONTENT_TYPE, "application/secevent+jwt");
    let request = request.body(Body::from(event.to_owned())).unwrap();
    let response = tower::ServiceExt::oneshot(events.clone(), request).await.unwrap();
    (response.status().as_u16(), response.headers().contains_key("retry-after"))
}

fn event_of(issuer: &TestIssuer) -> String {
    let event = issuer.token().header("typ", json!("secevent+jwt")).audience(API);
    let event = event.claim("jti", json!("1")).subject(USER);
    event.claim("events", json!({ format!("{CAEP}session-revoked"): {} })).mint()
}

#[tokio::test]
async fn without_a_verdict_the_transmitter_is_asked_to_try_again() {
    // The keys can't be fetched.
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    issuer.fail(Fault::Status(500));
    let verifier: JwtVerifier = issuer.verifier().audience(API).build().unwrap();
    let events = SecurityEvents::builder(verifier).build().unwrap();
    assert_eq!(push(&events, &event_of(&issuer)).await, (503, true));
    // The revocation can't be shared, but takes effect on this replica.
    issuer.recover();
    issuer.clock().advance(std::time::Duration::from_secs(600));
    let store = MemoryRevocationStore::new();
    let revocations = Revocations::builder().shared(store.clone()).build().unwrap();
    let verifier =
        issuer.verifier().audience(API).revocations(revocations.clone()).build().unwrap();
    let events = SecurityEvents::builder(verifier.clone()).build().unwrap();
    store.fail();
    let event = event_of(&issuer);
    assert_eq!(push(&events, &event).await, (503, true));
    assert_eq!(revocations.len(), 1);
    store.recover();
    assert_eq!(push(&events, &event).await, (202, false));
    assert_eq!(store.len(), 1);
    // The custom function fails.
    let events = SecurityEvents::builder(verifier)
        .subject_of_email(async |_, _| Err(Error::access_denied()))
        .build()
        .unwrap();
    let email = json!({ "format": "email", "email": "alice@example.com" });
    let event = issuer.token().header("typ", json!("secevent+jwt")).audience(API);
    let event = event.claim("jti", json!("2")).claim("sub_id", email);
    let event = event.claim("events", json!({ format!("{CAEP}session-revoked"): {} })).mint();
    assert_eq!(push(&events, &event).await, (503, true));
}

#[test]
fn an_empty_audience_is_an_error_of_the_configuration() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let error = SecurityEvents::builder(verifier).audience("").build().unwrap_err();
    assert_eq!(error.what(), "audience of events");
}
