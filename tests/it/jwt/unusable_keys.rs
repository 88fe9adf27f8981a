//! Unusable keys in a set with usable ones.

use portcullis::{Algorithm, error::TokenFault, testing::TestIssuer};
use serde_json::{Value, json};

use super::{accepts, jwk, outcome, token};
use crate::support::{API, issuer_with, jws};

/// An issuer with keys of all types.
fn issuer() -> TestIssuer {
    issuer_with([Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256])
}

/// `key` with some members set, or removed if the value is null.
fn with<const N: usize>(key: &Value, members: [(&str, Value); N]) -> Value {
    let mut key = key.clone();
    for (name, value) in members {
        match value {
            Value::Null => drop(key.as_object_mut().unwrap().remove(name)),
            value => key[name] = value,
        }
    }
    key
}

/// Keys that a set may contain, but that can't verify signatures.
fn unusable_keys(issuer: &TestIssuer) -> Vec<(&'static str, Value)> {
    let (rsa, ec, okp) = (jwk(issuer, "rsa-0"), jwk(issuer, "p256-0"), jwk(issuer, "ed25519-0"));
    let flipped = |key: &Value, name: &str| {
        let mut bytes = jws::decode(key[name].as_str().unwrap());
        *bytes.last_mut().unwrap() ^= 1;
        json!(jws::encode(bytes))
    };
    let n = jws::decode(rsa["n"].as_str().unwrap());
    vec![
        ("an unknown kty", json!({ "kty": "XYZ", "kid": "x", "alg": "ES256", "pub": "AA" })),
        ("AKP without alg", json!({ "kty": "AKP", "kid": "x", "pub": jws::encode([7; 1312]) })),
        (
            "AKP with an alg of another type",
            json!({ "kty": "AKP", "kid": "x", "alg": "ES256", "pub": jws::encode([7; 1312]) }),
        ),
        (
            "AKP with an unknown alg",
            json!({ "kty": "AKP", "kid": "x", "alg": "SLH-DSA-SHA2-128s", "pub": "AA" }),
        ),
        (
            "a short ML-DSA key",
            json!({ "kty": "AKP", "kid": "x", "alg": "ML-DSA-44", "pub": "AA" }),
        ),
        (
            "an ML-DSA key of other parameters",
            json!({ "kty": "AKP", "kid": "x", "alg": "ML-DSA-65", "pub": jws::encode([7; 1312]) }),
        ),
        (
            "an ML-DSA key of zeros",
            json!({ "kty": "AKP", "kid": "x", "alg": "ML-DSA-44", "pub": jws::encode([0; 1312]) }),
        ),
        ("AKP without pub", json!({ "kty": "AKP", "kid": "x", "alg": "ML-DSA-44" })),
        ("an empty kty", with(&ec, [("kty", json!(""))])),
        ("no kty", with(&ec, [("kty", Value::Null)])),
        ("a kty in small letters", with(&ec, [("kty", json!("ec"))])),
        ("a kty that is a number", with(&ec, [("kty", json!(1))])),
        ("an unknown curve", with(&ec, [("crv", json!("secp256k1"))])),
        ("a curve of another kind", with(&ec, [("crv", json!("Ed25519"))])),
        ("no curve", with(&ec, [("crv", Value::Null)])),
        ("Ed448", with(&okp, [("crv", json!("Ed448"))])),
        ("X25519", with(&okp, [("crv", json!("X25519"))])),
        ("for encryption", with(&ec, [("use", json!("enc"))])),
        ("for another use", with(&ec, [("use", json!("tls"))])),
        ("use in capitals", with(&ec, [("use", json!("SIG"))])),
        ("two uses", with(&ec, [("use", json!(["sig", "enc"]))])),
        ("key_ops without verify", with(&ec, [("key_ops", json!(["encrypt", "wrapKey"]))])),
        ("key_ops of a signer", with(&ec, [("key_ops", json!(["sign"]))])),
        ("no key_ops in it", with(&ec, [("key_ops", json!([]))])),
        ("an alg for encryption", with(&rsa, [("alg", json!("RSA-OAEP-256"))])),
        ("an unknown alg", with(&ec, [("alg", json!("ES256K"))])),
        ("the alg none", with(&ec, [("alg", json!("none"))])),
        ("an alg of another curve", with(&ec, [("alg", json!("ES384"))])),
        ("an alg of another kind", with(&rsa, [("alg", json!("ES256"))])),
        ("an HMAC as alg", with(&rsa, [("alg", json!("HS256"))])),
        ("an alg that is no text", with(&ec, [("alg", json!(256))])),
        ("RSA of 1024 bits", with(&rsa, [("n", json!(jws::encode(&n[..128])))])),
        ("RSA of 512 bits", with(&rsa, [("n", json!(jws::encode(&n[..64])))])),
        ("RSA with an empty modulus", with(&rsa, [("n", json!(""))])),
        ("RSA of 16384 bits", with(&rsa, [("n", json!(jws::encode(n.repeat(8))))])),
        ("an even modulus", with(&rsa, [("n", json!(jws::encode(vec![0xfe; 256])))])),
        ("the exponent 1", with(&rsa, [("e", json!("AQ"))])),
        ("the exponent 0", with(&rsa, [("e", json!("AA"))])),
        ("an even exponent", with(&rsa, [("e", json!("AQAA"))])),
        ("a huge exponent", with(&rsa, [("e", json!(jws::encode(&n)))])),
        ("no exponent", with(&rsa, [("e", Value::Null)])),
        ("no modulus", with(&rsa, [("n", Value::Null)])),
        ("a point off the curve", with(&ec, [("y", flipped(&ec, "y"))])),
        ("a point of another curve", with(&ec, [("crv", json!("P-384"))])),
        ("the point at infinity", with(&ec, [("x", json!("")), ("y", json!(""))])),
        (
            "a point of zeros",
            with(&ec, [("x", json!("A".repeat(43))), ("y", json!("A".repeat(43)))]),
        ),
        ("half a point", with(&ec, [("y", Value::Null)])),
        ("a short coordinate", with(&ec, [("x", json!("AQAB"))])),
        ("a long coordinate", with(&ec, [("x", json!("A".repeat(86)))])),
        ("a short Ed25519 key", with(&okp, [("x", json!("AQAB"))])),
        ("an Ed25519 key of small order", with(&okp, [("x", json!("A".repeat(43)))])),
        ("no base64url", with(&ec, [("x", json!("*".repeat(43)))])),
        ("numbers for texts", with(&rsa, [("n", json!(65537))])),
        ("a secret", json!({ "kty": "oct", "kid": "x", "k": jws::encode(jws::SECRET) })),
        (
            "a secret for HS256",
            json!({ "kty": "oct", "alg": "HS256", "k": jws::encode(jws::SECRET) }),
        ),
        ("a kid that is neither text nor integer", with(&ec, [("kid", json!(7.5))])),
        ("a certificate alone", json!({ "kid": "x", "x5c": ["MIIB"] })),
        ("an empty object", json!({})),
        ("null", json!(null)),
        ("a number", json!(1)),
        ("a text", json!("key")),
        ("an array", json!([ec])),
    ]
}

