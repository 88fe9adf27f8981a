//! Which key of a set a token is checked with.

use portcullis::{Algorithm, JwtVerifier, TokenFault, testing::TestIssuer};
use serde_json::{Value, json};

use super::{accepts, jwk, outcome, token, verifier};
use crate::support::{API, issuer_with};

/// Several signers of one issuer's name, at one time, each with an ES256 key.
fn signers<const N: usize>() -> [TestIssuer; N] {
    let first = TestIssuer::new();
    std::array::from_fn(|_| {
        let signer = TestIssuer::new();
        signer.clock().set(portcullis::Clock::now(&first.clock()));
        signer.publish(Algorithm::Es256);
        signer
    })
}

/// The key of a signer, under that `kid` or none.
fn named(signer: &TestIssuer, kid: Option<&str>) -> Value {
    let mut key = jwk(signer, "p256-0");
    match kid {
        Some(kid) => key["kid"] = json!(kid),
        None => drop(key.as_object_mut().unwrap().remove("kid")),
    }
    key
}

fn with_keys(issuer: &TestIssuer, keys: &[Value]) -> JwtVerifier {
    let set = json!({ "keys": keys }).to_string();
    issuer.verifier().audience(API).jwk_set(set).build().unwrap()
}

fn signed(signer: &TestIssuer, kid: Option<&str>) -> String {
    match kid {
        Some(kid) => token(signer).header("kid", json!(kid)).mint(),
        None => token(signer).without_header("kid").mint(),
    }
}

#[tokio::test]
async fn a_token_without_kid_is_checked_with_the_only_key() {
    let [signer, stranger] = signers();
    for kid in [None, Some("a")] {
        let verifier = with_keys(&signer, &[named(&signer, kid)]);
        assert!(accepts(&verifier, &signed(&signer, None)).await, "{kid:?}");
        let outcome = outcome(&verifier, &signed(&stranger, None)).await;
        assert_eq!(outcome, Err(TokenFault::Signature), "{kid:?}");
    }
}

#[tokio::test]
async fn a_token_without_kid_is_checked_with_each_of_a_few_that_fit() {
    let [one, two, three, stranger] = signers();
    let keys = [named(&one, Some("a")), named(&two, None), named(&three, Some("b"))];
    let verifier = with_keys(&one, &keys);
    for signer in [&one, &two, &three] {
        assert!(accepts(&verifier, &signed(signer, None)).await);
    }
    let outcome = outcome(&verifier, &signed(&stranger, None)).await;
    assert_eq!(outcome, Err(TokenFault::Signature));
}

#[tokio::test]
async fn keys_of_other_algorithms_don_t_count_for_a_token_without_kid() {
    let others = [Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Rs256];
    let signer = issuer_with(others);
    let verifier = verifier(&signer);
    for algorithm in [Algorithm::Es256, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Ps256] {
        let token = token(&signer).algorithm(algorithm).without_header("kid").mint();
        assert!(accepts(&verifier, &token).await, "{algorithm}");
    }
}

#[tokio::test]
async fn of_many_keys_only_a_few_are_tried_for_a_token_without_kid() {
    let signers: [_; 20] = signers();
    let kids: Vec<_> = (0..20).map(|n| format!("key-{n:02}")).collect();
    let keys: Vec<_> =
        signers.iter().zip(&kids).map(|(signer, kid)| named(signer, Some(kid))).collect();
    let verifier = with_keys(&signers[0], &keys);
    let mut accepted = 0;
    for (signer, kid) in signers.iter().zip(&kids) {
        accepted += u32::from(accepts(&verifier, &signed(signer, None)).await);
        assert!(accepts(&verifier, &signed(signer, Some(kid))).await, "{kid}");
    }
    assert!((1..10).contains(&accepted), "{accepted}");
}

#[tokio::test]
async fn a_kid_that_no_key_has_is_told_so() {
    let [signer] = signers();
    let verifier = with_keys(&signer, &[named(&signer, Some("a"))]);
    for kid in ["b", "", "A", "a ", " a", "aa", "../a", "a\0", "' OR 1=1 --", "/dev/null"] {
        let outcome = outcome(&verifier, &signed(&signer, Some(kid))).await;
        assert_eq!(outcome, Err(TokenFault::UnknownKey), "{kid:?}");
    }
    let long = "k".repeat(1000);
    assert!(!accepts(&verifier, &signed(&signer, Some(&long))).await);
}

#[tokio::test]
async fn a_key_without_kid_serves_a_token_whose_kid_no_key_has() {
    let [signer, other] = signers();
    let verifier = with_keys(&signer, &[named(&signer, None), named(&other, Some("b"))]);
    assert!(accepts(&verifier, &signed(&signer, Some("a"))).await);
    assert!(accepts(&verifier, &signed(&signer, None)).await);
    assert!(accepts(&verifier, &signed(&other, Some("b"))).await);
    // The key that has the name is the one, right or wrong.
    let outcome = outcome(&verifier, &signed(&signer, Some("b"))).await;
    assert_eq!(outcome, Err(TokenFault::Signature));
    assert!(!accepts(&verifier, &signed(&other, Some("a"))).await);
}

#[tokio::test]
async fn two_keys_may_share_a_kid() {
    let [one, two] = signers();
    one.publish(Algorithm::Rs256);
    let mut rsa = jwk(&one, "rsa-0");
    rsa["kid"] = json!("shared");
    let keys = [named(&one, Some("shared")), rsa, named(&two, Some("shared"))];
    let verifier = with_keys(&one, &keys);
    assert!(accepts(&verifier, &signed(&one, Some("shared"))).await);
    assert!(accepts(&verifier, &signed(&two, Some("shared"))).await);
    let rs256 = token(&one).algorithm(Algorithm::Rs256).header("kid", json!("shared")).mint();
    assert!(accepts(&verifier, &rs256).await);
}

#[tokio::test]
async fn keys_of_several_sets_and_pems_serve_together() {
    let [one, two] = signers();
    let verifier = one
        .verifier()
        .audience(API)
        .jwk_set(json!({ "keys": [named(&one, Some("a"))] }).to_string())
        .jwk_set(json!({ "keys": [named(&two, Some("b"))] }).to_string())
        .build()
        .unwrap();
    assert!(accepts(&verifier, &signed(&one, Some("a"))).await);
    assert!(accepts(&verifier, &signed(&two, Some("b"))).await);
    assert!(!accepts(&verifier, &signed(&two, Some("a"))).await);
}

#[tokio::test]
async fn issuers_that_use_the_same_kid_don_t_share_a_key() {
    let one = TestIssuer::named("https://one.test");
    let two = TestIssuer::named("https://two.test");
    let issuers = portcullis::Issuers::builder().trust(verifier(&one)).trust(verifier(&two));
    let issuers = issuers.build().unwrap();
    let good = token(&one).mint();
    assert!(crate::support::verify(&issuers, &good).await.is_ok());
    // A token of the one that says it is of the other.
    let crossed = token(&one).claim("iss", json!("https://two.test")).mint();
    let error = crate::support::verify(&issuers, &crossed).await.unwrap_err();
    assert_eq!(error, TokenFault::Signature.into());
}
