//! The `WebSource` of that crate, against a server.

use std::time::Duration;

use jwks_client_rs::source::WebSource;
use portcullis::{
    Algorithm, ErrorKind, JwtVerifier,
    error::TokenFault,
    testing::{Fault, ServedIssuer, TestIssuer},
};
use serde_json::json;

use crate::support::{API, outcome::verify_token};

async fn served() -> ServedIssuer {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.publish(Algorithm::Es256);
    issuer
}

fn verifier(issuer: &ServedIssuer) -> JwtVerifier {
    let source = WebSource::builder().build(issuer.jwks_uri().parse().unwrap()).unwrap();
    let builder = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    builder.jwks_source(source).build().unwrap()
}

async fn rejection(verifier: &JwtVerifier, token: &str) -> Option<ErrorKind> {
    verify_token(verifier, token).await.err().map(|error| error.kind())
}

fn token(issuer: &ServedIssuer) -> String {
    issuer.token().audience(API).mint()
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_after_a_rotation() {
    let issuer = served().await;
    let verifier = verifier(&issuer);
    for _ in 0..10 {
        assert_eq!(rejection(&verifier, &token(&issuer)).await, None);
    }
    assert_eq!(issuer.requests_to("/jwks"), 1);

    issuer.rotate_keys(false);
    assert_eq!(rejection(&verifier, &token(&issuer)).await, None);
    assert_eq!(issuer.requests_to("/jwks"), 2);

    let unknown = Some(ErrorKind::InvalidToken(TokenFault::UnknownKey));
    for number in 0..10 {
        let unknown_kid =
            issuer.token().audience(API).header("kid", json!(number.to_string())).mint();
        assert_eq!(rejection(&verifier, &unknown_kid).await, unknown);
    }
    assert_eq!(issuer.requests_to("/jwks"), 2, "the cooldown has started");
}

#[tokio::test]
async fn a_failing_server_is_503_until_it_recovers() {
    for fault in [Fault::Status(500), Fault::Html, Fault::Garbage, Fault::Unreachable] {
        let issuer = served().await;
        let verifier = verifier(&issuer);
        issuer.fail(fault);
        for _ in 0..3 {
            let rejected = rejection(&verifier, &token(&issuer)).await;
            assert_eq!(rejected, Some(ErrorKind::Unavailable), "{fault:?}");
        }
        issuer.recover();
        issuer.clock().advance(Duration::from_secs(1));
        assert_eq!(rejection(&verifier, &token(&issuer)).await, None, "{fault:?}");
    }
}

#[tokio::test]
async fn cached_keys_are_used_while_the_server_is_down() {
    let issuer = served().await;
    let verifier = verifier(&issuer);
    let hour = Duration::from_secs(60 * 60);
    let (valid, clock) = (issuer.token().audience(API).expires_in(hour * 2).mint(), issuer.clock());
    assert_eq!(rejection(&verifier, &valid).await, None);
    drop(issuer);
    clock.advance(hour);
    assert_eq!(rejection(&verifier, &valid).await, None);
    assert!(verifier.readiness().is_ready());
}

#[tokio::test]
async fn that_crate_rejects_a_set_with_a_key_without_kid() {
    // This crate's own fetch accepts such a set.
    let source =
        |set: serde_json::Value| serde_json::from_value::<jwks_client_rs::JsonWebKeySet>(set);
    let issuer = served().await;
    let mut set: serde_json::Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    assert!(source(set.clone()).is_ok());
    set["keys"][0].as_object_mut().unwrap().remove("kid");
    assert!(source(set.clone()).is_err());
    let ours = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let ours = ours.jwk_set(set.to_string()).build().unwrap();
    assert_eq!(rejection(&ours, &token(&issuer)).await, None);
}
