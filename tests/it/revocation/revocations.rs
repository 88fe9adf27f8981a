//! The revocation list: what a revocation rejects, until when, and what it costs.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header::AUTHORIZATION};
use portcullis::{
    Algorithm, BearerToken, Clock, Error, ErrorKind, Identity, Issuers, JwtVerifier, Verify,
    error::TokenFault,
    issuers::Tenant,
    testing::{TestClock, TestIssuer},
    verify::{Revocation, Revocations},
};
use serde_json::json;

use crate::support::API;

const REVOKED: ErrorKind = ErrorKind::InvalidToken(TokenFault::Revoked);

async fn verify(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<Identity, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    verifier.verify(BearerToken::from_headers(&headers)?).wait().await
}

async fn kind(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<(), ErrorKind> {
    verify(verifier, token).await.map(drop).map_err(|error| error.kind())
}

fn jwts(issuer: &TestIssuer) -> JwtVerifier {
    issuer.verifier().audience(API).build().unwrap()
}

#[tokio::test]
async fn a_revocation_takes_effect_with_the_next_request() {
    for is_cached in [false, true] {
        for (name, revocation) in [
            ("jti", Revocation::token_id("7")),
            ("sub", Revocation::subject("alice")),
            ("sid", Revocation::session("s1")),
            ("client_id", Revocation::client("app")),
            ("sub of the issuer", Revocation::subject("alice").issuer("https://issuer.test")),
        ] {
            let issuer = TestIssuer::new();
            let verifier = jwts(&issuer);
            let token = |subject: &str, id: &str, session: &str, client: &str| {
                let token = issuer.token().audience(API).subject(subject).claim("jti", json!(id));
                token.claim("sid", json!(session)).claim("client_id", json!(client)).mint()
            };
            let revoked = token("alice", "7", "s1", "app");
            let other = token("bob", "8", "s2", "other-app");
            if is_cached {
                assert_eq!(kind(&verifier, &revoked).await, Ok(()));
            }
            verifier.revoke(&revocation).await.unwrap();
            for _ in 0..2 {
                assert_eq!(kind(&verifier, &revoked).await, Err(REVOKED), "{name}");
                assert_eq!(kind(&verifier, &other).await, Ok(()), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_revocation_for_another_issuer_does_not_apply() {
    let issuer = TestIssuer::new();
    let verifier = jwts(&issuer);
    let token = issuer.token().audience(API).subject("alice").mint();
    let revocation = Revocation::subject("alice").issuer("https://other.test");
    verifier.revoke(&revocation).await.unwrap();
    assert_eq!(kind(&verifier, &token).await, Ok(()));
}

/// `(r, s)` and `(r, n - s)` are both valid signatures of the same message.
fn malleated(token: &str) -> String {
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap()).collect();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(signature).unwrap();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i16::from(order[at]) - i16::from(signature[32 + at]) - borrow;
        borrow = i16::from(difference < 0);
        signature[32 + at] = difference.rem_euclid(256).try_into().unwrap();
    }
    format!("{signed}.{}", base64_simd::URL_SAFE_NO_PAD.encode_to_string(signature))
}

#[tokio::test]
async fn an_equivalent_ecdsa_signature_is_revoked_with_its_token() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let verifier = jwts(&issuer);
    let token = issuer.token().algorithm(Algorithm::Es256).audience(API).mint();
    let malleated = malleated(&token);
    assert_ne!(token, malleated);
    for text in [&token, &malleated] {
        assert_eq!(kind(&verifier, text).await, Ok(()));
    }
    verifier.revoke(&Revocation::token(token.clone())).await.unwrap();
    for text in [&token, &malleated] {
        assert_eq!(kind(&verifier, text).await, Err(REVOKED));
    }
}

#[tokio::test]
async fn a_subject_is_revoked_before_a_time() {
    let issuer = TestIssuer::new();
    let verifier = jwts(&issuer);
    let before = issuer.token().audience(API).subject("alice").mint();
    let undated = issuer.token().audience(API).subject("alice").without_claim("iat").mint();
    verifier.revoke(&Revocation::subject("alice")).await.unwrap();
    issuer.clock().advance(Duration::from_secs(1));
    let after = issuer.token().audience(API).subject("alice").mint();
    assert_eq!(kind(&verifier, &before).await, Err(REVOKED));
    assert_eq!(kind(&verifier, &undated).await, Err(REVOKED));
    assert_eq!(kind(&verifier, &after).await, Ok(()));

    let time = issuer.clock().now() + Duration::from_secs(1);
    verifier.revoke(&Revocation::subject("alice").issued_before(time)).await.unwrap();
    assert_eq!(kind(&verifier, &after).await, Err(REVOKED));
}

#[tokio::test]
async fn an_earlier_time_does_not_weaken_a_revocation() {
    let issuer = TestIssuer::new();
    let verifier = jwts(&issuer);
    let token = issuer.token().audience(API).subject("alice").mint();
    verifier.revoke(&Revocation::subject("alice")).await.unwrap();
    let long_ago = issuer.clock().now() - Duration::from_secs(3600);
    verifier.revoke(&Revocation::subject("alice").issued_before(long_ago)).await.unwrap();
    assert_eq!(kind(&verifier, &token).await, Err(REVOKED));
}

#[tokio::test]
async fn several_verifiers_and_issuers_can_share_a_list() {
    let (one, other) = (TestIssuer::new(), TestIssuer::named("https://other.test"));
    let revocations = Revocations::new();
    let issuers = Issuers::builder()
        .trust(jwts(&one))
        .trust(jwts(&other))
        .revocations(revocations.clone())
        .build()
        .unwrap();
    let single = one.verifier().audience(API).revocations(revocations.clone()).build().unwrap();
    let tokens = [&one, &other].map(|issuer| issuer.token().audience(API).subject("alice").mint());
    for token in &tokens {
        assert_eq!(kind(&issuers, token).await, Ok(()));
    }
    assert_eq!(kind(&single, &tokens[0]).await, Ok(()));
    let revocation = Revocation::subject("alice").issuer(other.issuer());
    revocations.revoke(&revocation).await.unwrap();
    assert_eq!(kind(&issuers, &tokens[0]).await, Ok(()));
    assert_eq!(kind(&issuers, &tokens[1]).await, Err(REVOKED));
    revocations.revoke(&Revocation::token(tokens[0].clone())).await.unwrap();
    assert_eq!(kind(&issuers, &tokens[0]).await, Err(REVOKED));
    assert_eq!(kind(&single, &tokens[0]).await, Err(REVOKED));
}

#[tokio::test]
async fn the_list_of_a_trusted_verifier_also_applies() {
    let issuer = TestIssuer::new();
    let verifier = jwts(&issuer);
    let issuers = Issuers::builder().trust(verifier.clone()).build().unwrap();
    let token = issuer.token().audience(API).mint();
    assert_eq!(kind(&issuers, &token).await, Ok(()));
    verifier.revoke(&Revocation::token(token.clone())).await.unwrap();
    assert_eq!(kind(&issuers, &token).await, Err(REVOKED));
}

#[tokio::test]
async fn a_revocation_applies_to_tenants_that_are_resolved_later() {
    let issuer = TestIssuer::named("https://login.test/acme");
    let resolving = issuer.clone();
    let issuers = Issuers::builder()
        .tenants("https://login.test/{tenant}", move |_: Tenant| {
            let verifier = resolving.verifier().audience(API).build();
            async move { verifier.map(Some).map_err(Error::misconfigured) }
        })
        .build()
        .unwrap();
    let revoked = issuer.token().audience(API).subject("alice").mint();
    let other = issuer.token().audience(API).subject("bob").mint();
    issuers.revoke(&Revocation::subject("alice")).await.unwrap();
    for _ in 0..2 {
        assert_eq!(kind(&issuers, &revoked).await, Err(REVOKED));
        assert_eq!(kind(&issuers, &other).await, Ok(()));
    }
    issuers.revoke(&Revocation::subject("bob")).await.unwrap();
    assert_eq!(kind(&issuers, &other).await, Err(REVOKED));
}

#[tokio::test]
async fn a_revocation_is_removed_when_its_tokens_have_expired() {
    let clock = TestClock::new();
    let revocations = Revocations::builder()
        .clock(clock.clone())
        .token_lifetime(Duration::from_secs(3600))
        .max_entries(2)
        .build()
        .unwrap();
    for id in ["1", "2"] {
        drop(revocations.revoke(&Revocation::token_id(id)));
    }
    clock.advance(Duration::from_secs(3601));
    drop(revocations.revoke(&Revocation::token_id("3")));
    assert_eq!((revocations.len(), revocations.evicted()), (1, 0));
    for id in ["4", "5"] {
        drop(revocations.revoke(&Revocation::token_id(id)));
    }
    assert_eq!((revocations.len(), revocations.evicted()), (2, 1));
    let readiness = revocations.readiness();
    assert_eq!((readiness.entries(), readiness.evicted()), (2, 1));
}

#[tokio::test]
async fn a_revocation_without_an_expiry_is_listed_for_31_days() {
    const DAYS_31: u64 = 31 * 24 * 60 * 60;
    for (time, evicted) in [(DAYS_31 - 1, 1), (DAYS_31, 0)] {
        let clock = TestClock::new();
        let revocations =
            Revocations::builder().clock(clock.clone()).max_entries(1).build().unwrap();
        assert!(revocations.is_empty());
        drop(revocations.revoke(&Revocation::token_id("1")));
        assert!(!revocations.is_empty());
        clock.advance(Duration::from_secs(time));
        drop(revocations.revoke(&Revocation::token_id("2")));
        assert_eq!((revocations.len(), revocations.evicted()), (1, evicted), "{time}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_listed_for_ten_minutes_after_its_expiry() {
    const MARGIN: u64 = 600;
    for (after_expiry, evicted) in [(MARGIN - 1, 1), (MARGIN, 0)] {
        let clock = TestClock::new();
        let issuer = TestIssuer::new();
        let revocations =
            Revocations::builder().clock(clock.clone()).max_entries(1).build().unwrap();
        let now = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let token = issuer.token().audience(API).claim("exp", json!(now + 60)).mint();
        #[cfg(feature = "tracing")]
        let (capture, _guard) = crate::telemetry::capture::Capture::start();
        drop(revocations.revoke(&Revocation::token(&token)));
        clock.advance(Duration::from_secs(60 + after_expiry));
        drop(revocations.revoke(&Revocation::token_id("another")));
        assert_eq!((revocations.len(), revocations.evicted()), (1, evicted), "{after_expiry}");
        // A revocation of tokens that have expired takes no place.
        let expired = clock.now() - Duration::from_secs(MARGIN);
        drop(revocations.revoke(&Revocation::token_id("expired").expires_at(expired)));
        assert_eq!((revocations.len(), revocations.evicted()), (1, evicted), "{after_expiry}");
        #[cfg(feature = "tracing")]
        {
            let lines = capture.take();
            let full = lines.iter().filter(|line| line.text.contains("is full")).count();
            assert_eq!(full as u64, evicted, "{lines:#?}");
        }
    }
}

#[test]
fn a_list_without_entries_or_lifetime_is_rejected() {
    let error = Revocations::builder().max_entries(0).build().unwrap_err();
    assert_eq!(error.to_string(), "revocation entries `0`: at least one is needed");
    assert!(Revocations::builder().token_lifetime(Duration::ZERO).build().is_err());
}

#[tokio::test]
async fn a_verifier_without_a_list_is_misconfigured() {
    #[derive(Debug)]
    struct Custom;
    impl Verify<BearerToken<'_>> for Custom {
        fn verify(&self, _: BearerToken<'_>) -> portcullis::Verification {
            portcullis::Verification::ready(Err(TokenFault::Rejected.into()))
        }
    }
    let error = Custom.revoke(&Revocation::subject("alice")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}
