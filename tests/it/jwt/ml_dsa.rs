//! Tokens that are signed with ML-DSA (RFC 9964).
//!
//! The PEM texts and the tokens in `ml_dsa/` were created with OpenSSL 4.0 through pyca/cryptography.

use std::time::Duration;

use portcullis::{
    Algorithm, AuthenticateLayer, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{Fault, TestIssuer},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{accepts, builder, jwk, outcome, token, verifier};
use crate::support::{API, issuer_with, jws, protected, send, whoami, with_token};

/// The algorithms, the lengths of their signatures and of their public keys.
const ML_DSA: [(Algorithm, usize, usize); 3] = [
    (Algorithm::MlDsa44, 2420, 1312),
    (Algorithm::MlDsa65, 3309, 1952),
    (Algorithm::MlDsa87, 4627, 2592),
];

/// What OpenSSL made: an algorithm, its public key, and a token of `https://issuer.test` for [`API`].
const OPENSSL: [(Algorithm, &str, &str); 3] = [
    (
        Algorithm::MlDsa44,
        include_str!("ml_dsa/ml-dsa-44.pem"),
        include_str!("ml_dsa/ml-dsa-44.jwt"),
    ),
    (
        Algorithm::MlDsa65,
        include_str!("ml_dsa/ml-dsa-65.pem"),
        include_str!("ml_dsa/ml-dsa-65.jwt"),
    ),
    (
        Algorithm::MlDsa87,
        include_str!("ml_dsa/ml-dsa-87.pem"),
        include_str!("ml_dsa/ml-dsa-87.jwt"),
    ),
];

/// The configuration in `docs/issuers.md`.
fn documented() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://as.example")
        .audience("https://api.example")
        .algorithms([Algorithm::Es256, Algorithm::MlDsa65])
}

#[tokio::test]
async fn the_documented_configuration_accepts_tokens_during_a_change() {
    let issuer = TestIssuer::named("https://as.example");
    let builder = documented().http_client(issuer.http_client()).clock(issuer.clock());
    let verifier = builder.build().unwrap();
    for (algorithm, is_accepted) in
        [(Algorithm::Es256, true), (Algorithm::MlDsa65, true), (Algorithm::MlDsa44, false)]
    {
        issuer.publish(algorithm);
        let token = token(&issuer).algorithm(algorithm).mint();
        assert_eq!(accepts(&verifier, &token).await, is_accepted, "{algorithm}");
    }
}

fn with_keys(issuer: &TestIssuer, keys: Value) -> Result<JwtVerifier, portcullis::ConfigError> {
    issuer.verifier().audience(API).jwk_set(json!({ "keys": keys }).to_string()).build()
}

