//! Selection of the key that a token is verified with.

use portcullis::{Algorithm, JwtVerifier, error::TokenFault, testing::TestIssuer};
use serde_json::{Value, json};

use super::{accepts, jwk, outcome, token, verifier};
use crate::support::{API, issuer_with};

/// Several signers with the same issuer name and time, each with an ES256 key.
fn signers<const N: usize>() -> [TestIssuer; N] {
    let first = TestIssuer::new();
    std::array::from_fn(|_| {
        let signer = TestIssuer::new();
        signer.clock().set(portcullis::Clock::now(&first.clock()));
        signer.publish(Algorithm::Es256);
        signer
    })
}

/// The key of a signer, with that `kid` or none.
fn key_of(signer: &TestIssuer, kid: Option<&str>) -> Value {
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
async fn a_token_without_kid_is_verified_with_the_only_key() {
    let [signer, attacker] = signers();
    for kid in [None, Some("a")] {
        let verifier = with_keys(&signer, &[key_of(&signer, kid)]);
        assert!(accepts(&verifier, &signed(&signer, None)).await, "{kid:?}");
        let outcome = outcome(&verifier, &signed(&attacker, None)).await;
        assert_eq!(outcome, Err(TokenFault::Signature), "{kid:?}");
    }
}

#[tokio::test]
async fn a_token_without_kid_is_verified_with_each_matching_key() {
    let [one, two, three, attacker] = signers();
    let keys = [key_of(&one, Some("a")), key_of(&two, None), key_of(&three, Some("b"))];
    let verifier = with_keys(&one, &keys);
    for signer in [&one, &two, &three] {
        assert!(accepts(&verifier, &signed(signer, None)).await);
    }
    let outcome = outcome(&verifier, &signed(&attacker, None)).await;
    assert_eq!(outcome, Err(TokenFault::Signature));
}

#[tokio::test]
async fn without_kid_only_keys_for_the_algorithm_are_tried() {
    let others = [Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Rs256];
    let signer = issuer_with(others);
    let verifier = verifier(&signer);
    for algorithm in [Algorithm::Es256, Algorithm::Es512, Algorithm::EdDsa, Algorithm::Ps256] {
        let token = token(&signer).algorithm(algorithm).without_header("kid").mint();
        assert!(accepts(&verifier, &token).await, "{algorithm}");
    }
}

#[tokio::test]
async fn without_kid_sixteen_of_many_keys_are_tried() {
    let signers: [_; 20] = signers();
    let kids: Vec<_> = (0..20).map(|n| format!("key-{n:02}")).collect();
    let keys: Vec<_> =
        signers.iter().zip(&kids).map(|(signer, kid)| key_of(signer, Some(kid))).collect();
    let verifier = with_keys(&signers[0], &keys);
    let mut accepted = 0;
    for (signer, kid) in signers.iter().zip(&kids) {
        accepted += u32::from(accepts(&verifier, &signed(signer, None)).await);
        assert!(accepts(&verifier, &signed(signer, Some(kid))).await, "{kid}");
    }
    assert_eq!(accepted, 16);
}

#[tokio::test]
async fn an_unknown_kid_is_rejected_as_an_unknown_key() {
    let [signer] = signers();
    let verifier = with_keys(&signer, &[key_of(&signer, Some("a"))]);
    for kid in ["b", "", "A", "a ", " a", "aa", "../a", "a\0", "' OR 1=1 --", "/dev/null"] {
        let outcome = outcome(&verifier, &signed(&signer, Some(kid))).await;
        assert_eq!(outcome, Err(TokenFault::UnknownKey), "{kid:?}");
    }
    let long = "k".repeat(1000);
    assert!(!accepts(&verifier, &signed(&signer, Some(&long))).await);
}

#[tokio::test]
async fn a_key_without_kid_is_tried_for_tokens_with_an_unknown_kid() {
    let [signer, other] = signers();
    let verifier = with_keys(&signer, &[key_of(&signer, None), key_of(&other, Some("b"))]);
    assert!(accepts(&verifier, &signed(&signer, Some("a"))).await);
    assert!(accepts(&verifier, &signed(&signer, None)).await);
    assert!(accepts(&verifier, &signed(&other, Some("b"))).await);
    // If a key has this `kid`, only that key is tried.
    let outcome = outcome(&verifier, &signed(&signer, Some("b"))).await;
    assert_eq!(outcome, Err(TokenFault::Signature));
    assert!(!accepts(&verifier, &signed(&other, Some("a"))).await);
}

// Verifies rfc7517-4.5-kid.
#[tokio::test]
async fn several_keys_may_share_a_kid() {
    let [one, two] = signers();
    one.publish(Algorithm::Rs256);
    let mut rsa = jwk(&one, "rsa-0");
    rsa["kid"] = json!("shared");
    let keys = [key_of(&one, Some("shared")), rsa, key_of(&two, Some("shared"))];
    let verifier = with_keys(&one, &keys);
    assert!(accepts(&verifier, &signed(&one, Some("shared"))).await);
    assert!(accepts(&verifier, &signed(&two, Some("shared"))).await);
    let rs256 = token(&one).algorithm(Algorithm::Rs256).header("kid", json!("shared")).mint();
    assert!(accepts(&verifier, &rs256).await);
}

#[tokio::test]
async fn keys_of_several_sets_are_used_together() {
    let [one, two] = signers();
    let verifier = one
        .verifier()
        .audience(API)
        .jwk_set(json!({ "keys": [key_of(&one, Some("a"))] }).to_string())
        .jwk_set(json!({ "keys": [key_of(&two, Some("b"))] }).to_string())
        .build()
        .unwrap();
    assert!(accepts(&verifier, &signed(&one, Some("a"))).await);
    assert!(accepts(&verifier, &signed(&two, Some("b"))).await);
    assert!(!accepts(&verifier, &signed(&two, Some("a"))).await);
}

// Verifies rfc8725-3.8-iss.
#[tokio::test]
async fn issuers_with_the_same_kid_do_not_share_keys() {
    let one = TestIssuer::named("https://one.test");
    let two = TestIssuer::named("https://two.test");
    let issuers = portcullis::Issuers::builder().trust(verifier(&one)).trust(verifier(&two));
    let issuers = issuers.build().unwrap();
    let valid = token(&one).mint();
    assert!(crate::support::verify(&issuers, &valid).await.is_ok());
    // A token of one issuer with the `iss` of the other.
    let crossed = token(&one).claim("iss", json!("https://two.test")).mint();
    let error = crate::support::verify(&issuers, &crossed).await.unwrap_err();
    assert_eq!(error, TokenFault::Signature.into());
}
