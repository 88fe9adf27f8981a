//! Signed responses (RFC 9701).

use http::Response;
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind, IntrospectionVerifier,
    error::TokenFault,
    testing::{Fault, TestClient, TestIssuer, TokenBuilder},
};
use serde_json::json;

use super::{INTROSPECT, verify, verify_subject, with_sources};
use crate::support::{API, send, whoami, with_token};

/// A response as RFC 9701 specifies it, before it is signed.
fn signed_response(issuer: &TestIssuer) -> TokenBuilder {
    let response = issuer.token().header("typ", json!("token-introspection+jwt"));
    let response = response.without_claim("sub").without_claim("exp").without_claim("client_id");
    response
        .audience("orders-api")
        .claim("token_introspection", json!({ "active": true, "sub": "alice", "aud": API }))
}

/// A verifier that receives `body` as the response, and has the keys of `issuer`.
fn verifier_receiving(issuer: &TestIssuer, body: String) -> IntrospectionVerifier {
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

// Verifies rfc9701-4-accept.
#[tokio::test]
async fn signed_responses_are_requested_and_accepted() {
    let issuer = TestIssuer::new();
    let signer = issuer.verifier().audience("unused").build().unwrap();
    let verifier = issuer.introspection().audience(API).signed_responses(signer).build().unwrap();
    let token = issuer.token().audience(API).scope("orders:read").mint_opaque();
    let identity = verify(&verifier, &token).await.unwrap();
    assert_eq!(identity.subject(), Some("alice"));
    assert!(identity.raw_claims().starts_with('{'), "{}", identity.raw_claims());
    assert!(!identity.raw_claims().contains("token_introspection"));
    assert_eq!(verify_subject(&verifier, "unknown").await, Err(TokenFault::Inactive.into()));
    issuer.rotate_keys(false);
    let token = issuer.token().audience(API).mint_opaque();
    assert_eq!(verify_subject(&verifier, &token).await, Ok("alice".to_owned()));
}

// Verifies rfc9701-5-typ, rfc9701-5-iss, rfc9701-5-aud, rfc9701-5-token-introspection,
// Verifies rfc9701-5-signed.
#[tokio::test]
async fn responses_that_violate_the_rfc_are_failures_of_the_endpoint() {
    let (issuer, other) = (TestIssuer::new(), TestIssuer::named("https://other.test"));
    let same_name = TestIssuer::new();
    let valid = || signed_response(&issuer);
    issuer.publish(Algorithm::Es256);
    let now = portcullis::Clock::now(&issuer.clock());
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (case, body, accepted) in [
        ("valid", valid().mint(), true),
        ("white space around", format!("{}\n", valid().mint()), true),
        (
            "typ in full",
            valid().header("typ", json!("application/token-introspection+jwt")).mint(),
            true,
        ),
        ("the audience of the token", valid().audience(API).mint(), true),
        ("several audiences", valid().claim("aud", json!(["x", "orders-api"])).mint(), true),
        ("exp in the future", valid().claim("exp", json!(now + 10)).mint(), true),
        ("exp in the past", valid().claim("exp", json!(now - 100)).mint(), false),
        ("iat in the future", valid().claim("iat", json!(now + 100)).mint(), false),
        ("typ of an access token", valid().header("typ", json!("at+jwt")).mint(), false),
        ("typ JWT", valid().header("typ", json!("JWT")).mint(), false),
        ("no typ", valid().without_header("typ").mint(), false),
        ("for another client", valid().audience("other-api").mint(), false),
        ("no audience", valid().without_claim("aud").mint(), false),
        ("another issuer", valid().claim("iss", json!("https://other.test")).mint(), false),
        ("no issuer", valid().without_claim("iss").mint(), false),
        ("another issuer's key", signed_response(&other).mint(), false),
        ("another key", signed_response(&same_name).mint(), false),
        ("unsigned", without_signature(&valid().mint()), false),
        ("truncated", valid().mint()[..100].to_owned(), false),
        ("no response inside", valid().without_claim("token_introspection").mint(), false),
        ("no object inside", valid().claim("token_introspection", json!(true)).mint(), false),
        (
            "no active inside",
            valid().claim("token_introspection", json!({"aud": API})).mint(),
            false,
        ),
        (
            "active outside",
            valid().claim("token_introspection", json!({})).claim("active", json!(true)).mint(),
            false,
        ),
        ("plain JSON", json!({"active": true, "aud": API}).to_string(), false),
        ("plain JSON of an inactive one", json!({"active": false}).to_string(), false),
        ("empty", String::new(), false),
    ] {
        let outcome = verify_subject(&verifier_receiving(&issuer, body), "t").await;
        let expected = if accepted { Ok("alice".into()) } else { Err(ErrorKind::Unavailable) };
        assert_eq!(outcome, expected, "{case}");
    }
}

fn without_signature(jws: &str) -> String {
    let (signed, _) = jws.rsplit_once('.').unwrap();
    format!("{signed}.")
}

// Verifies rfc9701-5-token-introspection.
#[tokio::test]
async fn a_signed_response_is_validated_as_a_plain_one() {
    let issuer = TestIssuer::new();
    for (inside, fault) in [
        (json!({"active": false}), TokenFault::Inactive),
        (json!({"active": true, "aud": "other"}), TokenFault::Audience),
        (json!({"active": true, "aud": API, "exp": 1}), TokenFault::Expired),
    ] {
        let body = signed_response(&issuer).claim("token_introspection", inside).mint();
        assert_eq!(
            verify_subject(&verifier_receiving(&issuer, body), "t").await,
            Err(fault.into())
        );
    }
}

// Verifies rfc9701-5-signed.
#[tokio::test]
async fn without_keys_a_signed_response_is_503() {
    let (issuer, keys) = (TestIssuer::new(), TestIssuer::new());
    let signer = keys.verifier().audience("orders-api").build().unwrap();
    keys.fail(Fault::Status(500));
    let verifier = issuer.introspection().audience(API).signed_responses(signer).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    let error = verify(&verifier, &token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        with_sources(&error).contains("the keys for the signed response"),
        "{}",
        with_sources(&error)
    );
}

// Verifies rfc8725-2.8-confusion, rfc9701-8.1-typ.
#[tokio::test]
async fn a_signed_response_is_not_an_access_token() {
    let issuer = TestIssuer::new();
    let body = signed_response(&issuer).audience(API).subject("alice");
    let body = body.expires_in(std::time::Duration::from_secs(60)).mint();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let app: axum::Router = whoami().layer(AuthenticateLayer::bearer(verifier));
    let rejected = send(&app, with_token(&body)).await;
    assert_eq!(rejected.error.unwrap().kind(), TokenFault::Type.into());
}

/// glewlwyd responds with 400, without a body, to tokens that it would report as inactive.
#[tokio::test]
async fn a_plain_response_may_only_reject_if_a_signed_one_is_required() {
    let issuer = TestIssuer::new();
    let active = json!({ "active": true, "aud": API }).to_string();
    for (status, empty, plain, outcome) in [
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
        assert_eq!(verify_subject(&verifier, "t").await, outcome);
    }
}
