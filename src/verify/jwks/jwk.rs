//! One JSON Web Key (RFC 7517, RFC 7518 §6, RFC 8037 §2, RFC 9964 §3).
//!
//! Keys come from configured locations, so they are parsed as leniently as is safe: numbers may be in
//! padded or standard base64, `use` may be an array, `key_ops` a string, and `kid` a number.

use serde_json::Value;

use super::Key;
use crate::jose::{
    algorithm::{Algorithm, AlgorithmSet},
    base64url,
    crypto::{Curve, KeyError, MlDsa, VerifyingKey},
};

/// The reason why a key of a set is left out. The other keys are used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JwkError {
    #[error("`alg` doesn't match the type or the curve of the key")]
    Algorithm,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("`{0}` is missing or malformed")]
    Malformed(&'static str),
    #[error("it isn't a JSON object")]
    NotAnObject,
    #[error("`{0}` doesn't allow it to verify signatures")]
    OtherUse(&'static str),
    #[error("`{0}` isn't supported")]
    Unsupported(&'static str),
}

/// The required `use` of a key, if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyUse {
    /// `jwt-svid`, which SPIFFE uses instead of `sig` (SPIFFE Trust Domain and Bundle §4.2.2), or `sig`.
    JwtSvid,
    /// `sig`.
    Signature,
}

/// Reads a public key that verifies signatures. Private members are never read.
pub(super) fn read(jwk: &Value, key_use: KeyUse) -> Result<Key, JwkError> {
    if !jwk.is_object() {
        return Err(JwkError::NotAnObject);
    }
    let algorithm = match member(jwk, "alg") {
        None => None,
        Some(name) => {
            let name = name.as_str().ok_or(JwkError::Malformed("alg"))?;
            Some(Algorithm::from_name(name).ok_or(JwkError::Unsupported("alg"))?)
        }
    };
    require_for_verifying(jwk, key_use)?;
    let key = verifying_key(jwk, algorithm)?;
    let algorithms = match algorithm {
        None => key.algorithms(),
        Some(algorithm) if key.algorithms().contains(algorithm) => {
            AlgorithmSet::from_iter([algorithm])
        }
        Some(_) => return Err(JwkError::Algorithm),
    };
    Ok(Key::new(kid(jwk)?, key, algorithms))
}

/// Returns the `kid` as a string, which is its type in tokens.
pub(super) fn kid(jwk: &Value) -> Result<Option<String>, JwkError> {
    match member(jwk, "kid") {
        None => Ok(None),
        Some(Value::String(kid)) => Ok(Some(kid.clone())),
        Some(Value::Number(kid)) if !kid.is_f64() => Ok(Some(kid.to_string())),
        Some(_) => Err(JwkError::Malformed("kid")),
    }
}

/// Returns a member. Null counts as missing, because some servers write it instead of omitting the
/// member.
fn member<'a>(jwk: &'a Value, name: &str) -> Option<&'a Value> {
    jwk.get(name).filter(|value| !value.is_null())
}

/// Checks `use` and `key_ops` (RFC 7517 §4.2, §4.3), if they are present.
fn require_for_verifying(jwk: &Value, key_use: KeyUse) -> Result<(), JwkError> {
    let is_accepted =
        |one: &Value| one == "sig" || (key_use == KeyUse::JwtSvid && one == "jwt-svid");
    let is_use = match member(jwk, "use") {
        None => true,
        Some(Value::Array(one)) => matches!(&**one, [one] if is_accepted(one)),
        Some(one) => is_accepted(one),
    };
    let is_operation = match member(jwk, "key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(one) => one == "verify",
    };
    match (is_use, is_operation) {
        (true, true) => Ok(()),
        (false, _) => Err(JwkError::OtherUse("use")),
        (true, false) => Err(JwkError::OtherUse("key_ops")),
    }
}