#[tokio::test]
async fn the_keys_of_an_issuer_determine_whether_ml_dsa_is_accepted() {
    for (algorithm, signature_len, key_len) in ML_DSA {
        let issuer = issuer_with([algorithm]);
        let app = protected(&issuer);
        let token = token(&issuer).algorithm(algorithm).mint();
        let (_, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(jws::decode(signature).len(), signature_len);

        // The second time, the token is in the cache.
        for _ in 0..2 {
            let response = send(&app, with_token(&token)).await;
            assert_eq!((response.status.as_u16(), &*response.body), (200, "alice"), "{algorithm}");
        }

        let family = algorithm.name().to_lowercase();
        let key = jwk(&issuer, &format!("{family}-0"));
        assert_eq!((&key["kty"], &key["alg"]), (&json!("AKP"), &json!(algorithm.name())));
        assert_eq!(jws::decode(key["pub"].as_str().unwrap()).len(), key_len);

        let other = issuer_with([Algorithm::Es256]);
        assert_eq!(send(&protected(&other), with_token(&token)).await.status, 401, "{algorithm}");
    }
}

#[tokio::test]
async fn tokens_signed_by_openssl_verify_with_its_pem_keys() {
    for (algorithm, pem, token) in OPENSSL {
        for (other, key, _) in OPENSSL {
            let verifier = TestIssuer::new().verifier().audience(API).pem_key(key).build().unwrap();
            assert_eq!(
                accepts(&verifier, token.trim_end()).await,
                algorithm == other,
                "{algorithm} with the key for {other}"
            );
        }
        for malformed in [
            pem.replacen("MI", "NI", 1),
            pem.lines().take(10).chain(pem.lines().last()).collect::<Vec<_>>().join("\n"),
        ] {
            let build = TestIssuer::new().verifier().audience(API).pem_key(malformed).build();
            let message = build.unwrap_err().to_string();
            let expected =
                "it isn't a PEM text with exactly one RSA, EC, Ed25519 or ML-DSA public key";
            assert!(message.ends_with(expected), "{message}");
        }
    }
}

#[tokio::test]
async fn configured_algorithms_restrict_the_parameters() {
    let issuer = issuer_with(ML_DSA.map(|(algorithm, ..)| algorithm));
    for (allowed, ..) in ML_DSA {
        let verifier = builder(&issuer).algorithms([allowed, Algorithm::Es256]).build().unwrap();
        for (algorithm, ..) in ML_DSA {
            let token = token(&issuer).algorithm(algorithm).mint();
            let expected =
                if algorithm == allowed { Ok("alice") } else { Err(&TokenFault::Algorithm) };
            let outcome = outcome(&verifier, &token).await;
            assert_eq!(outcome.as_deref(), expected, "{algorithm} where {allowed} is allowed");
        }
    }
}

#[tokio::test]
async fn alg_in_the_header_must_be_that_of_the_key() {
    let issuer = issuer_with(ML_DSA.map(|(algorithm, ..)| algorithm));
    let verifier = verifier(&issuer);
    for (algorithm, ..) in ML_DSA {
        for (other, ..) in ML_DSA {
            let kid = format!("{}-0", other.name().to_lowercase());
            let of_other_key = token(&issuer).algorithm(algorithm).header("kid", json!(kid)).mint();
            let is_own = algorithm == other;
            let expected = if is_own { Ok("alice") } else { Err(&TokenFault::Algorithm) };
            let outcome = outcome(&verifier, &of_other_key).await;
            assert_eq!(outcome.as_deref(), expected, "{algorithm} with the key for {other}");
        }
        let other = if algorithm == Algorithm::MlDsa65 { "ML-DSA-87" } else { "ML-DSA-65" };
        let claimed = token(&issuer).algorithm(algorithm).header("alg", json!(other)).mint();
        assert_eq!(outcome(&verifier, &claimed).await, Err(TokenFault::Algorithm), "{algorithm}");
    }
}

// Verifies rfc9964-3-alg, rfc9964-3-pub, rfc9964-5-sizes.
#[tokio::test]
async fn a_key_that_is_left_out_is_named_with_the_reason() {
    let issuer = issuer_with([Algorithm::MlDsa44]);
    let mut key = jwk(&issuer, "ml-dsa-44-0");
    let public = jws::decode(key["pub"].as_str().unwrap());
    for (name, value, reason) in [
        ("alg", Value::Null, "`alg` is missing or malformed"),
        ("alg", json!("SLH-DSA-SHA2-128s"), "`alg` isn't supported"),
        (
            "pub",
            json!(jws::encode(&public[1..])),
            "the key is malformed: an ML-DSA-44 public key must be exactly 1312 bytes long",
        ),
        ("pub", Value::Null, "`pub` is missing or malformed"),
    ] {
        let original = key[name].take();
        key[name] = value;
        let message = with_keys(&issuer, json!([key])).unwrap_err().to_string();
        assert!(message.ends_with(&format!("(key `ml-dsa-44-0`: {reason})")), "{message}");

        // Beside a key that can be used, a token that names the key is explained.
        let usable = jwk(&TestIssuer::new(), "p256-0");
        let verifier = with_keys(&issuer, json!([key, usable])).unwrap();
        let token = token(&issuer).algorithm(Algorithm::MlDsa44).mint();
        let explanation = verifier.explain(&token).await.to_string();
        assert!(explanation.contains(reason), "{explanation}");
        assert!(explanation.contains("ML-DSA-44"), "{explanation}");
        key[name] = original;
    }
    assert!(with_keys(&issuer, json!([key])).is_ok());
}

#[tokio::test]
async fn a_forged_signature_is_rejected() {
    for (algorithm, len, _) in ML_DSA {
        let issuer = issuer_with([algorithm]);
        let verifier = verifier(&issuer);
        let valid = token(&issuer).algorithm(algorithm).mint();
        let (message, signature) = valid.rsplit_once('.').unwrap();
        let signature = jws::decode(signature);
        let flipped = |at: usize| {
            let mut signature = signature.clone();
            signature[at] ^= 0x10;
            signature
        };
        for forged in [
            vec![],
            vec![0; len],
            vec![0xff; len],
            flipped(0),
            flipped(len / 2),
            flipped(len - 1),
            signature[1..].to_vec(),
            [&*signature, &[0]].concat(),
            [&*signature, &*signature].concat(),
            vec![0xa5; 8_000],
        ] {
            let token = format!("{message}.{}", jws::encode(forged));
            assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Signature), "{algorithm}");
        }
        assert!(accepts(&verifier, &valid).await, "{algorithm}");
    }
}

