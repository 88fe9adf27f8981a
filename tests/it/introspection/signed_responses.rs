//! Answers that their issuer has signed (RFC 9701).

use http::Response;
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind, IntrospectionVerifier, TokenFault,
    testing::{Fault, TestClient, TestIssuer, TokenBuilder},
};
use serde_json::json;

use super::{INTROSPECT, judge, told, verify};
use crate::support::{API, send, whoami, with_token};

/// The beginning of an answer as RFC 9701 has it.
fn answer(issuer: &TestIssuer) -> TokenBuilder {
    let answer = issuer.token().header("typ", json!("token-introspection+jwt"));
    let answer = answer.without_claim("sub").without_claim("exp").without_claim("client_id");
    answer
        .audience("orders-api")
        .claim("token_introspection", json!({ "active": true, "sub": "alice", "aud": API }))
}

/// A verifier that gets `body` for an answer, and knows the keys of `issuer`.
fn getting(issuer: &TestIssuer, body: String) -> IntrospectionVerifier {
    let client = TestClient::new(move |request| {
        assert_eq!(request.headers()["accept"], "application/token-introspection+jwt");
        let body = body.clone().into_bytes();
        async move { Ok(Response::new(body)) }
    });
    let signer = issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
    IntrospectionVerifier::builder(INTROSPECT)
        .client_secret_basic("orders-api", "s3cret")
        .audience(API)
        .http_client(client)
        .clock(issuer.clock())
        .signed_responses(signer)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_signed_answer_is_asked_for_and_believed() {
    let issuer = TestIssuer::new();
    let signer = issuer.verifier().audience("unused").build().unwrap();
    let verifier = issuer.introspection().audience(API).signed_responses(signer).build().unwrap();
    let token = issuer.token().audience(API).scope("orders:read").mint_opaque();
    let identity = verify(&verifier, &token).await.unwrap();
    assert_eq!(identity.subject(), Some("alice"));
    assert!(identity.raw_claims().starts_with('{'), "{}", identity.raw_claims());
    assert!(!identity.raw_claims().contains("token_introspection"));
    assert_eq!(judge(&verifier, "made-up").await, Err(TokenFault::Inactive.into()));
    issuer.rotate_keys(false);
    let token = issuer.token().audience(API).mint_opaque();
    assert_eq!(judge(&verifier, &token).await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn what_is_not_as_the_rfc_has_it_is_the_endpoints_fault() {
    let (issuer, other) = (TestIssuer::new(), TestIssuer::named("https://other.test"));
    let same_name = TestIssuer::new();
    let good = || answer(&issuer);
    issuer.publish(Algorithm::Es256);
    let now = portcullis::Clock::now(&issuer.clock());
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (case, body, accepted) in [
        ("good", good().mint(), true),
        ("white space around", format!("{}\n", good().mint()), true),
        (
            "typ in full",
            good().header("typ", json!("application/token-introspection+jwt")).mint(),
            true,
        ),
        ("the token's own audience", good().audience(API).mint(), true),
        ("several audiences", good().claim("aud", json!(["x", "orders-api"])).mint(), true),
        ("exp to come", good().claim("exp", json!(now + 10)).mint(), true),
        ("exp over", good().claim("exp", json!(now - 100)).mint(), false),
        ("iat to come", good().claim("iat", json!(now + 100)).mint(), false),
        ("typ of an access token", good().header("typ", json!("at+jwt")).mint(), false),
        ("typ JWT", good().header("typ", json!("JWT")).mint(), false),
        ("no typ", good().without_header("typ").mint(), false),
        ("for another client", good().audience("other-api").mint(), false),
        ("for nobody", good().without_claim("aud").mint(), false),
        ("another issuer", good().claim("iss", json!("https://other.test")).mint(), false),
        ("no issuer", good().without_claim("iss").mint(), false),
        ("another issuer's key", answer(&other).mint(), false),
        ("another key", answer(&same_name).mint(), false),
        ("unsigned", without_signature(&good().mint()), false),
        ("cut off", good().mint()[..100].to_owned(), false),
        ("no answer inside", good().without_claim("token_introspection").mint(), false),
        ("no object inside", good().claim("token_introspection", json!(true)).mint(), false),
        (
            "no active inside",
            good().claim("token_introspection", json!({"aud": API})).mint(),
            false,
        ),
        (
            "active outside",
            good().claim("token_introspection", json!({})).claim("active", json!(true)).mint(),
            false,
        ),
        ("plain JSON", json!({"active": true, "aud": API}).to_string(), false),
        ("plain JSON of an inactive one", json!({"active": false}).to_string(), false),
        ("empty", String::new(), false),
    ] {
        let verdict = judge(&getting(&issuer, body), "t").await;
        let expected = if accepted { Ok("alice".into()) } else { Err(ErrorKind::Unavailable) };
        assert_eq!(verdict, expected, "{case}");
    }
}

fn without_signature(jws: &str) -> String {
    let (signed, _) = jws.rsplit_once('.').unwrap();
    format!("{signed}.")
}

#[tokio::test]
async fn the_answer_inside_is_judged_as_a_plain_one_is() {
    let issuer = TestIssuer::new();
    for (inside, fault) in [
        (json!({"active": false}), TokenFault::Inactive),
        (json!({"active": true, "aud": "other"}), TokenFault::Audience),
        (json!({"active": true, "aud": API, "exp": 1}), TokenFault::Expired),
    ] {
        let body = answer(&issuer).claim("token_introspection", inside).mint();
        assert_eq!(judge(&getting(&issuer, body), "t").await, Err(fault.into()));
    }
}

#[tokio::test]
async fn while_there_are_no_keys_nothing_is_judged() {
    let (issuer, keys) = (TestIssuer::new(), TestIssuer::new());
    let signer = keys.verifier().audience("orders-api").build().unwrap();
    keys.fail(Fault::Status(500));
    let verifier = issuer.introspection().audience(API).signed_responses(signer).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    let error = verify(&verifier, &token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(told(&error).contains("the keys for the signed response"), "{}", told(&error));
}

#[tokio::test]
async fn a_signed_answer_is_no_access_token() {
    let issuer = TestIssuer::new();
    let body = answer(&issuer).audience(API).subject("alice");
    let body = body.expires_in(std::time::Duration::from_secs(60)).mint();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let app: axum::Router = whoami().layer(AuthenticateLayer::bearer(verifier));
    let rejected = send(&app, with_token(&body)).await;
    assert_eq!(rejected.error.unwrap().kind(), TokenFault::Type.into());
}

/// glewlwyd answers 400, without a body, about tokens that it would call inactive.
#[tokio::test]
async fn a_plain_answer_may_reject_where_none_is_signed_but_never_accept() {
    let issuer = TestIssuer::new();
    let active = json!({ "active": true, "aud": API }).to_string();
    for (status, empty, plain, verdict) in [
        (400, "", r#"{"active":false}"#, Err(TokenFault::Inactive.into())),
        (400, "", &active, Err(ErrorKind::Unavailable)),
        (400, "", "<html>", Err(ErrorKind::Unavailable)),
        (400, "{}", r#"{"active":false}"#, Err(ErrorKind::Unavailable)),
        (500, "", r#"{"active":false}"#, Err(ErrorKind::Unavailable)),
        (200, "", r#"{"active":false}"#, Err(ErrorKind::Unavailable)),
    ] {
        let (empty, plain) = (empty.to_owned(), plain.to_owned());
        let client = TestClient::new(move |request| {
            let signed = request.headers()["accept"] == "application/token-introspection+jwt";
            let (status, body) = if signed { (status, &empty) } else { (200, &plain) };
            let response = Response::builder().status(status).body(body.clone().into_bytes());
            async move { Ok(response.unwrap()) }
        });
        issuer.publish(Algorithm::Es256);
        let signer = issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
        let verifier = issuer.introspection().audience(API).http_client(client);
        let verifier = verifier.signed_responses(signer).build().unwrap();
        assert_eq!(judge(&verifier, "t").await, verdict);
    }
}
