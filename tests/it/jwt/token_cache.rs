//! The cache of verified tokens: what a hit skips, and what is checked each time.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, header::AUTHORIZATION};
use portcullis::{
    Algorithm, BearerToken, Clock, Error, Identity, Issuers, JwtVerifier, Verify,
    error::TokenFault, testing::TestIssuer,
};
use serde::Deserialize;
use serde_json::json;

use crate::support::API;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Anything {}

async fn verify(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<Identity, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    verifier.verify(BearerToken::from_headers(&headers)?).wait().await
}

fn verifier(issuer: &TestIssuer) -> JwtVerifier {
    issuer.verifier().audience(API).build().unwrap()
}

fn valid_token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).mint()
}

/// Whether both share their claims, which are deserialized once for each identity.
fn is_same(one: &Identity, other: &Identity) -> bool {
    Arc::ptr_eq(&one.claims::<Anything>().unwrap(), &other.claims::<Anything>().unwrap())
}

#[tokio::test]
async fn a_cached_token_has_the_same_identity() {
    let issuer = TestIssuer::new();
    let token = valid_token(&issuer);
    for (cache, cached) in [(1 << 20, true), (0, false)] {
        let verifier = issuer.verifier().audience(API).token_cache(cache).build().unwrap();
        let first = verify(&verifier, &token).await.unwrap();
        let again = verify(&verifier, &token).await.unwrap();
        assert_eq!(is_same(&first, &again), cached, "{cache}");
    }
    let issuers = Issuers::builder().trust(verifier(&issuer)).build().unwrap();
    let first = verify(&issuers, &token).await.unwrap();
    assert!(is_same(&first, &verify(&issuers, &token).await.unwrap()));
}

#[tokio::test]
async fn a_token_with_the_same_signature_but_other_claims_is_rejected() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    let token = valid_token(&issuer);
    verify(&verifier, &token).await.unwrap();

    let other = issuer.token().audience(API).subject("mallory").mint();
    let (signed, _) = other.rsplit_once('.').unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{signature}");
    let error = verify(&verifier, &forged).await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::Signature.into());
}

#[tokio::test]
async fn a_truncated_or_extended_token_is_not_a_cached_one() {
    let issuer = TestIssuer::new();
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let verifier = verifier(&issuer);
        let token = issuer.token().algorithm(algorithm).audience(API).mint();
        verify(&verifier, &token).await.unwrap();
        for changed in [
            token[..token.len() - 1].to_owned(),
            token[..token.len() - 8].to_owned(),
            token[..=token.rfind('.').unwrap()].to_owned(),
            format!("{token}A"),
            format!("{token}="),
            format!("A{token}"),
        ] {
            assert!(verify(&verifier, &changed).await.is_err(), "{algorithm} {changed}");
        }
        verify(&verifier, &token).await.unwrap();
    }
}

#[tokio::test]
async fn verifiers_share_no_cache() {
    let issuer = TestIssuer::new();
    let token = valid_token(&issuer);
    verify(&verifier(&issuer), &token).await.unwrap();

    let other = issuer.verifier().audience("https://other.example").build().unwrap();
    let error = verify(&other, &token).await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::Audience.into());
}

// Verifies rfc7519-4.1.4-exp, rfc7519-4.1.5-nbf.
#[tokio::test]
async fn exp_and_nbf_are_validated_for_cached_tokens() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    let token = valid_token(&issuer);
    let minted_at = issuer.clock().now();
    verify(&verifier, &token).await.unwrap();

    issuer.clock().set(minted_at - 2 * MINUTE);
    let error = verify(&verifier, &token).await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::NotYetValid.into());

    issuer.clock().set(minted_at + 6 * MINUTE - Duration::from_secs(1));
    verify(&verifier, &token).await.unwrap();

    issuer.clock().set(minted_at + 6 * MINUTE);
    let error = verify(&verifier, &token).await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::Expired.into());
}

#[tokio::test]
async fn a_cached_token_is_rejected_once_its_key_is_withdrawn() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    let token = issuer.token().audience(API).expires_in(60 * MINUTE).mint();
    verify(&verifier, &token).await.unwrap();

    issuer.rotate_keys(false);
    // Another token causes a fetch of the new keys.
    verify(&verifier, &valid_token(&issuer)).await.unwrap();
    let error = verify(&verifier, &token).await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::UnknownKey.into());
}

#[tokio::test]
async fn cached_tokens_of_withdrawn_keys_are_rejected_after_a_refresh() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    let token = issuer.token().audience(API).expires_in(60 * MINUTE).mint();
    verify(&verifier, &token).await.unwrap();

    issuer.rotate_keys(false);
    issuer.publish(Algorithm::Es256);
    issuer.clock().advance(10 * MINUTE);
    assert!(verify(&verifier, &token).await.is_err());
}

#[tokio::test]
async fn custom_checks_run_for_cached_tokens() {
    let issuer = TestIssuer::new();
    let allowed = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let switch = Arc::clone(&allowed);
    let verifier = issuer
        .verifier()
        .audience(API)
        .check(move |_| match switch.load(std::sync::atomic::Ordering::Relaxed) {
            true => Ok(()),
            false => Err(TokenFault::Rejected.into()),
        })
        .build()
        .unwrap();
    let token = valid_token(&issuer);
    verify(&verifier, &token).await.unwrap();
    allowed.store(false, std::sync::atomic::Ordering::Relaxed);
    let error = verify(&verifier, &token).await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::Rejected.into());
}

#[tokio::test]
async fn the_capacity_is_in_bytes_and_every_token_is_accepted() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).token_cache(16 * 1024).build().unwrap();
    let mut claims = Vec::new();
    for number in 0..200 {
        let token = issuer.token().audience(API).claim("n", json!(number)).mint();
        let identity = verify(&verifier, &token).await.unwrap();
        claims.push(Arc::downgrade(&identity.claims::<Anything>().unwrap()));
    }
    // The claims of cached tokens are still in memory: about 1.3 KiB each, for a token of about 500 bytes.
    let cached = claims.iter().filter(|claims| claims.strong_count() > 0).count();
    assert!((1..=16).contains(&cached), "{cached} tokens in 16 KiB");
}
