//! Revocation and invalidation before a cached response expires.

use portcullis::{error::TokenFault, testing::TestIssuer, verify::Revocation};

use super::{builder_for, endpoint::Endpoint, is_ready, start, verify, verify_subject};
use crate::support::API;

// Verifies rfc7662-4-trade-off.
#[tokio::test]
async fn after_an_invalidation_the_next_request_is_introspected() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    assert!(verify(&verifier, &token).await.is_ok());
    issuer.revoke(&token);
    assert!(verify(&verifier, &token).await.is_ok());
    verifier.clone().invalidate(&token);
    assert_eq!(verify_subject(&verifier, &token).await, Err(TokenFault::Inactive.into()));
    assert_eq!(issuer.requests_to("/introspect"), 2);
}

#[tokio::test]
async fn a_response_requested_before_an_invalidation_is_not_cached() {
    let endpoint = Endpoint::active().held();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let before = start(&verifier, "alice");
    endpoint.received(1).await;
    verifier.invalidate("alice");
    let after = start(&verifier, "alice");
    endpoint.received(2).await;
    endpoint.release(1);
    assert!(before.wait().await.is_ok());
    assert!(!is_ready(&start(&verifier, "alice")));
    endpoint.release(1);
    assert!(after.wait().await.is_ok());
    assert!(is_ready(&start(&verifier, "alice")));
    assert_eq!(endpoint.requests(), 2);
}

#[tokio::test]
async fn a_revoked_token_is_rejected_even_if_reported_as_active() {
    let issuer = TestIssuer::new();
    let token = |subject: &str, id: &str| {
        let id = serde_json::json!(id);
        issuer.token().audience(API).subject(subject).claim("jti", id).mint_opaque()
    };
    let tokens = [token("alice", "1"), token("alice", "2"), token("bob", "3")];
    for (revocation, revoked) in [
        (Revocation::subject("alice"), [true, true, false]),
        (Revocation::token_id("2"), [false, true, false]),
        (Revocation::token(tokens[2].clone()), [false, false, true]),
        (Revocation::subject("ali"), [false, false, false]),
    ] {
        for is_cached in [false, true] {
            let verifier = issuer.introspection().audience(API).build().unwrap();
            if is_cached {
                for token in &tokens {
                    verify(&verifier, token).await.unwrap();
                }
            }
            verifier.revoke(&revocation).await.unwrap();
            for (token, revoked) in tokens.iter().zip(revoked) {
                let expected = if revoked { Err(TokenFault::Revoked.into()) } else { Ok(()) };
                let outcome = verify_subject(&verifier, token).await.map(drop);
                assert_eq!(outcome, expected, "{revocation:?} {is_cached}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_during_its_introspection_is_rejected() {
    let endpoint = Endpoint::active().held();
    let verifier = builder_for(&endpoint).without_audience().build().unwrap();
    let in_progress = start(&verifier, "alice");
    endpoint.received(1).await;
    verifier.revoke(&Revocation::token("alice")).await.unwrap();
    endpoint.release(1);
    assert_eq!(in_progress.wait().await.unwrap_err().kind(), TokenFault::Revoked.into());
}
