//! The parts of private keys, and reading them from DER.

use zeroize::Zeroizing;

use super::PublicParts;
use crate::jose::crypto::{
    Curve, KeyError, MlDsa, der,
    key_type::{EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION, curve, identifier},
    ml_dsa::SEED_LEN,
    rsa_components::RsaComponents,
};

/// A number or a seed that is cleared when it is dropped.
type Secret = Zeroizing<Vec<u8>>;

/// A private key that hasn't been validated by a back end. Numbers are big-endian, and may have leading
/// zeros.
pub(crate) enum PrivateParts {
    Ec {
        curve: Curve,
        d: Secret,
        /// The uncompressed public point, if the key contains it.
        public: Option<Vec<u8>>,
    },
    Ed25519 {
        seed: Secret,
        public: Option<Vec<u8>>,
    },
    MlDsa {
        parameters: MlDsa,
        seed: Secret,
        public: Option<Vec<u8>>,
    },
    Rsa(Box<RsaPrivateParts>),
}

/// The numbers of a private RSA key with two primes (RFC 8017 §3.2, RFC 7518 §6.3.2).
pub(crate) struct RsaPrivateParts {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
    pub(crate) d: Secret,
    pub(crate) p: Secret,
    pub(crate) q: Secret,
    /// `d` modulo `p - 1`.
    pub(crate) dp: Secret,
    /// `d` modulo `q - 1`.
    pub(crate) dq: Secret,
    /// The inverse of `q` modulo `p`.
    pub(crate) qi: Secret,
}

/// The tags of `parameters` and `publicKey` in an `ECPrivateKey`.
const PARAMETERS: u8 = 0xa0;
const PUBLIC_KEY: u8 = 0xa1;

/// The tag of `seed` in an ML-DSA private key (RFC 9881 §6).
const SEED: u8 = 0x80;

impl PrivateParts {
    /// Reads a `PrivateKeyInfo` (PKCS #8, RFC 5208 and RFC 5958).
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let malformed = KeyError::Malformed("it isn't a PKCS #8 private key");
        let (algorithm, parameters, key) = private_key_info(der).ok_or(malformed.clone())?;
        match algorithm {
            RSA_ENCRYPTION => Self::from_pkcs1(key),
            EC_PUBLIC_KEY => {
                let curve = der::object_identifier(parameters).and_then(curve);
                let curve =
                    curve.ok_or(KeyError::Unsupported("its curve isn't P-256, P-384 or P-521"))?;
                Self::ec(key, Some(curve))
            }
            ED25519 => match der::value(der::OCTET_STRING, key) {
                Some((seed, [])) => {
                    Ok(Self::Ed25519 { seed: Secret::new(seed.to_vec()), public: None })
                }
                _ => Err(malformed),
            },
            _ => match MlDsa::with_identifier(algorithm) {
                Some(parameters) => Self::ml_dsa(parameters, key),
                None => Err(KeyError::Unsupported("it isn't an RSA, EC, Ed25519 or ML-DSA key")),
            },
        }
    }

    /// Reads an `RSAPrivateKey` (PKCS #1, RFC 8017 §A.1.2).
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let parts = rsa_private_key(der)
            .ok_or(KeyError::Malformed("it isn't an RSA private key with two primes"))?;
        Ok(Self::Rsa(Box::new(parts)))
    }

    /// Reads an `ECPrivateKey` (SEC 1, RFC 5915), which must contain its curve.
    pub(crate) fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        Self::ec(der, None)
    }

    fn ec(der: &[u8], curve: Option<Curve>) -> Result<Self, KeyError> {
        let (d, named, public) =
            ec_private_key(der).ok_or(KeyError::Malformed("it isn't an EC private key"))?;
        let curve = curve
            .or_else(|| named.and_then(self::curve))
            .ok_or(KeyError::Unsupported("its curve isn't P-256, P-384 or P-521"))?;
        Ok(Self::Ec { curve, d: Secret::new(d.to_vec()), public: public.map(<[u8]>::to_vec) })
    }

    /// Reads an ML-DSA private key, which consists of its seed, optionally followed by the expanded key (RFC
    /// 9881 §6).
    fn ml_dsa(parameters: MlDsa, key: &[u8]) -> Result<Self, KeyError> {
        let seed = match der::value(SEED, key) {
            Some((seed, [])) => Some(seed),
            _ => der::value(der::SEQUENCE, key)
                .filter(|(_, rest)| rest.is_empty())
                .and_then(|(both, _)| der::value(der::OCTET_STRING, both))
                .map(|(seed, _)| seed),
        };
        let seed = seed.ok_or(KeyError::Unsupported(
            "the ML-DSA key has no seed, which is required for signing",
        ))?;
        Ok(Self::MlDsa { parameters, seed: Secret::new(seed.to_vec()), public: None })
    }

    /// Checks the size of an RSA key and of the seed of an ML-DSA key, which the back ends don't.
    pub(super) fn check(&self) -> Result<(), KeyError> {
        match self {
            Self::Rsa(key) => RsaComponents::new(&key.n, &key.e).map(drop),
            Self::MlDsa { seed, .. } if seed.len() != SEED_LEN => {
                Err(KeyError::Malformed("the seed of an ML-DSA key must be exactly 32 bytes long"))
            }
            Self::Ec { .. } | Self::Ed25519 { .. } | Self::MlDsa { .. } => Ok(()),
        }
    }

    /// Returns whether the contained public key, if any, belongs to the private key.
    pub(super) fn agree_with(&self, parts: &PublicParts) -> bool {
        match (self, parts) {
            (Self::Ec { curve, public, .. }, PublicParts::Ec { curve: expected, x, y }) => {
                let point = curve.point(x, y).ok();
                curve == expected
                    && public.as_ref().is_none_or(|given| Some(given) == point.as_ref())
            }
            (Self::Ed25519 { public, .. }, PublicParts::Ed25519 { x }) => {
                public.as_ref().is_none_or(|given| given == x)
            }
            (
                Self::MlDsa { parameters, public, .. },
                PublicParts::MlDsa { parameters: expected, public: derived },
            ) => parameters == expected && public.as_ref().is_none_or(|given| given == derived),
            (Self::Rsa(_), PublicParts::Rsa { .. }) => true,
            _ => false,
        }
    }
}

