//! HMAC secrets that are shared with the issuer.

use portcullis::{Algorithm, ConfigError, Secret, testing::TestIssuer};

use super::accepts;
use crate::support::{API, jws, openssl};

const HMACS: [(Algorithm, usize); 3] =
    [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)];

fn configured(algorithm: Algorithm, secret: impl Into<Secret>) -> Result<(), ConfigError> {
    let builder = TestIssuer::new().verifier().audience(API);
    builder.hmac_secret(algorithm, secret).build().map(drop)
}

// Verifies rfc8725-3.5-entropy.
#[test]
fn a_secret_must_be_at_least_as_long_as_the_hash() {
    for (algorithm, needed) in HMACS {
        assert_eq!(configured(algorithm, vec![b'x'; needed]), Ok(()), "{algorithm}");
        assert_eq!(configured(algorithm, vec![b'x'; 1000]), Ok(()), "{algorithm}");
        for len in [0, 1, 16, needed - 1] {
            let error = configured(algorithm, vec![b'x'; len]).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "secret for `{algorithm}`: the key is too weak: it has {len} bytes, but at least {needed} are required"
                )
            );
        }
    }
}

#[test]
fn a_secret_is_rejected_for_asymmetric_algorithms() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let error = configured(algorithm, jws::SECRET).unwrap_err();
        let sentence = "the key isn't supported: a secret is for HS256, HS384 or HS512";
        assert_eq!(error.to_string(), format!("secret for `{algorithm}`: {sentence}"));
    }
}

#[test]
fn a_public_key_is_rejected_as_a_secret() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Rs256);
    let set: serde_json::Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    for text in [
        openssl::RSA.to_owned(),
        openssl::RSA_PKCS1.to_owned(),
        openssl::P256.to_owned(),
        openssl::ED25519.to_owned(),
        openssl::CERTIFICATE.to_owned(),
        format!(" \n\t{}", openssl::RSA),
        format!("# the issuer's key\n{}", openssl::RSA),
        format!("\u{feff}{}", openssl::RSA),
        openssl::RSA.replace('\n', "\r\n"),
        openssl::OPENSSH.to_owned(),
        format!("  {}", openssl::OPENSSH),
        set["keys"][0].to_string(),
        issuer.jwk_set(),
    ] {
        let error = configured(Algorithm::Hs256, text.as_str()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "secret for `HS256`: the key isn't supported: it is a key in PEM, OpenSSH or JWK form, not a secret",
            "{text}"
        );
    }
}

// Verifies rfc7517-9.2-private.
#[test]
fn errors_show_no_secret() {
    for (algorithm, secret) in [
        (Algorithm::Hs256, "hunter2"),
        (Algorithm::Es256, "hunter2-hunter2-hunter2-hunter2-hunter2"),
    ] {
        let error = configured(algorithm, secret).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn all_bytes_of_a_secret_are_used() {
    let issuer = TestIssuer::new();
    let secret: Vec<u8> = (0..=255).collect();
    let builder = issuer.verifier().audience(API).hmac_secret(Algorithm::Hs256, secret.clone());
    let verifier = builder.build().unwrap();
    let claims = jws::forged_claims(&issuer).to_string();
    let sign = |secret: &[u8]| jws::sign(secret, r#"{"alg":"HS256"}"#, &claims);
    assert!(accepts(&verifier, &sign(&secret)).await);
    for other in [&secret[..255], &secret[1..], &[], &[0], &secret.repeat(2)] {
        assert!(!accepts(&verifier, &sign(other)).await, "{} bytes", other.len());
    }
}

#[tokio::test]
async fn kid_is_ignored_for_secrets() {
    let issuer = TestIssuer::new();
    let verifier = super::hmac_verifier(&issuer);
    let claims = jws::forged_claims(&issuer).to_string();
    for header in [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","kid":"2024"}"#] {
        assert!(accepts(&verifier, &jws::sign(jws::SECRET, header, &claims)).await, "{header}");
    }
}

#[tokio::test]
async fn a_truncated_signature_is_rejected() {
    let issuer = TestIssuer::new();
    let verifier = super::hmac_verifier(&issuer);
    let valid =
        jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, jws::forged_claims(&issuer).to_string());
    let signature = jws::decode(jws::parts(&valid)[2]);
    for len in 0..32 {
        let truncated = jws::with_signature(&valid, &signature[..len]);
        assert!(!accepts(&verifier, &truncated).await, "{len} bytes");
    }
    let longer = jws::with_signature(&valid, [&signature[..], &[0]].concat());
    assert!(!accepts(&verifier, &longer).await);
}
