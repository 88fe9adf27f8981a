//! Revocations that can't wait for an answer's time to be over.

use portcullis::{TokenFault, testing::TestIssuer, verify::Revocation};

use super::{asking, begin, endpoint::Endpoint, is_ready, judge, verify};
use crate::support::API;

#[tokio::test]
async fn after_an_invalidation_the_next_request_asks() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = issuer.token().audience(API).mint_opaque();
    assert!(verify(&verifier, &token).await.is_ok());
    issuer.revoke(&token);
    assert!(verify(&verifier, &token).await.is_ok());
    verifier.clone().invalidate(&token);
    assert_eq!(judge(&verifier, &token).await, Err(TokenFault::Inactive.into()));
    assert_eq!(issuer.requests_to("/introspect"), 2);
}

#[tokio::test]
async fn an_answer_that_was_asked_for_before_an_invalidation_is_not_kept() {
    let by_subject = Revocation::Subject("someone".to_owned());
    let by_token = Revocation::Token("alice".to_owned());
    for revocation in [None, Some(by_token), Some(by_subject)] {
        let endpoint = Endpoint::naming().closed();
        let verifier = asking(&endpoint).without_audience().build().unwrap();
        let before = begin(&verifier, "alice");
        endpoint.arrived(1).await;
        match &revocation {
            None => verifier.invalidate("alice"),
            Some(revocation) => verifier.revoke(revocation),
        }
        let after = begin(&verifier, "alice");
        endpoint.arrived(2).await;
        endpoint.open(1);
        assert!(before.wait().await.is_ok());
        assert!(!is_ready(&begin(&verifier, "alice")), "{revocation:?}");
        endpoint.open(1);
        assert!(after.wait().await.is_ok());
        assert!(is_ready(&begin(&verifier, "alice")), "{revocation:?}");
        assert_eq!(endpoint.asked(), 2);
    }
}

#[tokio::test]
async fn a_revocation_concerns_the_tokens_that_it_names() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let token = |subject: &str, id: &str| {
        let id = serde_json::json!(id);
        issuer.token().audience(API).subject(subject).claim("jti", id).mint_opaque()
    };
    let tokens = [token("alice", "1"), token("alice", "2"), token("bob", "3")];
    for (revocation, forgotten) in [
        (Revocation::Subject("alice".to_owned()), [true, true, false]),
        (Revocation::TokenId("2".to_owned()), [false, true, false]),
        (Revocation::Token(tokens[2].clone()), [false, false, true]),
        (Revocation::Subject("ali".to_owned()), [false, false, false]),
    ] {
        for token in &tokens {
            verify(&verifier, token).await.unwrap();
        }
        verifier.revoke(&revocation);
        for (token, forgotten) in tokens.iter().zip(forgotten) {
            assert_eq!(!is_ready(&begin(&verifier, token)), forgotten, "{revocation:?}");
        }
    }
}
