//! The examples of RFC 9964 §A.1, and its requirements for keys.
//!
//! Each file contains the private key, the public key and the JWS of one example.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;
use zeroize::Zeroizing;

#[cfg(feature = "rust-crypto-ml-dsa")]
use crate::jose::crypto::rust_crypto;
use crate::jose::crypto::{
    MlDsa, PrivateParts, PublicParts, SigningKey, VerifyingKey, backend, der,
};

const EXAMPLES: [(MlDsa, &str); 3] = [
    (MlDsa::MlDsa44, include_str!("rfc_9964/ml-dsa-44.json")),
    (MlDsa::MlDsa65, include_str!("rfc_9964/ml-dsa-65.json")),
    (MlDsa::MlDsa87, include_str!("rfc_9964/ml-dsa-87.json")),
];

struct Example {
    parameters: MlDsa,
    public: Vec<u8>,
    seed: Vec<u8>,
    message: String,
    signature: Vec<u8>,
}

fn examples() -> impl Iterator<Item = Example> {
    EXAMPLES.into_iter().map(|(parameters, text)| {
        let example: Value = serde_json::from_str(text).unwrap();
        let member = |name: &str| decoded(example["jwk"][name].as_str().unwrap());
        assert_eq!(example["jwk"]["alg"], parameters.algorithm().name());
        let (message, signature) = example["jws"].as_str().unwrap().rsplit_once('.').unwrap();
        Example {
            parameters,
            public: member("pub"),
            seed: member("priv"),
            message: message.to_owned(),
            signature: decoded(signature),
        }
    })
}

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(text).unwrap()
}

fn from_seed(parameters: MlDsa, seed: &[u8], public: Option<Vec<u8>>) -> Option<SigningKey> {
    let seed = Zeroizing::new(seed.to_vec());
    SigningKey::from_private(&PrivateParts::MlDsa { parameters, seed, public }).ok()
}

// Verifies rfc9964-5-ctx.
#[test]
fn the_examples_verify() {
    for Example { parameters, public, message, signature, .. } in examples() {
        let key = VerifyingKey::ml_dsa(parameters, &public).unwrap();
        for other in MlDsa::ALL {
            let verifies = key.verify(other.algorithm(), message.as_bytes(), &signature);
            assert_eq!(verifies, other == parameters, "{parameters:?} as {other:?}");
        }
        assert!(!key.verify(parameters.algorithm(), b"another message", &signature));

        // `VerifyingKey` uses aws-lc-rs if both back ends are enabled.
        #[cfg(feature = "rust-crypto-ml-dsa")]
        {
            let key = rust_crypto::Key::ml_dsa(parameters, &public).unwrap();
            assert!(key.verify(parameters.algorithm(), message.as_bytes(), &signature));
        }
    }
}

/// The `kid` of each example is its thumbprint, which the tests of DPoP compare.
// Verifies rfc9964-4-seed, rfc9964-7.4-mismatched.
#[test]
fn the_private_keys_are_seeds() {
    for Example { parameters, public, seed, message, .. } in examples() {
        let key = from_seed(parameters, &seed, Some(public.clone())).unwrap();
        assert_eq!(key.public_parts(), PublicParts::MlDsa { parameters, public: public.clone() });
        let algorithm = parameters.algorithm();
        let signature = key.sign(algorithm, message.as_bytes());
        assert!(key.verifying_key(algorithm).verify(algorithm, message.as_bytes(), &signature));

        for len in [0, 31, 33, 64] {
            assert!(from_seed(parameters, &vec![0; len], None).is_none(), "{len} bytes");
        }
        // Mismatched members (RFC 9964 §7.4).
        assert!(from_seed(parameters, &[1; 32], Some(public)).is_none());
    }
}

#[test]
fn private_keys_are_read_from_pkcs8() {
    for Example { parameters, public, seed, .. } in examples() {
        let seed_alone = der::write(0x80, &seed).unwrap();
        let expanded = der::write(der::OCTET_STRING, &[7; 2560]).unwrap();
        let octets = der::write(der::OCTET_STRING, &seed).unwrap();
        let both = der::write(der::SEQUENCE, &[octets, expanded.clone()].concat()).unwrap();
        for (name, key, is_readable) in [
            ("the seed", &seed_alone, true),
            ("both", &both, true),
            ("the expanded key", &expanded, false),
            ("a longer seed", &der::write(0x80, &[7; 33]).unwrap(), false),
        ] {
            let identifier = der::write(der::OBJECT_IDENTIFIER, parameters.identifier()).unwrap();
            let info = [
                der::write_integer(&[]).unwrap(),
                der::write(der::SEQUENCE, &identifier).unwrap(),
                der::write(der::OCTET_STRING, key).unwrap(),
            ];
            let pkcs8 = der::write(der::SEQUENCE, &info.concat()).unwrap();
            let key =
                PrivateParts::from_pkcs8(&pkcs8).and_then(|parts| SigningKey::from_private(&parts));
            let expected = PublicParts::MlDsa { parameters, public: public.clone() };
            let read = key.ok().map(|key| key.public_parts());
            assert_eq!(read, is_readable.then_some(expected), "{parameters:?}, {name}");
        }
    }
}

#[test]
fn public_keys_are_read_from_subject_public_key_infos() {
    for Example { parameters, public, message, signature, .. } in examples() {
        let identifier = der::write(der::OBJECT_IDENTIFIER, parameters.identifier()).unwrap();
        let null = [5, 0].as_slice();
        for (parts, is_readable) in [
            ([identifier.as_slice(), &[], &[0], &public, &[]], true),
            // Parameters, unused bits, another length, and trailing data.
            ([&identifier, null, &[0], &public, &[]], false),
            ([&identifier, &[], &[1], &public, &[]], false),
            ([&identifier, &[], &[0], &public[1..], &[]], false),
            ([&identifier, &[], &[0], &public, null], false),
        ] {
            let [identifier, of_algorithm, unused, public, after] = parts;
            let info = [
                der::write(der::SEQUENCE, &[identifier, of_algorithm].concat()).unwrap(),
                der::write(der::BIT_STRING, &[unused, public].concat()).unwrap(),
            ];
            let spki = [der::write(der::SEQUENCE, &info.concat()).unwrap(), after.to_vec()];
            let key = VerifyingKey::from_public_key_info(&spki.concat()).ok();
            assert_eq!(key.is_some(), is_readable);
            assert!(key.is_none_or(|key| {
                key.verify(parameters.algorithm(), message.as_bytes(), &signature)
            }));
        }
    }
}

/// Shows why a key whose t1 is zero is rejected: this signature was computed without a private key. If z, h and
/// t1 are zero, the challenge hash is compared with the hash of the message and zeros.
#[test]
fn under_a_key_of_zeros_anyone_can_sign() {
    let mut public = vec![0; 1312];
    public[..32].fill(7);
    let commitment = decoded("wXgLaItWkl_YbggiwltN_ef_S9zrSGJyGPAB8a4NInc");
    // Four coefficients of zero, each as 2^17 in 18 bits.
    let z = [0, 0, 0x02, 0, 0x08, 0, 0x20, 0, 0x80].repeat(256);
    let signature = [commitment, z, vec![0; 84]].concat();
    let key = backend::Key::ml_dsa(MlDsa::MlDsa44, &public).unwrap();
    assert!(key.verify(MlDsa::MlDsa44.algorithm(), b"message", &signature));
    assert!(VerifyingKey::ml_dsa(MlDsa::MlDsa44, &public).is_err());
}
