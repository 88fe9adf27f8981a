//! Client authentication with a private key (RFC 7523), and with a TLS certificate (RFC 8705).
//!
//! The keys were created with OpenSSL for these tests, and the JWKs from them with Node. Those of ML-DSA are of
//! OpenSSL 4.0 through pyca/cryptography.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::UNIX_EPOCH,
};

use http::{Request, Response, header::AUTHORIZATION};
use portcullis::{
    Algorithm, Clock, ConfigError, ErrorKind, IntrospectionVerifier, JwtVerifier,
    introspection::{ClientMissing, IntrospectionVerifierBuilder, PrivateKey},
    jwt::AudienceMissing,
    testing::{TestClient, TestClock},
};
use serde_json::{Value, json};

use super::{
    INTROSPECT,
    endpoint::{Endpoint, form},
    verify,
};
use crate::support;

const CLIENT: &str = "orders-api";

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("private_keys/", $name))
    };
}

/// The private key in its forms, the public key, and the algorithm that the key signs with by default.
struct TestKey {
    pem: &'static [&'static str],
    jwk: &'static str,
    public: &'static str,
    algorithm: &'static str,
}

const KEYS: &[TestKey] = &[
    TestKey {
        pem: &[key!("rsa.pem"), key!("rsa-pkcs1.pem")],
        jwk: key!("rsa.jwk.json"),
        public: key!("rsa-public.pem"),
        algorithm: "RS256",
    },
    TestKey {
        pem: &[key!("p256.pem"), key!("p256-sec1.pem")],
        jwk: key!("p256.jwk.json"),
        public: key!("p256-public.pem"),
        algorithm: "ES256",
    },
    TestKey {
        pem: &[key!("p384.pem"), key!("p384-sec1.pem")],
        jwk: key!("p384.jwk.json"),
        public: key!("p384-public.pem"),
        algorithm: "ES384",
    },
    TestKey {
        pem: &[key!("p521.pem"), key!("p521-sec1.pem")],
        jwk: key!("p521.jwk.json"),
        public: key!("p521-public.pem"),
        algorithm: "ES512",
    },
    TestKey {
        pem: &[key!("ed25519.pem")],
        jwk: key!("ed25519.jwk.json"),
        public: key!("ed25519-public.pem"),
        algorithm: "EdDSA",
    },
    #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa"))]
    TestKey {
        pem: &[key!("ml-dsa-65.pem")],
        jwk: key!("ml-dsa-65.jwk.json"),
        public: key!("ml-dsa-65-public.pem"),
        algorithm: "ML-DSA-65",
    },
];

fn ed25519() -> PrivateKey {
    PrivateKey::from_pem(key!("ed25519.pem")).unwrap()
}

fn builder(endpoint: &Endpoint) -> IntrospectionVerifierBuilder<ClientMissing, AudienceMissing> {
    IntrospectionVerifier::builder(INTROSPECT).http_client(endpoint.client())
}