// Verifies rfc7517-5-skip.
#[tokio::test]
async fn an_unusable_key_is_skipped_and_the_rest_are_used() {
    let issuer = issuer();
    let usable = [jwk(&issuer, "p384-0"), jwk(&issuer, "rsa-0")];
    for (case, unusable) in unusable_keys(&issuer) {
        for keys in [
            [unusable.clone(), usable[0].clone(), usable[1].clone()],
            [usable[0].clone(), usable[1].clone(), unusable.clone()],
        ] {
            let set = json!({ "keys": keys }).to_string();
            let verifier = issuer.verifier().audience(API).jwk_set(set).build().unwrap();
            for algorithm in [Algorithm::Es384, Algorithm::Rs256] {
                for token in [token(&issuer), token(&issuer).without_header("kid")] {
                    let token = token.algorithm(algorithm).mint();
                    assert!(accepts(&verifier, &token).await, "{algorithm}, {case}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_null_member_counts_as_absent() {
    let issuer = issuer();
    let key = jwk(&issuer, "p256-0");
    for name in ["alg", "use", "key_ops", "kid", "x5t"] {
        let mut key = key.clone();
        key[name] = Value::Null;
        let set = json!({ "keys": [key] }).to_string();
        let verifier = issuer.verifier().audience(API).jwk_set(set).build().unwrap();
        for token in [token(&issuer), token(&issuer).without_header("kid")] {
            assert!(accepts(&verifier, &token.mint()).await, "{name}");
        }
    }
}

// Verifies rfc7517-4.2-use.
#[tokio::test]
async fn an_unusable_key_verifies_no_token() {
    let issuer = issuer();
    let usable = jwk(&issuer, "p384-0");
    for (case, unusable) in unusable_keys(&issuer) {
        // A `kid` that isn't a string is ignored, so the key counts as a key without one.
        let set = json!({ "keys": [unusable, usable] }).to_string();
        let verifier = issuer.verifier().audience(API).jwk_set(set).build().unwrap();
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256] {
            for token in [token(&issuer), token(&issuer).without_header("kid")] {
                let token = token.algorithm(algorithm).mint();
                assert_eq!(
                    outcome(&verifier, &token).await,
                    Err(TokenFault::UnknownKey),
                    "{algorithm}, {case}"
                );
            }
        }
        let forged =
            jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, jws::forged_claims(&issuer).to_string());
        assert_eq!(outcome(&verifier, &forged).await, Err(TokenFault::Algorithm), "{case}");
    }
}

#[tokio::test]
async fn a_configured_set_of_unusable_keys_is_rejected() {
    let issuer = issuer();
    for (case, unusable) in unusable_keys(&issuer) {
        let set = json!({ "keys": [unusable] }).to_string();
        let error = issuer.verifier().audience(API).jwk_set(set).build().unwrap_err();
        let message = "JWK Set `\u{2026}`: it has no key that verifies signatures";
        assert!(error.to_string().starts_with(message), "{case}: {error}");
    }
}

// Verifies rfc7517-4-unknown.
#[tokio::test]
async fn variants_of_usable_keys_are_accepted() {
    let issuer = issuer();
    let (rsa, ec) = (jwk(&issuer, "rsa-0"), jwk(&issuer, "p256-0"));
    let n = jws::decode(rsa["n"].as_str().unwrap());
    for (case, algorithm, key) in [
        ("no use", Algorithm::Es256, with(&ec, [("use", Value::Null)])),
        ("no alg, as in Entra ID", Algorithm::Rs256, with(&rsa, [("alg", Value::Null)])),
        ("its alg", Algorithm::Es256, with(&ec, [("alg", json!("ES256"))])),
        ("key_ops", Algorithm::Es256, with(&ec, [("key_ops", json!(["verify"]))])),
        ("more key_ops", Algorithm::Es256, with(&ec, [("key_ops", json!(["sign", "verify"]))])),
        (
            "unknown key_ops",
            Algorithm::Es256,
            with(&ec, [("key_ops", json!(["verify", "x-audit"]))]),
        ),
        (
            "a certificate beside it",
            Algorithm::Rs256,
            with(&rsa, [("x5c", json!(["MIIB"])), ("x5t", json!("dGh1bWI"))]),
        ),
        (
            "unknown members",
            Algorithm::Es256,
            with(&ec, [("issuer", json!("x")), ("exp", json!(1))]),
        ),
        (
            "zeros before the modulus",
            Algorithm::Rs256,
            with(&rsa, [("n", json!(jws::encode([&[0], &n[..]].concat())))]),
        ),
        ("zeros before the exponent", Algorithm::Rs256, with(&rsa, [("e", json!("AAEAAQ"))])),
        ("no kid", Algorithm::Es256, with(&ec, [("kid", Value::Null)])),
    ] {
        let set = json!({ "keys": [key] }).to_string();
        let verifier = issuer.verifier().audience(API).jwk_set(set);
        let verifier = verifier.build().unwrap_or_else(|error| panic!("{case}: {error}"));
        let token = token(&issuer).algorithm(algorithm).mint();
        assert!(accepts(&verifier, &token).await, "{case}");
    }
}

// Verifies rfc7517-9.2-private.
#[tokio::test]
async fn private_members_in_a_set_are_ignored_and_never_shown() {
    let issuer = issuer();
    let leak = "c2VjcmV0LXByaXZhdGUtcGFydA";
    let leaked = |key: &Value| {
        ["d", "p", "q", "dp", "dq", "qi", "k"].iter().fold(key.clone(), |mut key, name| {
            key[name] = json!(leak);
            key
        })
    };
    let keys = [
        leaked(&jwk(&issuer, "rsa-0")),
        leaked(&jwk(&issuer, "p256-0")),
        leaked(&jwk(&issuer, "ed25519-0")),
    ];
    let set = json!({ "keys": keys }).to_string();
    let verifier = issuer.verifier().audience(API).jwk_set(set).build().unwrap();
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        assert!(
            accepts(&verifier, &token(&issuer).algorithm(algorithm).mint()).await,
            "{algorithm}"
        );
    }
    assert!(!format!("{verifier:?}").contains(leak));
    let secret = jws::decode(leak);
    let forged = jws::sign(&secret, r#"{"alg":"HS256"}"#, jws::forged_claims(&issuer).to_string());
    assert_eq!(outcome(&verifier, &forged).await, Err(TokenFault::Algorithm));
}
