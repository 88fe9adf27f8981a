//! Events of issuers, and the variables about Redis. `tests/redis` runs the server with a real one.

use portcullis::testing::TestIssuer;
use reqwest::Client;
use serde_json::json;

use super::{API, serve, status};
use crate::program::Program;

#[tokio::test]
async fn an_event_revokes_tokens() {
    let issuer = TestIssuer::serve().await.unwrap();
    let variables =
        [("SECURITY_EVENTS", "/events"), ("SECURITY_EVENTS_AUDIENCE", "orders-client, other")];
    let server = serve(&issuer, &variables);
    let token = |subject: &str| {
        let token = issuer.token().audience(API).subject(subject);
        token.claim("sid", json!(format!("session of {subject}")))
    };
    for subject in ["alice", "bob", "carol"] {
        assert_eq!(status(&server, token(subject)).await, 200);
    }
    let post = async |media_type: &str, body: String| {
        let client = Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("{}/events", server.url));
        let request = request.header("content-type", media_type).body(body);
        request.send().await.unwrap().status().as_u16()
    };
    let event = issuer.token().header("typ", json!("secevent+jwt")).audience(API);
    let event = event.subject("alice").claim("jti", json!("1")).claim(
        "events",
        json!({ "https://schemas.openid.net/secevent/risc/event-type/account-disabled": {} }),
    );
    assert_eq!(post("application/secevent+jwt", event.mint()).await, 202);
    let logout = issuer.token().header("typ", json!("logout+jwt")).audience("orders-client");
    let logout = logout.claim("sid", json!("session of bob")).claim("jti", json!("2"));
    let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let form = format!("logout_token={}", logout.claim("events", events).mint());
    assert_eq!(post("application/x-www-form-urlencoded", form).await, 200);
    assert_eq!(post("application/secevent+jwt", token("carol").mint()).await, 400);
    assert_eq!(status(&server, token("alice")).await, 401);
    assert_eq!(status(&server, token("bob")).await, 401);
    assert_eq!(status(&server, token("carol")).await, 200);
    let off = serve(&issuer, &[]);
    let response = off.ask("POST /events", None).await;
    assert_eq!(response.status, 404);
}

#[tokio::test]
async fn the_outage_policy_applies_while_redis_is_unreachable() {
    let issuer = TestIssuer::serve().await.unwrap();
    // Nothing listens there.
    let url = ("REDIS_URL", "redis://:s3cret@127.0.0.1:1");
    for (outage, expected) in [("serve", 200), ("refuse", 503)] {
        let server = serve(&issuer, &[url, ("REDIS_OUTAGE", outage)]);
        assert_eq!(status(&server, issuer.token().audience(API)).await, expected, "{outage}");
        let response = server.ask("GET /readyz", None).await;
        assert_eq!(response.status, expected, "{outage}");
        let revocations = &response.json()["revocations"];
        assert_eq!(revocations["ready"], outage == "serve");
        assert_eq!((&revocations["current"], &revocations["age"]), (&json!(false), &json!(null)));
        let error = revocations["last_error"].as_str().unwrap_or_default();
        assert!(error.contains("Redis") && !error.contains("s3cret"), "{error}");
    }
}

#[test]
fn invalid_values_are_named_and_secrets_are_not_shown() {
    for (variable, value) in [
        ("REDIS_URL", "http://:s3cret@redis.example"),
        ("REDIS_URL", "s3cret"),
        ("REDIS_OUTAGE", "reject"),
        ("SECURITY_EVENTS", "events"),
        ("SECURITY_EVENTS", "/{path}"),
        ("SECURITY_EVENTS", "/admin/revoke"),
    ] {
        let variables = [("ISSUER", "https://as.example"), ("AUDIENCE", API), (variable, value)];
        let ended = Program::start("server", &variables).end();
        assert_eq!(ended.status.code(), Some(2), "{variable} {value}");
        let [line] = &*ended.stderr else { panic!("{variable}: {:?}", ended.stderr) };
        assert!(line.contains(variable), "{line}");
        assert!(value == "s3cret" || !line.contains("s3cret"), "{line}");
    }
}