#[tokio::test]
async fn a_wrong_signature_length_is_401_while_keys_are_unreachable() {
    let issuer = issuer_with([Algorithm::MlDsa87]);
    issuer.fail(Fault::Status(500));
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let valid = token(&issuer).algorithm(Algorithm::MlDsa87).mint();
    let cut = &valid[..valid.len() - 4];
    assert_eq!(outcome(&verifier, cut).await, Err(TokenFault::Signature));
    assert_eq!(issuer.requests_to("/jwks"), 0);
}

#[tokio::test]
async fn tokens_of_up_to_16_kib_are_accepted() {
    let issuer = issuer_with([Algorithm::MlDsa87]);
    let layer = AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap());
    let app = whoami().layer(layer);
    let token_of = |len: usize| {
        let padded = |pad: usize| {
            let token = token(&issuer).algorithm(Algorithm::MlDsa87);
            token.claim("groups", json!("g".repeat(pad))).mint()
        };
        let bare = padded(0).len();
        let pads = (len - bare) * 3 / 4;
        (pads.saturating_sub(2)..=pads + 2).map(padded).find(|token| token.len() == len).unwrap()
    };
    assert!(token(&issuer).algorithm(Algorithm::MlDsa87).mint().len() > 6_400);
    assert_eq!(send(&app, with_token(&token_of(8 * 1024))).await.status, 200);
    assert_eq!(send(&app, with_token(&token_of(16 * 1024))).await.status, 200);
    assert_eq!(send(&app, with_token(&token_of(16 * 1024 + 2))).await.status, 400);
}

/// The server of axum over HTTP/1.1 has room for it, as `docs/issuers.md` says.
#[tokio::test]
async fn a_token_of_16_kib_is_accepted_over_a_socket() {
    let issuer = issuer_with([Algorithm::MlDsa87]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tokio::spawn(axum::serve(listener, protected(&issuer)).into_future());
    let token = token(&issuer).algorithm(Algorithm::MlDsa87);
    let token = token.claim("groups", json!("g".repeat(7_000))).mint();
    assert!(token.len() > 15_500, "{} bytes", token.len());
    let head = "GET / HTTP/1.1\r\nhost: api.example\r\nconnection: close\r\n";
    let request = format!("{head}authorization: Bearer {token}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK") && response.ends_with("alice"), "{response}");
}

#[tokio::test]
async fn introspected_tokens_of_this_length_are_cached() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let app = whoami().layer(AuthenticateLayer::bearer(verifier));
    let token = token(&issuer).algorithm(Algorithm::MlDsa87);
    let token = token.claim("groups", json!("g".repeat(5_000))).mint();
    assert!(token.len() > 12_000);
    for _ in 0..3 {
        assert_eq!(send(&app, with_token(&token)).await.status, 200);
    }
    assert_eq!(issuer.requests_to("/introspect"), 1);
}

#[tokio::test]
async fn an_expired_token_is_rejected_without_a_fetch() {
    let issuer = issuer_with([Algorithm::MlDsa44]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let token = token(&issuer).algorithm(Algorithm::MlDsa44).mint();
    issuer.clock().advance(Duration::from_secs(3600));
    assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Expired));
    assert_eq!(issuer.requests_to("/jwks"), 0);
}
