use std::fmt;

use super::{
    Curve, KeyError, MlDsa, backend, curve::UNCOMPRESSED, ed25519, rsa_components::RsaComponents,
};
use crate::jose::algorithm::{Algorithm, AlgorithmSet};

/// A key that verifies signatures. It is parsed once and used for every token.
///
/// It is bound to its algorithms, and rejects signatures with any other. So no `alg` in a token's
/// header can turn an RSA key into the secret of an HMAC.
pub(crate) struct VerifyingKey {
    algorithms: AlgorithmSet,
    key: backend::Key,
}

impl VerifyingKey {
    /// Creates an RSA key from the big-endian numbers of a JWK.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        Self::from_components(&RsaComponents::new(n, e)?)
    }

    /// Creates an RSA key from the `RSAPublicKey` of a PEM file.
    pub(crate) fn rsa_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_components(&RsaComponents::from_pkcs1_der(der)?)
    }

    /// Creates a key on a curve from an uncompressed point: `0x04`, `x`, `y`.
    pub(crate) fn ec(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        // The back ends also accept other forms, such as compressed points, and aws-lc-rs even a
        // SubjectPublicKeyInfo.
        if point.len() != curve.point_len() || point.first() != Some(&UNCOMPRESSED) {
            return Err(KeyError::Malformed("it isn't an uncompressed point of its curve"));
        }
        let key = backend::Key::ec(curve, point)?;
        Ok(Self { algorithms: AlgorithmSet::from_iter([curve.algorithm()]), key })
    }

    /// Creates an Ed25519 key from the `x` of a JWK.
    pub(crate) fn ed25519(x: &[u8]) -> Result<Self, KeyError> {
        let key = backend::Key::ed25519(ed25519::public_key(x)?)?;
        Ok(Self { algorithms: AlgorithmSet::from_iter([Algorithm::EdDsa]), key })
    }

    /// Creates an ML-DSA key from the `pub` of an AKP key (RFC 9964 §3).
    pub(crate) fn ml_dsa(parameters: MlDsa, public: &[u8]) -> Result<Self, KeyError> {
        parameters.check_public_key(public)?;
        let key = backend::Key::ml_dsa(parameters, public)?;
        Ok(Self { algorithms: AlgorithmSet::from_iter([parameters.algorithm()]), key })
    }

    /// Creates a key from a secret, for one HMAC algorithm.
    pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let Some(needed) = algorithm.min_secret_len() else {
            return Err(KeyError::NO_HMAC);
        };
        if is_key_text(secret) {
            return Err(KeyError::Unsupported(
                "it is a key in PEM, OpenSSH or JWK form, not a secret",
            ));
        }
        if secret.len() < needed {
            return Err(KeyError::Weak { unit: "bytes", given: secret.len(), needed });
        }
        let key = backend::Key::hmac(algorithm, secret)?;
        Ok(Self { algorithms: AlgorithmSet::from_iter([algorithm]), key })
    }

    /// Returns the algorithms for which this key can be used.
    pub(crate) fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Returns whether the signature of the message is valid for this key and algorithm.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.algorithms.contains(algorithm) && self.key.verify(algorithm, message, signature)
    }

    fn from_components(components: &RsaComponents<'_>) -> Result<Self, KeyError> {
        Ok(Self {
            algorithms: AlgorithmSet::from_iter(Algorithm::RSA),
            key: backend::Key::rsa(components)?,
        })
    }
}

