//! Compares both back ends: each verifies the signatures of the other.

use crate::jose::algorithm::Algorithm;
use crate::jose::crypto::{
    MlDsa, PublicParts, aws_lc, rsa_components::RsaComponents, rust_crypto, sign,
};

const MESSAGE: &[u8] = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UifQ";

/// A verifying key of a back end. This is a macro, because the back ends don't share a trait.
macro_rules! key {
    ($backend:ident, $algorithm:expr, $parts:expr, $secret:expr) => {
        match $parts {
            PublicParts::Ec { curve, x, y } => {
                $backend::Key::ec(*curve, &curve.point(x, y).unwrap()).unwrap()
            }
            PublicParts::Ed25519 { x } => {
                $backend::Key::ed25519(x[..].try_into().unwrap()).unwrap()
            }
            PublicParts::MlDsa { parameters, public } => {
                $backend::Key::ml_dsa(*parameters, public).unwrap()
            }
            PublicParts::None => $backend::Key::hmac($algorithm, $secret).unwrap(),
            PublicParts::Rsa { n, e } => {
                $backend::Key::rsa(&RsaComponents::new(n, e).ok().unwrap()).unwrap()
            }
        }
    };
}

/// A new signing key of a back end.
macro_rules! generate {
    ($backend:ident, $algorithm:expr, $secret:expr) => {
        sign::$backend::Key::generate($algorithm)
            .or_else(|| sign::$backend::Key::hmac($algorithm, $secret))
            .unwrap()
    };
}

// Verifies rfc7515-5.2-signature.
#[test]
fn both_back_ends_accept_and_reject_the_same_signatures() {
    let all = Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::SYMMETRIC);
    let has_ml_dsa = cfg!(feature = "rust-crypto-ml-dsa");
    for algorithm in all.filter(|one| has_ml_dsa || MlDsa::of(*one).is_none()) {
        let len = algorithm.min_secret_len().unwrap_or_default();
        let secret = sign::aws_lc::random(len).unwrap();

        let (aws_lc, rust_crypto) =
            (generate!(aws_lc, algorithm, &secret), generate!(rust_crypto, algorithm, &secret));
        let signed = [
            (aws_lc.public_parts(), aws_lc.sign(algorithm, MESSAGE)),
            (rust_crypto.public_parts(), rust_crypto.sign(algorithm, MESSAGE)),
        ];
        for (parts, signature) in signed {
            let (parts, signature) = (parts.unwrap(), signature.unwrap());
            let aws_lc = key!(aws_lc, algorithm, &parts, &secret);
            let rust_crypto = key!(rust_crypto, algorithm, &parts, &secret);
            let verify = |message: &[u8], signature: &[u8]| {
                let result = aws_lc.verify(algorithm, message, signature);
                assert_eq!(result, rust_crypto.verify(algorithm, message, signature));
                result
            };

            assert!(verify(MESSAGE, &signature), "{algorithm}");
            assert!(!verify(b"another message", &signature), "{algorithm}");
            for at in (0..=signature.len()).step_by(signature.len().div_ceil(256)) {
                assert!(!verify(MESSAGE, &[&signature[..at], &[0], &signature[at..]].concat()));
                if let Some((byte, rest)) = signature[at..].split_first() {
                    assert!(!verify(MESSAGE, &[&signature[..at], &[byte ^ 0x10], rest].concat()));
                    assert!(!verify(MESSAGE, &[&signature[..at], rest].concat()));
                }
            }
        }
    }
}

#[test]
fn both_back_ends_compute_the_same_hmac() {
    for algorithm in Algorithm::SYMMETRIC {
        let secret = sign::rust_crypto::random(algorithm.min_secret_len().unwrap()).unwrap();
        let aws_lc = generate!(aws_lc, algorithm, &secret).sign(algorithm, MESSAGE);
        let rust_crypto = generate!(rust_crypto, algorithm, &secret).sign(algorithm, MESSAGE);
        assert!(aws_lc.is_some() && aws_lc == rust_crypto, "{algorithm}");
    }
}

#[test]
fn both_back_ends_read_the_same_private_keys() {
    use aws_lc_rs::{
        encoding::{AsDer, Pkcs8V1Der},
        rand::SystemRandom,
        rsa::{KeyPair, KeySize},
        signature::{self, EcdsaKeyPair, Ed25519KeyPair},
    };

    use crate::jose::crypto::sign::PrivateParts;

    let random = SystemRandom::new();
    let ec = |algorithm| EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    #[cfg(feature = "rust-crypto-ml-dsa")]
    let ml_dsa = signature::PqdsaKeyPair::generate(&signature::ML_DSA_44_SIGNING).unwrap();
    #[cfg(feature = "rust-crypto-ml-dsa")]
    let ml_dsa = ml_dsa.to_pkcs8v1().unwrap();
    let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let rsa: Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    for (algorithm, der) in [
        (Algorithm::Es256, ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).as_ref()),
        (Algorithm::Es384, ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).as_ref()),
        (Algorithm::Es512, ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING).as_ref()),
        (Algorithm::EdDsa, Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()),
        (Algorithm::Rs256, rsa.as_ref()),
        #[cfg(feature = "rust-crypto-ml-dsa")]
        (Algorithm::MlDsa44, ml_dsa.as_ref()),
    ] {
        let parts = PrivateParts::from_pkcs8(der).ok().unwrap();
        let aws_lc = sign::aws_lc::Key::from_private(&parts).unwrap();
        let rust_crypto = sign::rust_crypto::Key::from_private(&parts).unwrap();
        let public = aws_lc.public_parts().unwrap();
        assert_eq!(Some(&public), rust_crypto.public_parts().as_ref(), "{algorithm}");
        let verifier = key!(aws_lc, algorithm, &public, &[]);
        for signature in [aws_lc.sign(algorithm, MESSAGE), rust_crypto.sign(algorithm, MESSAGE)] {
            assert!(verifier.verify(algorithm, MESSAGE, &signature.unwrap()), "{algorithm}");
        }
    }
}
