//! Public keys that are used as HMAC secrets.

use portcullis::{Algorithm, error::TokenFault, jwt::JwtVerifierBuilder, testing::TestIssuer};
use serde_json::{Value, json};

use super::{assert_rejected, hmac_forgery, target};
use crate::support::{API, jws, openssl, verify};

const HMACS: [&str; 3] = ["HS256", "HS384", "HS512"];

/// The issuer's RSA key in every form that a library is known to have used as a secret.
fn forms(jwk: &Value) -> Vec<Vec<u8>> {
    let (n, e) = (jwk["n"].as_str().unwrap(), jwk["e"].as_str().unwrap());
    let (modulus, exponent) = (jws::decode(n), jws::decode(e));
    let pkcs1 = der(0x30, &[der(2, &[&[0], &*modulus].concat()), der(2, &exponent)].concat());
    let rsa_encryption = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let bits = der(3, &[&[0], &*pkcs1].concat());
    let spki = der(0x30, &[&rsa_encryption[..], &bits].concat());
    let pem = |label: &str, der: &[u8]| {
        let body = base64_simd::STANDARD.encode_to_string(der);
        let lines: Vec<_> =
            body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    let pems = [pem("PUBLIC KEY", &spki), pem("RSA PUBLIC KEY", &pkcs1)];
    let mut forms = vec![
        vec![],
        modulus,
        exponent,
        n.into(),
        e.into(),
        pkcs1,
        spki,
        jwk.to_string().into(),
        json!({ "e": e, "kty": "RSA", "n": n }).to_string().into(),
        b"rsa-0".to_vec(),
    ];
    for pem in pems {
        forms.push(pem.trim_end().into());
        forms.push(format!(" {pem}").into());
        forms.push(pem.replace('\n', "\r\n").into());
        forms.push(pem.into());
    }
    forms
}

/// A DER value whose length takes one to three bytes.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(value.len()).unwrap().to_be_bytes();
    let header = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&header, value].concat()
}

fn rsa_jwk(issuer: &TestIssuer) -> Value {
    let set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let key = set["keys"].as_array().unwrap().iter().find(|key| key["kty"] == "RSA");
    key.unwrap().clone()
}

// Verifies rfc8725-3.1-alg.
#[tokio::test]
async fn cve_2016_10555_an_rs256_key_as_the_secret_of_hs256() {
    let target = target();
    let jwk = rsa_jwk(&target.0);
    for key in forms(&jwk) {
        for algorithm in HMACS {
            let forged = hmac_forgery(&target.0, algorithm, &key);
            assert_rejected(&target, &forged, TokenFault::Algorithm).await;
        }
    }
}

#[tokio::test]
async fn cve_2026_22817_a_jwk_without_alg_as_an_hmac_secret() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Rs256);
    issuer.publish(Algorithm::Es256);
    let mut set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    for key in set["keys"].as_array_mut().unwrap() {
        key.as_object_mut().unwrap().remove("alg");
        key.as_object_mut().unwrap().remove("use");
    }
    let verifier = issuer.verifier().audience(API).jwk_set(set.to_string()).build().unwrap();
    let jwk = rsa_jwk(&issuer);
    let target = (issuer, verifier);
    for key in forms(&jwk) {
        for algorithm in HMACS {
            let forged = hmac_forgery(&target.0, algorithm, &key);
            assert_rejected(&target, &forged, TokenFault::Algorithm).await;
        }
    }
}

#[tokio::test]
async fn cve_2026_44699_an_rsa_jwk_without_alg_as_an_empty_hmac_key() {
    // The HMAC algorithms are accepted here, with separate secrets.
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Rs256);
    issuer.publish(Algorithm::Es256);
    let builder = issuer.verifier().audience(API).jwk_set(issuer.jwk_set());
    let hmacs = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    let builder = hmacs.into_iter().fold(builder, |builder, algorithm| {
        builder.hmac_secret(algorithm, issuer.hmac_secret(algorithm))
    });
    let target = (issuer, builder.build().unwrap());
    for algorithm in HMACS {
        for key in [vec![], vec![0], vec![0; 64]] {
            let forged = hmac_forgery(&target.0, algorithm, &key);
            // Its `kid` is that of the RSA key, which is not for HMAC.
            assert_rejected(&target, &forged, TokenFault::Algorithm).await;
        }
        for key in forms(&rsa_jwk(&target.0)) {
            let forged = hmac_forgery(&target.0, algorithm, &key);
            assert_rejected(&target, &forged, TokenFault::Algorithm).await;
        }
    }
}

#[tokio::test]
async fn cve_2022_29217_public_keys_in_every_form_as_hmac_secrets() {
    let issuer = TestIssuer::new();
    let claims = jws::forged_claims(&issuer).to_string();
    let builder = issuer.verifier().audience(API);
    let keys = [openssl::RSA, openssl::P256, openssl::ED25519];
    let verifier = keys.into_iter().fold(builder, JwtVerifierBuilder::pem_key);
    let verifier = verifier.build().unwrap();
    assert!(verify(&verifier, openssl::TOKENS[0].2).await.is_ok(), "a valid token");
    for key in [
        openssl::RSA,
        openssl::RSA_PKCS1,
        openssl::P256,
        openssl::ED25519,
        openssl::CERTIFICATE,
        openssl::OPENSSH,
    ] {
        let forged = jws::sign(key.as_bytes(), r#"{"alg":"HS256"}"#, &claims);
        let rejection = verify(&verifier, &forged).await.map(drop);
        assert_eq!(rejection, Err(TokenFault::Algorithm.into()), "{key}");
        // Such a key can't be configured as a secret, either.
        let builder = issuer.verifier().audience(API).hmac_secret(Algorithm::Hs256, key);
        assert!(builder.build().is_err(), "{key}");
    }
}

#[tokio::test]
async fn cve_2026_34950_a_pem_key_with_a_prefix_as_an_hmac_secret() {
    let issuer = TestIssuer::new();
    let claims = jws::forged_claims(&issuer).to_string();
    for prefix in
        ["", " ", "\n", "\t\r\n", "\u{feff}", "\u{200b}", "# key\n", "// key\n", "\0", "."]
    {
        let text = format!("{prefix}{}", openssl::RSA);
        let forged = jws::sign(text.as_bytes(), r#"{"alg":"HS256"}"#, &claims);
        let secret = issuer.verifier().audience(API).hmac_secret(Algorithm::Hs256, text.as_str());
        assert!(secret.build().is_err(), "{prefix:?}: a public key is rejected as a secret");
        // It may or may not be accepted as a PEM key, but it is never used as a secret.
        if let Ok(verifier) = issuer.verifier().audience(API).pem_key(text).build() {
            let rejection = verify(&verifier, &forged).await.map(drop);
            assert_eq!(rejection, Err(TokenFault::Algorithm.into()), "{prefix:?}");
            assert!(verify(&verifier, openssl::TOKENS[0].2).await.is_ok(), "{prefix:?}");
        }
    }
}
