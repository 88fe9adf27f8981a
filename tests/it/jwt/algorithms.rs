//! Which algorithms a token may be signed with.

use portcullis::{Algorithm, TokenFault, testing::TestIssuer};
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

/// An issuer that has published a key of every kind.
fn issuer_of_all() -> TestIssuer {
    issuer_with(ASYMMETRIC)
}

#[tokio::test]
async fn every_asymmetric_algorithm_is_accepted_when_none_is_named() {
    let issuer = issuer_of_all();
    let given = verifier(&issuer);
    let fetched = issuer.verifier().audience(API).build().unwrap();
    for algorithm in ASYMMETRIC {
        let token = token(&issuer).algorithm(algorithm).mint();
        assert_eq!(outcome(&given, &token).await.as_deref(), Ok("alice"), "{algorithm}");
        assert_eq!(outcome(&fetched, &token).await.as_deref(), Ok("alice"), "{algorithm}");
    }
}

#[tokio::test]
async fn every_hmac_is_accepted_with_its_secret() {
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
async fn eddsa_goes_by_either_of_its_names() {
    let issuer = issuer_of_all();
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

#[tokio::test]
async fn only_the_named_algorithms_are_accepted() {
    let issuer = issuer_of_all();
    for named in ASYMMETRIC {
        let verifier = builder(&issuer).algorithms([named]).build().unwrap();
        for algorithm in ASYMMETRIC {
            let token = token(&issuer).algorithm(algorithm).mint();
            let expected =
                if algorithm == named { Ok("alice") } else { Err(&TokenFault::Algorithm) };
            let outcome = outcome(&verifier, &token).await;
            assert_eq!(outcome.as_deref(), expected, "{algorithm} where {named} is named");
        }
    }
}

#[tokio::test]
async fn an_hmac_is_accepted_with_no_secret_but_its_own() {
    let issuer = issuer_of_all();
    let with_none = verifier(&issuer);
    for algorithm in SYMMETRIC {
        let token = token(&issuer).algorithm(algorithm).mint();
        assert_eq!(outcome(&with_none, &token).await, Err(TokenFault::Algorithm), "{algorithm}");
        for other in SYMMETRIC.into_iter().filter(|other| *other != algorithm) {
            let other = builder(&issuer).hmac_secret(other, issuer.hmac_secret(other));
            let other = other.build().unwrap();
            assert_eq!(outcome(&other, &token).await, Err(TokenFault::Algorithm), "{algorithm}");
        }
    }
}

#[tokio::test]
async fn a_secret_of_one_hmac_does_not_serve_another_though_it_is_long_enough() {
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
    for (algorithm, is_good) in [("HS256", true), ("HS384", false), ("HS512", false)] {
        let header = format!(r#"{{"alg":"{algorithm}"}}"#);
        let message = format!("{}.{}", jws::encode(header), jws::encode(&claims));
        let signature = jws::hmac(algorithm, jws::SECRET, message.as_bytes());
        let token = format!("{message}.{}", jws::encode(signature));
        assert_eq!(accepts(&verifier, &token).await, is_good, "{algorithm}");
    }
}

#[tokio::test]
async fn keys_and_a_secret_of_one_issuer_serve_together() {
    let issuer = issuer_of_all();
    let verifier =
        builder(&issuer).hmac_secret(Algorithm::Hs384, issuer.hmac_secret(Algorithm::Hs384));
    let verifier = verifier.build().unwrap();
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs384] {
        let token = token(&issuer).algorithm(algorithm).without_header("kid").mint();
        assert!(accepts(&verifier, &token).await, "{algorithm}");
    }
}

#[tokio::test]
async fn the_name_of_an_algorithm_has_one_spelling_and_none_is_no_algorithm() {
    let issuer = issuer_of_all();
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

#[tokio::test]
async fn the_algorithm_must_fit_the_key_that_the_token_names() {
    let issuer = issuer_of_all();
    let verifier = verifier(&issuer);
    for (kid, fitting) in [
        ("rsa-0", &["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"][..]),
        ("p256-0", &["ES256"]),
        ("p384-0", &["ES384"]),
        ("p521-0", &["ES512"]),
        ("ed25519-0", &["EdDSA"]),
    ] {
        for algorithm in ASYMMETRIC {
            // Signed with the key of its algorithm, whichever it names.
            let token = token(&issuer).algorithm(algorithm).header("kid", json!(kid)).mint();
            let fits = fitting.contains(&algorithm.name());
            let expected = if fits { Ok("alice") } else { Err(&TokenFault::Algorithm) };
            let outcome = outcome(&verifier, &token).await;
            assert_eq!(outcome.as_deref(), expected, "{algorithm} with {kid}");
        }
    }
}

#[tokio::test]
async fn a_key_with_an_alg_of_its_own_serves_that_one_alone() {
    let issuer = issuer_of_all();
    for own in ["RS256", "PS512"] {
        let mut key = jwk(&issuer, "rsa-0");
        key["alg"] = json!(own);
        let set = json!({ "keys": [key] }).to_string();
        let verifier = issuer.verifier().audience(API).jwk_set(set).build().unwrap();
        for algorithm in [Algorithm::Rs256, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps512] {
            for token in [token(&issuer), token(&issuer).without_header("kid")] {
                let token = token.algorithm(algorithm).mint();
                assert_eq!(
                    accepts(&verifier, &token).await,
                    algorithm.name() == own,
                    "{own} {algorithm}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_signature_under_one_algorithm_is_none_under_another_of_the_same_key() {
    let issuer = issuer_of_all();
    let verifier = verifier(&issuer);
    for (signed, said) in [
        (Algorithm::Rs256, "PS256"),
        (Algorithm::Ps256, "RS256"),
        (Algorithm::Rs256, "RS512"),
        (Algorithm::Ps384, "PS256"),
    ] {
        let token = token(&issuer).algorithm(signed).header("alg", json!(said)).mint();
        assert_eq!(
            outcome(&verifier, &token).await,
            Err(TokenFault::Signature),
            "{signed} as {said}"
        );
    }
}