/// Returns whether a text contains a key in a form that is common for public keys. If one were
/// configured as a secret, anyone could create valid signatures.
fn is_key_text(text: &[u8]) -> bool {
    let holds = |mark: &[u8]| text.windows(mark.len()).any(|part| part == mark);
    let begins = |mark: &[u8]| text.trim_ascii_start().starts_with(mark);
    holds(b"-----BEGIN ")
        || [b"ssh-".as_slice(), b"ecdsa-sha2-"].iter().any(|mark| begins(mark))
        || (begins(b"{") && holds(b"\"kty\""))
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithms", &self.algorithms)
            .field("key", &format_args!("[redacted]"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::crypto::{PublicParts, SigningKey, supports};

    fn algorithms(key: &VerifyingKey) -> Vec<&'static str> {
        let all = Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::SYMMETRIC);
        all.filter(|algorithm| key.algorithms().contains(*algorithm)).map(Algorithm::name).collect()
    }

    fn point(curve: Curve) -> Vec<u8> {
        match SigningKey::generate(curve.algorithm()).public_parts() {
            PublicParts::Ec { x, y, .. } => curve.point(&x, &y).unwrap(),
            parts => panic!("{parts:?}"),
        }
    }

    #[test]
    fn a_key_lists_the_algorithms_it_can_verify() {
        let mut cases: Vec<(Algorithm, &[&str])> = vec![
            (Algorithm::EdDsa, &["EdDSA"]),
            (Algorithm::Es256, &["ES256"]),
            (Algorithm::Es384, &["ES384"]),
            (Algorithm::Es512, &["ES512"]),
            (Algorithm::Hs256, &["HS256"]),
            (Algorithm::Hs384, &["HS384"]),
            (Algorithm::Hs512, &["HS512"]),
            (Algorithm::Rs256, &["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]),
        ];
        if supports(Algorithm::MlDsa44) {
            cases.push((Algorithm::MlDsa44, &["ML-DSA-44"]));
            cases.push((Algorithm::MlDsa65, &["ML-DSA-65"]));
            cases.push((Algorithm::MlDsa87, &["ML-DSA-87"]));
        }
        for (algorithm, expected) in cases {
            let key = SigningKey::generate(algorithm).verifying_key(algorithm);
            assert_eq!(algorithms(&key), expected);
        }
    }

    // Verifies rfc8725-3.4-inputs.
    #[test]
    fn a_point_off_its_curve_is_rejected() {
        for curve in Curve::ALL {
            let valid = point(curve);
            assert!(VerifyingKey::ec(curve, &valid).is_ok());

            let mut off = valid.clone();
            *off.last_mut().unwrap() ^= 1;
            let error = VerifyingKey::ec(curve, &off).unwrap_err();
            assert_eq!(error.to_string(), "the key is malformed: its point isn't on its curve");

            for byte in [0x00, 0xff] {
                let mut point = vec![byte; curve.point_len()];
                point[0] = 4;
                assert!(VerifyingKey::ec(curve, &point).is_err(), "{curve:?}, {byte}");
            }
        }
    }

    #[test]
    fn a_point_in_another_encoding_or_on_another_curve_is_rejected() {
        for curve in Curve::ALL {
            let valid = point(curve);
            let (x, y) = valid[1..].split_at(curve.coordinate_len());
            let sign = 2 + (y[y.len() - 1] & 1);
            let cases = [
                ("empty", vec![]),
                ("the point at infinity", vec![0]),
                ("compressed", [&[sign], x].concat()),
                ("hybrid", [&[sign + 4], x, y].concat()),
                ("without a tag", [x, y].concat()),
                ("x alone", [&[4], x].concat()),
                ("truncated", valid[..valid.len() - 1].to_vec()),
                ("extended", [&*valid, &[0]].concat()),
            ];
            for (name, point) in cases {
                assert!(VerifyingKey::ec(curve, &point).is_err(), "{curve:?}, {name}");
            }
            for other in Curve::ALL {
                assert_eq!(VerifyingKey::ec(other, &valid).is_ok(), other == curve);
            }
        }
    }

    #[test]
    fn a_secret_shorter_than_its_hash_is_rejected() {
        for (algorithm, needed) in
            [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)]
        {
            for len in [needed, needed + 1, 10_000] {
                assert!(VerifyingKey::hmac(algorithm, &vec![7; len]).is_ok(), "{algorithm}, {len}");
            }
            for given in [0, 1, 31, needed - 1] {
                let error = VerifyingKey::hmac(algorithm, &vec![7; given]).unwrap_err();
                assert_eq!(error, KeyError::Weak { unit: "bytes", given, needed });
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the key is too weak: it has {given} bytes, \
                         but at least {needed} are required"
                    )
                );
            }
        }
    }

    #[test]
    fn a_secret_is_accepted_for_hmac_algorithms_only() {
        for algorithm in Algorithm::ASYMMETRIC {
            let error = VerifyingKey::hmac(algorithm, &[7; 64]).unwrap_err();
            assert_eq!(error, KeyError::NO_HMAC);
        }
    }

    #[test]
    fn debug_shows_no_part_of_a_key() {
        let key =
            VerifyingKey::hmac(Algorithm::Hs256, b"correct horse battery staple, 32").unwrap();
        assert_eq!(format!("{key:?}"), "VerifyingKey { algorithms: {Hs256}, key: [redacted] }");
    }

    #[test]
    fn a_public_key_is_rejected_as_a_secret() {
        for text in [
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQ4oMxXrXj40zL2KUEB5sM0ERPFP1cNgYurRoAj9OCg=",
            "# the key\n -----BEGIN RSA PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQ4oMxXrXj40zL2KUEB5s",
            "-----BEGIN CERTIFICATE-----\nMCowBQYDK2VwAyEAAQ4oMxXrXj40zL2KUEB5sM0ERPFP1cNgYurR",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEOKDMV614+NMy9ilBAebDNBETxT9XDYGLq0aAI/Tgo",
            "  ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBE+wSb",
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        ] {
            let error = VerifyingKey::hmac(Algorithm::Hs256, text.as_bytes()).unwrap_err();
            let sentence =
                "the key isn't supported: it is a key in PEM, OpenSSH or JWK form, not a secret";
            assert_eq!(error.to_string(), sentence, "{text}");
        }
    }

    #[test]
    fn a_secret_that_resembles_a_key_only_is_accepted() {
        for text in [
            "{a passphrase of 41 characters in braces}",
            "the member \"kty\" of a JWK, in a passphrase",
            "-----END PUBLIC KEY-----, in a passphrase",
            "a passphrase that ssh-keygen didn't write",
        ] {
            assert!(VerifyingKey::hmac(Algorithm::Hs256, text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_key_verifies_on_several_threads_concurrently() {
        let (algorithm, message) = (Algorithm::Ps384, b"message");
        let signing = SigningKey::generate(algorithm);
        let (key, signature) = (signing.verifying_key(algorithm), signing.sign(algorithm, message));
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| assert!(key.verify(algorithm, message, &signature)));
            }
        });
    }
}
