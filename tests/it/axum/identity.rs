//! `Identity` as an extractor.

use std::time::{Duration, SystemTime};

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{AuthenticateLayer, Error, Identity, Scope, testing::TestIssuer};
use serde_json::json;

use crate::support::{API, send, with_token};

const READ: Scope = Scope::from_static("read");
const WRITE: Scope = Scope::from_static("write");

fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap())
}

#[tokio::test]
async fn an_identity_has_the_claims_of_its_token() {
    let issuer = TestIssuer::new();
    issuer.clock().set(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let handler = async |identity: Identity| {
        let seconds = |time: Option<SystemTime>| {
            time.map(|time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
        };
        assert_eq!(identity.issuer(), Some("https://issuer.test"));
        assert_eq!(identity.subject(), Some("bob"));
        assert_eq!(identity.client_id(), Some("test-client"));
        assert_eq!(identity.token_id(), Some("caf\u{e9} \"7\""));
        assert_eq!(identity.audience().collect::<Vec<_>>(), ["https://other.example", API]);
        assert_eq!(seconds(identity.expires_at()), Some(1_700_000_300));
        assert_eq!(seconds(identity.not_before()), Some(1_699_999_999));
        assert_eq!(seconds(identity.issued_at()), Some(1_700_000_000));
        assert_eq!(identity.scopes().iter().collect::<Vec<_>>(), ["read", "write"]);
        let claims: serde_json::Value = serde_json::from_str(identity.raw_claims()).unwrap();
        assert_eq!(claims["tenant"]["id"], 7);
        "all of it"
    };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let token = issuer
        .token()
        .claim("aud", json!(["https://other.example", API]))
        .subject("bob")
        .scope("read write")
        .claim("jti", json!("caf\u{e9} \"7\""))
        .claim("nbf", json!(1_699_999_999))
        .claim("tenant", json!({ "id": 7 }));
    assert_eq!(send(&app, with_token(&token.mint())).await.body, "all of it");
}

#[tokio::test]
async fn missing_claims_are_none() {
    let issuer = TestIssuer::new();
    let handler = async |identity: Identity| {
        assert_eq!(identity.subject(), None);
        assert_eq!(identity.client_id(), None);
        assert_eq!(identity.token_id(), None);
        assert_eq!(identity.not_before(), None);
        assert_eq!(identity.issued_at(), None);
        assert!(identity.scopes().is_empty());
        "nothing of it"
    };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let token = ["sub", "client_id", "jti", "iat"]
        .into_iter()
        .fold(issuer.token().audience(API), portcullis::testing::TokenBuilder::without_claim);
    assert_eq!(send(&app, with_token(&token.mint())).await.body, "nothing of it");
}

#[tokio::test]
async fn a_handler_may_require_scopes() {
    let issuer = TestIssuer::new();
    let handler = async |identity: Identity| -> Result<&'static str, Error> {
        identity.require(READ)?;
        identity.require(READ.and(WRITE))?;
        Ok("done")
    };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer).realm("orders"));
    for (scopes, status, challenge) in [
        ("read write", 200, None),
        (
            "read",
            403,
            Some(
                r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="read write""#,
            ),
        ),
        (
            "write",
            403,
            Some(
                r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="read""#,
            ),
        ),
    ] {
        let token = issuer.token().audience(API).scope(scopes).mint();
        let response = send(&app, with_token(&token)).await;
        assert_eq!(response.status.as_u16(), status, "{scopes}");
        assert_eq!(response.challenge(), challenge, "{scopes}");
        if status == 403 {
            assert_eq!(response.json()["uri"], "/", "the layer renders the error");
        }
    }
}

#[tokio::test]
async fn an_error_without_a_layer_is_rendered_by_itself() {
    let handler =
        async || -> Result<&'static str, Error> { Err(Error::insufficient_scope("read write")) };
    let app = Router::new().route("/", get(handler));
    let response = send(&app, Request::new(Body::empty())).await;
    assert_eq!(response.status, 403);
    assert_eq!(
        response.challenge(),
        Some(
            r#"Bearer realm="restricted", error="insufficient_scope", error_description="Token lacks the required scope.", scope="read write""#
        )
    );
    assert_eq!(
        response.body,
        r#"{"error":"insufficient_scope","error_description":"Token lacks the required scope."}"#
    );
}

#[tokio::test]
async fn each_request_has_its_own_identity() {
    let issuer = TestIssuer::new();
    let app = crate::support::whoami().layer(layer(&issuer));
    for subject in ["alice", "bob", "alice", "carol"] {
        let token = issuer.token().audience(API).subject(subject).mint();
        assert_eq!(send(&app, with_token(&token)).await.body, subject);
    }
}

#[tokio::test]
async fn debug_shows_the_subject_and_no_custom_claims() {
    let issuer = TestIssuer::new();
    let app = Router::new()
        .route("/", get(async |identity: Identity| format!("{identity:?}")))
        .layer(layer(&issuer));
    let token = issuer.token().audience(API).claim("iban", json!("DE02120300000000202051")).mint();
    let shown = send(&app, with_token(&token)).await.body;
    assert!(shown.contains("alice") && !shown.contains("DE0212"), "{shown}");
}
