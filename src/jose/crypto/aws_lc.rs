use std::sync::OnceLock;

use aws_lc_rs::{hmac, signature};
use signature::{ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm};

use super::{Curve, KeyError, MlDsa, rsa_components::RsaComponents};
use crate::jose::algorithm::Algorithm;

/// A key of aws-lc-rs, for the algorithms of its type.
pub(super) enum Key {
    Hmac(Box<hmac::Key>),
    Rsa(Box<RsaKey>),
    /// A key for ECDSA, Ed25519 or ML-DSA. Each key has one algorithm.
    Single(ParsedPublicKey),
}

impl Key {
    pub(super) fn rsa(components: &RsaComponents<'_>) -> Result<Self, KeyError> {
        let key = RsaKey {
            n: components.n.into(),
            e: components.e.into(),
            parsed: <[OnceLock<ParsedPublicKey>; 6]>::default(),
        };
        // Parses the key for one algorithm, so that a key that aws-lc-rs rejects is rejected here.
        // Parsing it for the other algorithms can't fail then.
        key.parsed(Algorithm::Rs256).ok_or(KeyError::NO_RSA)?;
        Ok(Self::Rsa(Box::new(key)))
    }

    pub(super) fn ec(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        let algorithm: &dyn VerificationAlgorithm = match curve {
            Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
            Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
            Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED,
        };
        ParsedPublicKey::new(algorithm, point).map(Self::Single).map_err(|_| KeyError::OFF_CURVE)
    }

    pub(super) fn ed25519(x: &[u8; 32]) -> Result<Self, KeyError> {
        ParsedPublicKey::new(&signature::ED25519, x)
            .map(Self::Single)
            .map_err(|_| KeyError::OFF_CURVE)
    }

    pub(super) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let algorithm = match algorithm {
            Algorithm::Hs256 => hmac::HMAC_SHA256,
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            _ => return Err(KeyError::NO_HMAC),
        };
        Ok(Self::Hmac(Box::new(hmac::Key::new(algorithm, secret))))
    }

    /// Creates a key. The length must have been validated, because aws-lc-rs also accepts a
    /// `SubjectPublicKeyInfo`.
    pub(super) fn ml_dsa(parameters: MlDsa, public: &[u8]) -> Result<Self, KeyError> {
        let algorithm = match parameters {
            MlDsa::MlDsa44 => &signature::ML_DSA_44,
            MlDsa::MlDsa65 => &signature::ML_DSA_65,
            MlDsa::MlDsa87 => &signature::ML_DSA_87,
        };
        ParsedPublicKey::new(algorithm, public).map(Self::Single).map_err(|_| KeyError::NO_ML_DSA)
    }

    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
            Self::Rsa(key) => {
                key.parsed(algorithm).is_some_and(|key| key.verify_sig(message, signature).is_ok())
            }
            Self::Single(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}

/// An RSA key. aws-lc-rs binds a parsed key to one algorithm, but JWS has six for RSA.
///
/// Issuers usually use only one of them, so the key is parsed for each algorithm on first use.
pub(super) struct RsaKey {
    n: Box<[u8]>,
    e: Box<[u8]>,
    parsed: [OnceLock<ParsedPublicKey>; 6],
}

impl RsaKey {
    fn parsed(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        let [ps256, ps384, ps512, rs256, rs384, rs512] = &self.parsed;
        let (parsed, parameters): (_, &RsaParameters) = match algorithm {
            Algorithm::Ps256 => (ps256, &signature::RSA_PSS_2048_8192_SHA256),
            Algorithm::Ps384 => (ps384, &signature::RSA_PSS_2048_8192_SHA384),
            Algorithm::Ps512 => (ps512, &signature::RSA_PSS_2048_8192_SHA512),
            Algorithm::Rs256 => (rs256, &signature::RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Rs384 => (rs384, &signature::RSA_PKCS1_2048_8192_SHA384),
            Algorithm::Rs512 => (rs512, &signature::RSA_PKCS1_2048_8192_SHA512),
            _ => return None,
        };
        if parsed.get().is_none() {
            let components = RsaPublicKeyComponents { n: &self.n, e: &self.e };
            // If two threads parse it concurrently, the first result is used.
            let _ = parsed.set(components.to_parsed_public_key(parameters).ok()?);
        }
        parsed.get()
    }
}