/// The request with which a verifier with this key introspects a token.
async fn request(key: PrivateKey, clock: &TestClock) -> Request<Vec<u8>> {
    let endpoint = Endpoint::responding_with(r#"{"active":true}"#);
    let verifier = builder(&endpoint).private_key_jwt(CLIENT, key).clock(clock.clone());
    verify(&verifier.without_audience().build().unwrap(), "t").await.unwrap();
    endpoint.last()
}

fn part(assertion: &str, index: usize) -> Value {
    let part = assertion.split('.').nth(index).unwrap();
    let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Verifies an assertion as a server does, and returns its claims.
async fn verified(assertion: &str, audience: &str, public_key: &str, clock: &TestClock) -> Value {
    let verifier = JwtVerifier::builder(CLIENT)
        .audience(audience)
        .pem_key(public_key)
        .clock(clock.clone())
        .build()
        .unwrap();
    let identity = support::verify(&verifier, assertion).await.unwrap();
    serde_json::from_str(identity.raw_claims()).unwrap()
}

// Verifies rfc7662-2.1-authorization.
#[tokio::test]
async fn a_request_has_an_assertion_that_the_public_key_verifies() {
    let clock = TestClock::new();
    let now = clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for TestKey { pem, jwk, public, algorithm } in KEYS {
        let pem = pem.iter().map(|pem| PrivateKey::from_pem(pem));
        for key in pem.chain([PrivateKey::from_jwk(jwk)]) {
            let request = request(key.unwrap(), &clock).await;
            assert!(!request.headers().contains_key(AUTHORIZATION));
            let form = form(&request);
            let names: Vec<_> = form.keys().map(String::as_str).collect();
            assert_eq!(
                names,
                [
                    "client_assertion",
                    "client_assertion_type",
                    "client_id",
                    "token",
                    "token_type_hint"
                ]
            );
            assert_eq!(form["client_id"], CLIENT);
            assert_eq!(
                form["client_assertion_type"],
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            );
            let assertion = &form["client_assertion"];
            assert_eq!(part(assertion, 0), json!({ "alg": algorithm }));
            let mut claims = verified(assertion, INTROSPECT, public, &clock).await;
            let jti = claims["jti"].take();
            assert_eq!(jti.as_str().unwrap().len(), 22);
            assert_eq!(
                claims,
                json!({
                    "iss": CLIENT, "sub": CLIENT, "aud": INTROSPECT, "jti": null, "iat": now,
                    "exp": now + 60,
                })
            );
        }
    }
}

#[tokio::test]
async fn each_request_has_a_new_assertion() {
    let endpoint = Endpoint::responding_with(r#"{"active":true}"#);
    let verifier = builder(&endpoint).private_key_jwt(CLIENT, ed25519()).without_audience();
    let verifier = verifier.build().unwrap();
    let mut ids = BTreeSet::new();
    for n in 0..100 {
        verify(&verifier, &format!("t{n}")).await.unwrap();
        let claims = part(&form(&endpoint.last())["client_assertion"], 1);
        ids.insert(claims["jti"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 100);
}

#[tokio::test]
async fn the_audience_is_the_issuer_if_it_is_known() {
    let last = Arc::new(Mutex::new(Request::default()));
    let client = {
        let last = Arc::clone(&last);
        TestClient::new(move |request| {
            *last.lock().unwrap() = request;
            let body = json!({
                "issuer": "https://as.example/realm",
                "introspection_endpoint": "https://as.example/realm/introspect",
                "active": true,
            });
            let response = Response::builder().header("content-type", "application/json");
            async move { Ok(response.body(body.to_string().into_bytes()).unwrap()) }
        })
    };
    let builder = |url: &str| {
        let verifier = IntrospectionVerifier::builder(url).http_client(client.clone());
        verifier.private_key_jwt(CLIENT, ed25519()).without_audience()
    };
    let discover = IntrospectionVerifier::discover("https://as.example/realm")
        .http_client(client.clone())
        .private_key_jwt(CLIENT, ed25519())
        .without_audience();
    for (verifier, audience) in [
        (builder(INTROSPECT), INTROSPECT),
        // A query may contain a secret.
        (builder("https://as.example/introspect?key=s3cret"), INTROSPECT),
        (builder(INTROSPECT).issuer("https://as.example/realm"), "https://as.example/realm"),
        (discover, "https://as.example/realm"),
        (
            builder(INTROSPECT)
                .issuer("https://as.example/realm")
                .assertion_audience("https://as.example/token"),
            "https://as.example/token",
        ),
    ] {
        verify(&verifier.build().unwrap(), "t").await.unwrap();
        let claims = part(&form(&last.lock().unwrap())["client_assertion"], 1);
        assert_eq!(claims["aud"], audience);
    }
}

#[tokio::test]
async fn kid_and_algorithm_are_those_of_the_key() {
    let clock = TestClock::new();
    let rsa = || PrivateKey::from_pem(key!("rsa.pem")).unwrap();
    let mut jwk: Value = serde_json::from_str(key!("rsa.jwk.json")).unwrap();
    jwk["alg"] = json!("PS384");
    jwk["kid"] = json!("of the JWK");
    jwk["use"] = json!("sig");
    jwk["key_ops"] = json!(["sign", "verify"]);
    let from_jwk = || PrivateKey::from_jwk(&jwk.to_string()).unwrap();
    for (key, header) in [
        (rsa().with_kid("one"), json!({ "alg": "RS256", "kid": "one" })),
        (rsa().with_algorithm(Algorithm::Ps256).unwrap(), json!({ "alg": "PS256" })),
        (from_jwk(), json!({ "alg": "PS384", "kid": "of the JWK" })),
        (from_jwk().with_kid("\"another\""), json!({ "alg": "PS384", "kid": "\"another\"" })),
    ] {
        let form = form(&request(key, &clock).await);
        let assertion = &form["client_assertion"];
        assert_eq!(part(assertion, 0), header);
        verified(assertion, INTROSPECT, key!("rsa-public.pem"), &clock).await;
    }
}

#[tokio::test]
async fn other_blocks_may_precede_the_key_and_line_ends_may_differ() {
    let clock = TestClock::new();
    let with_parameters = key!("p256-with-parameters.pem");
    let public = key!("p256-with-parameters-public.pem");
    for pem in [with_parameters.to_owned(), with_parameters.replace('\n', "\r\n")] {
        let form = form(&request(PrivateKey::from_pem(&pem).unwrap(), &clock).await);
        verified(&form["client_assertion"], INTROSPECT, public, &clock).await;
    }
}

fn problem(key: Result<PrivateKey, ConfigError>) -> String {
    let error = key.unwrap_err();
    assert_eq!((error.what(), error.value()), ("private key", "\u{2026}"));
    error.problem().to_owned()
}

#[test]
fn a_pem_text_that_is_not_one_usable_private_key_is_rejected() {
    let two = [key!("p256.pem"), key!("ed25519.pem")].concat();
    let cut = &key!("p256.pem")[..100];
    let damaged = key!("rsa.pem").replace("MII", "MIJ");
    let not_base64 = key!("p256.pem").replace("MIG", "M*G");
    for (pem, expected) in [
        ("", "not a PEM text with one private key"),
        ("s3cret", "not a PEM text with one private key"),
        (&two, "not a PEM text with one private key"),
        (cut, "not a PEM text with one private key"),
        (&not_base64, "not a PEM text with one private key"),
        (key!("p256-public.pem"), "it is a public key"),
        (
            key!("ed25519-encrypted.pem"),
            "the key is encrypted; decrypt it, for example with `openssl pkey`",
        ),
        (
            key!("rsa-pkcs1-encrypted.pem"),
            "the key is encrypted; decrypt it, for example with `openssl pkey`",
        ),
        (&damaged, "the key is malformed: it isn't a PKCS #8 private key"),
        (
            key!("rsa-1024.pem"),
            "the key is too weak: it has 1024 bits, but at least 2048 are required",
        ),
        (key!("x25519.pem"), "the key isn't supported: it isn't an RSA, EC, Ed25519 or ML-DSA key"),
        (key!("secp256k1.pem"), "the key isn't supported: its curve isn't P-256, P-384 or P-521"),
        (
            key!("secp256k1-sec1.pem"),
            "the key isn't supported: its curve isn't P-256, P-384 or P-521",
        ),
    ] {
        assert_eq!(problem(PrivateKey::from_pem(pem)), expected, "{pem}");
    }
}

#[test]
fn a_jwk_that_is_not_a_usable_private_key_is_rejected() {
    let change = |jwk: &str, name: &str, value: Value| {
        let mut jwk: Value = serde_json::from_str(jwk).unwrap();
        jwk[name] = value;
        jwk.to_string()
    };
    let (rsa, p256, ed25519) =
        (key!("rsa.jwk.json"), key!("p256.jwk.json"), key!("ed25519.jwk.json"));
    let p384: Value = serde_json::from_str(key!("p384.jwk.json")).unwrap();
    let not_a_jwk = "not a JWK of a private key";
    let incomplete = "not a JWK with every member of a private key in base64url";
    let mismatch = "the key is malformed: its numbers don't match each other";
    let unsupported = "the key isn't supported: it isn't an RSA, EC, Ed25519 or ML-DSA key";
    for (jwk, expected) in [
        (String::new(), not_a_jwk),
        ("{}".to_owned(), not_a_jwk),
        (format!("[{p256}]"), not_a_jwk),
        (change(p256, "d", Value::Null), "it is a public key"),
        (change(p256, "d", json!("A")), incomplete),
        (change(p256, "x", Value::Null), incomplete),
        (change(rsa, "q", Value::Null), incomplete),
        (change(rsa, "d", json!("AQAB")), mismatch),
        (change(rsa, "p", json!("AQAB")), mismatch),
        (change(p256, "d", json!("AA")), mismatch),
        (change(p256, "d", json!("_".repeat(43))), incomplete),
        (change(p256, "d", json!(format!("{}8", "_".repeat(42)))), mismatch),
        (change(p256, "d", p384["d"].clone()), mismatch),
        // The key of another private key.
        (change(p256, "d", json!("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X7fCE9-E9LI")), mismatch),
        (change(ed25519, "d", json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")), mismatch),
        (change(ed25519, "d", json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2BgYA")), mismatch),
        (change(p256, "crv", json!("secp256k1")), unsupported),
        (change(ed25519, "crv", json!("X25519")), unsupported),
        (change(p256, "kty", json!("oct")), unsupported),
        (change(rsa, "oth", json!([])), "the key isn't supported: it has more than two primes"),
        (change(p256, "use", json!("enc")), "the key isn't for signatures (`use` or `key_ops`)"),
        (
            change(p256, "key_ops", json!(["verify"])),
            "the key isn't for signatures (`use` or `key_ops`)",
        ),
        (change(p256, "alg", json!("ES384")), "the key can't be used with the algorithm `ES384`"),
        (change(p256, "alg", json!("none")), "the key can't be used with the algorithm `none`"),
        (change(rsa, "alg", json!("HS256")), "the key can't be used with the algorithm `HS256`"),
    ] {
        assert_eq!(problem(PrivateKey::from_jwk(&jwk)), expected, "{jwk}");
    }
}

#[test]
fn a_key_signs_only_with_algorithms_that_fit_it() {
    let key = PrivateKey::from_pem(key!("p256.pem")).unwrap();
    assert!(key.clone().with_algorithm(Algorithm::Es256).is_ok());
    for algorithm in [Algorithm::Es384, Algorithm::Rs256, Algorithm::Hs256] {
        let expected = format!("the key can't be used with the algorithm `{algorithm}`");
        assert_eq!(problem(key.clone().with_algorithm(algorithm)), expected);
    }
}

// Verifies rfc7517-9.2-private.
#[test]
fn no_part_of_a_key_is_shown() {
    for TestKey { pem, jwk, .. } in KEYS {
        let key = PrivateKey::from_pem(pem[0]).unwrap();
        let builder = IntrospectionVerifier::builder(INTROSPECT).private_key_jwt(CLIENT, key);
        let shown = format!("{builder:?}");
        let verifier = builder.without_audience().build().unwrap();
        let shown = format!("{shown} {verifier:?} {verifier:#?}");
        assert!(shown.contains("PrivateKeyJwt") && shown.contains("[redacted]"), "{shown}");
        let jwk: Value = serde_json::from_str(jwk).unwrap();
        let private = jwk["d"].as_str().or_else(|| jwk["priv"].as_str()).unwrap();
        assert!(!shown.contains(private), "{shown}");
    }
}

#[tokio::test]
async fn a_client_id_and_an_audience_are_required() {
    let builder = || IntrospectionVerifier::builder(INTROSPECT).without_audience();
    for (built, message) in [
        (builder().private_key_jwt("", ed25519()).build(), "client id ``: must not be empty"),
        (
            builder().private_key_jwt(CLIENT, ed25519()).assertion_audience("").build(),
            "assertion_audience ``: must not be empty",
        ),
        (builder().tls_client_auth("").build(), "client id ``: must not be empty"),
    ] {
        assert_eq!(built.unwrap_err().to_string(), message);
    }
}

#[tokio::test]
async fn a_server_that_rejects_the_assertion_is_a_misconfiguration() {
    let endpoint = Endpoint::new(|_| (401, r#"{"error":"invalid_client"}"#.to_owned()));
    let verifier = builder(&endpoint).private_key_jwt(CLIENT, ed25519()).without_audience();
    let error = verify(&verifier.build().unwrap(), "t").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_client_with_a_tls_certificate_sends_only_its_id() {
    let endpoint = Endpoint::responding_with(r#"{"active":true}"#);
    let verifier = builder(&endpoint).tls_client_auth("a&b").without_audience();
    verify(&verifier.build().unwrap(), "t").await.unwrap();
    let request = endpoint.last();
    assert!(!request.headers().contains_key(AUTHORIZATION));
    assert_eq!(request.body(), b"token=t&token_type_hint=access_token&client_id=a%26b");
}
