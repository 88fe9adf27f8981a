//! Algorithms that a token may be signed with.

use portcullis::{Algorithm, error::TokenFault, testing::TestIssuer};
use serde_json::json;

use super::{accepts, builder, jwk, outcome, token, verifier};
use crate::support::{API, issuer_with, jws};

const ASYMMETRIC: [Algorithm; 10] = [
    Algorithm::EdDsa,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
];
const SYMMETRIC: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];

/// An issuer that has published keys of every type.
fn issuer_with_all_keys() -> TestIssuer {
    issuer_with(ASYMMETRIC)
}

// Verifies rfc7519-8-rs256-es256, rfc8725-3.2-current, rfc9068-2.1-rs256.
#[tokio::test]
async fn by_default_every_asymmetric_algorithm_is_accepted() {
    let issuer = issuer_with_all_keys();
    let configured = verifier(&issuer);
    let fetched = issuer.verifier().audience(API).build().unwrap();
    for algorithm in ASYMMETRIC {
        let token = token(&issuer).algorithm(algorithm).mint();
        assert_eq!(outcome(&configured, &token).await.as_deref(), Ok("alice"), "{algorithm}");
        assert_eq!(outcome(&fetched, &token).await.as_deref(), Ok("alice"), "{algorithm}");
    }
}

// Verifies rfc7519-8-hs256.
#[tokio::test]
async fn every_hmac_algorithm_is_accepted_with_its_secret() {
    let issuer = TestIssuer::new();
    for algorithm in SYMMETRIC {
        let secret = issuer.hmac_secret(algorithm);
        let verifier = issuer.verifier().audience(API).hmac_secret(algorithm, secret);
        let verifier = verifier.build().unwrap();
        let token = token(&issuer).algorithm(algorithm).mint();
        assert_eq!(outcome(&verifier, &token).await.as_deref(), Ok("alice"), "{algorithm}");
    }
}

#[tokio::test]
async fn eddsa_and_ed25519_name_the_same_algorithm() {
    let issuer = issuer_with_all_keys();
    let verifier = verifier(&issuer);
    for name in ["EdDSA", "Ed25519"] {
        let token = token(&issuer).algorithm(Algorithm::EdDsa).header("alg", json!(name)).mint();
        assert!(accepts(&verifier, &token).await, "{name}");
    }
    for name in ["Ed448", "ed25519", "EDDSA", "eddsa"] {
        let token = token(&issuer).algorithm(Algorithm::EdDsa).header("alg", json!(name)).mint();
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Algorithm), "{name}");
    }
}

// Verifies rfc7519-7.2-algorithms, rfc7515-5.2-algorithms, rfc8725-3.1-supported.
#[tokio::test]
async fn only_the_configured_algorithms_are_accepted() {
    let issuer = issuer_with_all_keys();
    for configured in ASYMMETRIC {
        let verifier = builder(&issuer).algorithms([configured]).build().unwrap();
        for algorithm in ASYMMETRIC {
            let token = token(&issuer).algorithm(algorithm).mint();
            let expected =
                if algorithm == configured { Ok("alice") } else { Err(&TokenFault::Algorithm) };
            let outcome = outcome(&verifier, &token).await;
            assert_eq!(
                outcome.as_deref(),
                expected,
                "{algorithm} where {configured} is configured"
            );
        }
    }
}

#[tokio::test]
async fn a_token_signed_with_another_secret_is_rejected() {
    let issuer = issuer_with_all_keys();
    let without_secret = verifier(&issuer);
    for algorithm in SYMMETRIC {
        let token = token(&issuer).algorithm(algorithm).mint();
        assert_eq!(
            outcome(&without_secret, &token).await,
            Err(TokenFault::Algorithm),
            "{algorithm}"
        );
        for other in SYMMETRIC.into_iter().filter(|other| *other != algorithm) {
            let other = builder(&issuer).hmac_secret(other, issuer.hmac_secret(other));
            let other = other.build().unwrap();
            assert_eq!(outcome(&other, &token).await, Err(TokenFault::Algorithm), "{algorithm}");
        }
    }
}