impl RsaPrivateParts {
    /// Writes an `RSAPrivateKey` (RFC 8017 §A.1.2).
    #[cfg(feature = "aws-lc-rs")]
    pub(super) fn to_pkcs1(&self) -> Option<Secret> {
        let Self { n, e, d, p, q, dp, dq, qi } = self;
        let mut numbers = Secret::new(Vec::new());
        for number in [&[][..], n, e, d, p, q, dp, dq, qi] {
            let number = Secret::new(der::write_integer(number)?);
            numbers.extend_from_slice(&number);
        }
        der::write(der::SEQUENCE, &numbers).map(Secret::new)
    }
}

/// Writes an `ECPrivateKey` (RFC 5915) without its public key. `d` has the length of a coordinate.
#[cfg(feature = "aws-lc-rs")]
pub(super) fn ec_private_key_der(curve: Curve, d: &[u8]) -> Option<Secret> {
    let version = der::write_integer(&[1])?;
    let d = Secret::new(der::write(der::OCTET_STRING, d)?);
    let name = der::write(der::OBJECT_IDENTIFIER, identifier(curve))?;
    let parameters = der::write(PARAMETERS, &name)?;
    let contents = Secret::new([&version, &**d, &parameters].concat());
    der::write(der::SEQUENCE, &contents).map(Secret::new)
}

/// Returns `d` with as many bytes as a coordinate of the curve.
pub(super) fn scalar(curve: Curve, d: &[u8]) -> Option<Secret> {
    let zeros = d.iter().take_while(|&&byte| byte == 0).count();
    let significant = d.get(zeros..)?;
    let missing = curve.coordinate_len().checked_sub(significant.len())?;
    let mut scalar = Secret::new(vec![0; missing]);
    scalar.extend_from_slice(significant);
    Some(scalar)
}

/// Returns the algorithm, its parameters, and the key.
fn private_key_info(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (info, rest) = der::value(der::SEQUENCE, der)?;
    let (version, info) = der::integer(info)?;
    let (algorithm, info) = der::value(der::SEQUENCE, info)?;
    // Attributes and a public key may follow.
    let (key, _) = der::value(der::OCTET_STRING, info)?;
    let (algorithm, parameters) = der::value(der::OBJECT_IDENTIFIER, algorithm)?;
    let is_known = matches!(version, [0 | 1]) && rest.is_empty();
    is_known.then_some((algorithm, parameters, key))
}

fn rsa_private_key(der: &[u8]) -> Option<RsaPrivateParts> {
    let (mut numbers, rest) = der::value(der::SEQUENCE, der)?;
    let mut next = || {
        let (number, others) = der::integer(numbers)?;
        numbers = others;
        Some(number)
    };
    let version = next()?;
    let secret = |number: &[u8]| Secret::new(number.to_vec());
    // The numbers are in this order.
    let parts = RsaPrivateParts {
        n: next()?.to_vec(),
        e: next()?.to_vec(),
        d: secret(next()?),
        p: secret(next()?),
        q: secret(next()?),
        dp: secret(next()?),
        dq: secret(next()?),
        qi: secret(next()?),
    };
    let is_whole = version == [0] && numbers.is_empty() && rest.is_empty();
    is_whole.then_some(parts)
}

/// Returns the private number, the identifier of the curve and the public point.
fn ec_private_key(der: &[u8]) -> Option<(&[u8], Option<&[u8]>, Option<&[u8]>)> {
    let (key, rest) = der::value(der::SEQUENCE, der)?;
    let (version, key) = der::integer(key)?;
    let (d, key) = der::value(der::OCTET_STRING, key)?;
    let (parameters, key) = match der::value(PARAMETERS, key) {
        Some((parameters, key)) => (Some(der::object_identifier(parameters)?), key),
        None => (None, key),
    };
    let (public, key) = match der::value(PUBLIC_KEY, key) {
        Some((public, key)) => (Some(der::bit_string(public)?), key),
        None => (None, key),
    };
    let is_whole = version == [1] && key.is_empty() && rest.is_empty();
    is_whole.then_some((d, parameters, public))
}