fn verifying_key(jwk: &Value, algorithm: Option<Algorithm>) -> Result<VerifyingKey, JwkError> {
    let number = |name| {
        let text = member(jwk, name).and_then(Value::as_str);
        text.and_then(base64url::decode_lenient).ok_or(JwkError::Malformed(name))
    };
    let curve = || member(jwk, "crv").and_then(Value::as_str).ok_or(JwkError::Malformed("crv"));
    match member(jwk, "kty").and_then(Value::as_str).ok_or(JwkError::Malformed("kty"))? {
        "RSA" => Ok(VerifyingKey::rsa(&number("n")?, &number("e")?)?),
        "EC" => {
            let curve = match curve()? {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                _ => return Err(JwkError::Unsupported("crv")),
            };
            let point = curve.point(&number("x")?, &number("y")?)?;
            Ok(VerifyingKey::ec(curve, &point)?)
        }
        "OKP" => match curve()? {
            "Ed25519" => Ok(VerifyingKey::ed25519(&number("x")?)?),
            _ => Err(JwkError::Unsupported("crv")),
        },
        "AKP" => {
            // `alg` is required (RFC 9964 §3), because it determines the format of `pub`. Other algorithms have
            // keys of this type as well, but this crate doesn't support them.
            let algorithm = algorithm.ok_or(JwkError::Malformed("alg"))?;
            let parameters = MlDsa::of(algorithm).ok_or(JwkError::Algorithm)?;
            Ok(VerifyingKey::ml_dsa(parameters, &number("pub")?)?)
        }
        // This includes `oct`, because a published secret isn't secret.
        _ => Err(JwkError::Unsupported("kty")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // Verifies rfc7517-4.1-kty, rfc7517-4.2-use, rfc7517-4.3-both.
    #[test]
    fn a_key_is_left_out_for_a_reason() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let okp = |name: &str, value: Value| {
            let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
            jwk[name] = value;
            jwk
        };
        assert!(read(&okp("kid", json!("one")), KeyUse::Signature).is_ok());
        for (jwk, reason) in [
            (json!(1), "it isn't a JSON object"),
            (okp("kty", Value::Null), "`kty` is missing or malformed"),
            (okp("kty", json!("oct")), "`kty` isn't supported"),
            (okp("crv", json!("Ed448")), "`crv` isn't supported"),
            (okp("x", json!("*")), "`x` is missing or malformed"),
            (
                okp("x", json!("AA")),
                "the key is malformed: an Ed25519 public key must be exactly 32 bytes long",
            ),
            (okp("kid", json!(1.5)), "`kid` is missing or malformed"),
            (okp("alg", json!("ES256")), "`alg` doesn't match the type or the curve of the key"),
            (okp("alg", json!("none")), "`alg` isn't supported"),
            (okp("alg", json!(["EdDSA"])), "`alg` is missing or malformed"),
            (okp("use", json!("enc")), "`use` doesn't allow it to verify signatures"),
            (okp("use", json!(["sig", "enc"])), "`use` doesn't allow it to verify signatures"),
            (okp("use", json!([])), "`use` doesn't allow it to verify signatures"),
            (okp("key_ops", json!(["sign"])), "`key_ops` doesn't allow it to verify signatures"),
            (okp("key_ops", json!("sign")), "`key_ops` doesn't allow it to verify signatures"),
        ] {
            assert_eq!(
                read(&jwk, KeyUse::Signature).map(drop).unwrap_err().to_string(),
                reason,
                "{jwk}"
            );
        }
    }

    // Verifies rfc9964-3-alg, rfc9964-3-pub.
    #[test]
    fn an_akp_key_is_left_out_for_a_reason() {
        let akp = |name: &str, value: Value| {
            let mut jwk = json!({
                "kty": "AKP",
                "alg": "ML-DSA-44",
                "pub": base64url::encode(&[7; 1312]),
            });
            jwk[name] = value;
            read(&jwk, KeyUse::Signature).map(drop).map_err(|reason| reason.to_string())
        };
        let is_left_out = |name, value, reason: &str| {
            assert_eq!(akp(name, value), Err(reason.to_owned()), "{name}");
        };
        is_left_out("alg", Value::Null, "`alg` is missing or malformed");
        is_left_out("alg", json!("SLH-DSA-SHA2-128s"), "`alg` isn't supported");
        is_left_out("alg", json!("ES256"), "`alg` doesn't match the type or the curve of the key");
        is_left_out("pub", Value::Null, "`pub` is missing or malformed");
        is_left_out("pub", json!("*"), "`pub` is missing or malformed");
        is_left_out("use", json!("enc"), "`use` doesn't allow it to verify signatures");
        for (name, value, reason) in [
            (
                "pub",
                [7; 1311].as_slice(),
                "an ML-DSA-44 public key must be exactly 1312 bytes long",
            ),
            ("pub", &[7; 1952], "an ML-DSA-44 public key must be exactly 1312 bytes long"),
            ("pub", &[0; 1312], "its ML-DSA public key consists of zeros"),
        ] {
            let value = json!(base64url::encode(value));
            is_left_out(name, value, &format!("the key is malformed: {reason}"));
        }
        is_left_out(
            "alg",
            json!("ML-DSA-87"),
            "the key is malformed: an ML-DSA-87 public key must be exactly 2592 bytes long",
        );
        let expected = if crate::jose::crypto::supports(Algorithm::MlDsa44) {
            Ok(())
        } else {
            Err("the key isn't supported: this build doesn't support ML-DSA; enable the feature \
                 `aws-lc-rs` or `rust-crypto-ml-dsa`"
                .to_owned())
        };
        assert_eq!(akp("kid", json!("one")), expected);
        // A member that must not be published is ignored, as in other keys.
        assert_eq!(akp("priv", json!("AA")), expected);
    }

    #[test]
    fn a_kid_is_a_string_or_an_integer() {
        for (value, expected) in [
            (json!("one"), Ok(Some("one".to_owned()))),
            (json!(""), Ok(Some(String::new()))),
            (json!(7), Ok(Some("7".to_owned()))),
            (json!(-7), Ok(Some("-7".to_owned()))),
            (json!(u64::MAX), Ok(Some(u64::MAX.to_string()))),
            (Value::Null, Ok(None)),
            (json!(7.5), Err(JwkError::Malformed("kid"))),
            (json!(true), Err(JwkError::Malformed("kid"))),
            (json!(["one"]), Err(JwkError::Malformed("kid"))),
        ] {
            assert_eq!(kid(&json!({ "kid": value })), expected, "{value}");
        }
    }
}