// Verifies rfc8725-3.1-one-algorithm.
#[tokio::test]
async fn a_secret_is_used_for_one_hmac_algorithm_only() {
    let issuer = TestIssuer::new();
    let builder = issuer.verifier().audience(API);
    let verifier = builder
        .hmac_secret(Algorithm::Hs256, jws::SECRET)
        .hmac_secret(
            Algorithm::Hs512,
            "another secret, of 64 bytes, for HS512 alone and for no other!!!",
        )
        .build()
        .unwrap();
    let claims = jws::forged_claims(&issuer).to_string();
    for (algorithm, accepted) in [("HS256", true), ("HS384", false), ("HS512", false)] {
        let header = format!(r#"{{"alg":"{algorithm}"}}"#);
        let message = format!("{}.{}", jws::encode(header), jws::encode(&claims));
        let signature = jws::hmac(algorithm, jws::SECRET, message.as_bytes());
        let token = format!("{message}.{}", jws::encode(signature));
        assert_eq!(accepts(&verifier, &token).await, accepted, "{algorithm}");
    }
}

#[tokio::test]
async fn an_issuer_may_have_both_keys_and_a_secret() {
    let issuer = issuer_with_all_keys();
    let verifier =
        builder(&issuer).hmac_secret(Algorithm::Hs384, issuer.hmac_secret(Algorithm::Hs384));
    let verifier = verifier.build().unwrap();
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs384] {
        let token = token(&issuer).algorithm(algorithm).without_header("kid").mint();
        assert!(accepts(&verifier, &token).await, "{algorithm}");
    }
}

// Verifies rfc7515-4.1.1-alg, rfc7515-5.3-comparison, rfc8725-3.2-none, rfc9068-4-none.
#[tokio::test]
async fn algorithm_names_are_case_sensitive_and_none_is_rejected() {
    let issuer = issuer_with_all_keys();
    let verifier = verifier(&issuer);
    for name in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        " ",
        "es256",
        "Es256",
        "ES256 ",
        " ES256",
        "ES256\0",
        "ES256K",
        "RS1",
        "RS256,ES256",
        "HS1",
        "A128KW",
        "dir",
        "ECDSA",
        "SHA256withECDSA",
    ] {
        let token = token(&issuer).header("alg", json!(name)).mint();
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Algorithm), "{name:?}");
    }
}

// Verifies rfc8725-3.1-alg.
#[tokio::test]
async fn alg_must_match_the_key_with_the_kid_of_the_token() {
    let issuer = issuer_with_all_keys();
    let verifier = verifier(&issuer);
    for (kid, fitting) in [
        ("rsa-0", &["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"][..]),
        ("p256-0", &["ES256"]),
        ("p384-0", &["ES384"]),
        ("p521-0", &["ES512"]),
        ("ed25519-0", &["EdDSA"]),
    ] {
        for algorithm in ASYMMETRIC {
            // Signed with the key for its algorithm, whatever its `kid`.
            let token = token(&issuer).algorithm(algorithm).header("kid", json!(kid)).mint();
            let matches = fitting.contains(&algorithm.name());
            let expected = if matches { Ok("alice") } else { Err(&TokenFault::Algorithm) };
            let outcome = outcome(&verifier, &token).await;
            assert_eq!(outcome.as_deref(), expected, "{algorithm} with {kid}");
        }
    }
}

// Verifies rfc8725-3.1-one-algorithm.
#[tokio::test]
async fn a_key_with_an_alg_is_used_for_that_algorithm_only() {
    let issuer = issuer_with_all_keys();
    for alg in ["RS256", "PS512"] {
        let mut key = jwk(&issuer, "rsa-0");
        key["alg"] = json!(alg);
        let set = json!({ "keys": [key] }).to_string();
        let verifier = issuer.verifier().audience(API).jwk_set(set).build().unwrap();
        for algorithm in [Algorithm::Rs256, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps512] {
            for token in [token(&issuer), token(&issuer).without_header("kid")] {
                let token = token.algorithm(algorithm).mint();
                assert_eq!(
                    accepts(&verifier, &token).await,
                    algorithm.name() == alg,
                    "{alg} {algorithm}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_signature_is_invalid_under_another_alg_of_the_same_key() {
    let issuer = issuer_with_all_keys();
    let verifier = verifier(&issuer);
    for (signed, claimed) in [
        (Algorithm::Rs256, "PS256"),
        (Algorithm::Ps256, "RS256"),
        (Algorithm::Rs256, "RS512"),
        (Algorithm::Ps384, "PS256"),
    ] {
        let token = token(&issuer).algorithm(signed).header("alg", json!(claimed)).mint();
        assert_eq!(
            outcome(&verifier, &token).await,
            Err(TokenFault::Signature),
            "{signed} as {claimed}"
        );
    }
}
