//! Discovery of the endpoint from the issuer's metadata.

use std::time::Duration;

use portcullis::{
    ErrorKind, IntrospectionVerifier,
    testing::{Fault, TestIssuer},
};

use super::{start, verify, verify_subject};
use crate::support::API;

const METADATA: &str = "/.well-known/openid-configuration";

fn discovering(issuer: &TestIssuer) -> IntrospectionVerifier {
    issuer.register_client("orders-api", "s3cret");
    IntrospectionVerifier::discover(issuer.issuer())
        .client_secret_basic("orders-api", "s3cret")
        .audience(API)
        .http_client(issuer.http_client())
        .clock(issuer.clock())
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_endpoint_is_discovered_once_on_first_use() {
    let issuer = TestIssuer::new();
    let verifier = discovering(&issuer);
    assert_eq!(issuer.requests_to(METADATA), 0);
    let waiting: Vec<_> = (0..20)
        .map(|_| issuer.token().audience(API).mint_opaque())
        .map(|token| start(&verifier, &token))
        .collect();
    for one in waiting {
        assert!(one.wait().await.is_ok());
    }
    assert_eq!(issuer.requests_to(METADATA), 1);
    assert_eq!(issuer.requests_to("/introspect"), 20);
}

#[tokio::test]
async fn a_failed_discovery_is_retried_after_a_backoff_with_jitter() {
    let issuer = TestIssuer::new();
    let verifier = discovering(&issuer);
    let token = issuer.token().audience(API).mint_opaque();
    issuer.fail(Fault::Unreachable);
    for (longest, requests) in [(1, 1), (2, 2), (4, 3)] {
        let longest = Duration::from_secs(longest);
        let first = verify(&verifier, &token).await.unwrap_err().retry_after().unwrap();
        assert!((longest / 2..=longest).contains(&first), "{first:?} of {longest:?}");
        for _ in 0..10 {
            let error = verify(&verifier, &token).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert_eq!(error.retry_after(), Some(first));
            assert_eq!(issuer.requests_to(METADATA), requests);
        }
        issuer.clock().advance(first);
    }
    issuer.recover();
    assert_eq!(verify_subject(&verifier, &token).await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn a_clock_set_back_does_not_extend_the_backoff() {
    let issuer = TestIssuer::new();
    let verifier = discovering(&issuer);
    let token = issuer.token().audience(API).mint_opaque();
    issuer.fail(Fault::Status(500));
    assert!(verify(&verifier, &token).await.is_err());
    issuer.recover();
    let now = portcullis::Clock::now(&issuer.clock());
    issuer.clock().set(now - Duration::from_secs(100));
    assert_eq!(verify_subject(&verifier, &token).await, Ok("alice".to_owned()));
}

#[tokio::test]
async fn a_missing_endpoint_is_rediscovered_at_most_once_a_minute() {
    let issuer = TestIssuer::new();
    let verifier = discovering(&issuer);
    let token = || issuer.token().audience(API).mint_opaque();
    assert!(verify(&verifier, &token()).await.is_ok());
    issuer.fail(Fault::Status(404));
    assert!(verify(&verifier, &token()).await.is_err());
    assert_eq!(issuer.requests_to(METADATA), 1);
    issuer.clock().advance(Duration::from_secs(60));
    assert!(verify(&verifier, &token()).await.is_err());
    issuer.recover();
    assert!(verify(&verifier, &token()).await.is_ok());
    assert_eq!(issuer.requests_to(METADATA), 2);
}
