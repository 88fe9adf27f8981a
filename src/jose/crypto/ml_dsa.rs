use super::KeyError;
use crate::jose::algorithm::Algorithm;

/// A parameter set of ML-DSA, which is the `alg` of an AKP key ([RFC 9964 §5], FIPS 204 §4).
///
/// JWS uses ML-DSA with the empty context string, which is the default of both back ends, and signs the message
/// itself instead of its hash.
///
/// [RFC 9964 §5]: https://www.rfc-editor.org/rfc/rfc9964#section-5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MlDsa {
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl MlDsa {
    pub(crate) const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// Returns the parameter set of an algorithm, or `None` if the algorithm isn't ML-DSA.
    pub(crate) const fn of(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::MlDsa44 => Some(Self::MlDsa44),
            Algorithm::MlDsa65 => Some(Self::MlDsa65),
            Algorithm::MlDsa87 => Some(Self::MlDsa87),
            _ => None,
        }
    }

    /// Returns the only JWS algorithm with these parameters.
    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::MlDsa44 => Algorithm::MlDsa44,
            Self::MlDsa65 => Algorithm::MlDsa65,
            Self::MlDsa87 => Algorithm::MlDsa87,
        }
    }

    /// Returns the object identifier, which PKCS #8 and `SubjectPublicKeyInfo` use (RFC 9881 §2).
    pub(super) const fn identifier(self) -> &'static [u8] {
        match self {
            Self::MlDsa44 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11],
            Self::MlDsa65 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12],
            Self::MlDsa87 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13],
        }
    }

    /// Returns the parameter set with this object identifier.
    pub(super) fn with_identifier(identifier: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|parameters| parameters.identifier() == identifier)
    }

    /// Validates a public key, which consists of 32 random bytes and the numbers of t1 (FIPS 204,
    /// algorithm 22).
    ///
    /// All bytes of the correct length are the encoding of a key, so the back ends reject nothing else. If t1
    /// is zero, however, anyone can create valid signatures, because verification then compares values that
    /// don't depend on a private key. Such a key is usually an uninitialized buffer.
    pub(super) fn check_public_key(self, public: &[u8]) -> Result<(), KeyError> {
        let (len, wrong_length) = match self {
            Self::MlDsa44 => (1312, "an ML-DSA-44 public key must be exactly 1312 bytes long"),
            Self::MlDsa65 => (1952, "an ML-DSA-65 public key must be exactly 1952 bytes long"),
            Self::MlDsa87 => (2592, "an ML-DSA-87 public key must be exactly 2592 bytes long"),
        };
        if public.len() != len {
            return Err(KeyError::Malformed(wrong_length));
        }
        match public.split_at_checked(SEED_LEN) {
            Some((_, t1)) if t1.iter().any(|byte| *byte != 0) => Ok(()),
            _ => Err(KeyError::Malformed("its ML-DSA public key consists of zeros")),
        }
    }
}

/// The problem with an algorithm that this build doesn't [support](supports).
pub(crate) const UNSUPPORTED: &str = "this build doesn't support ML-DSA; enable the feature `aws-lc-rs` or \
    `rust-crypto-ml-dsa`";

/// Returns whether this build implements an algorithm. Only ML-DSA in pure Rust requires a separate
/// feature.
pub(crate) const fn supports(algorithm: Algorithm) -> bool {
    cfg!(any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa"))
        || MlDsa::of(algorithm).is_none()
}

/// The length of the seed at the start of a public key. A private key is a seed of the same length (RFC 9964
/// §4).
pub(super) const SEED_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_set_belongs_to_one_algorithm() {
        for parameters in MlDsa::ALL {
            assert_eq!(MlDsa::of(parameters.algorithm()), Some(parameters));
            assert_eq!(MlDsa::with_identifier(parameters.identifier()), Some(parameters));
        }
        let others = Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::SYMMETRIC);
        assert_eq!(others.filter_map(MlDsa::of).count(), 3);
        assert_eq!(MlDsa::with_identifier(&[0x2b, 0x65, 0x70]), None);
    }

    // Verifies rfc9964-5-sizes, rfc9964-7.3-validate.
    #[test]
    fn a_public_key_has_the_length_of_its_parameters() {
        for (parameters, len) in MlDsa::ALL.into_iter().zip([1312, 1952, 2592]) {
            assert_eq!(parameters.check_public_key(&vec![7; len]), Ok(()));
            for other in [0, 32, len - 1, len + 1, 1312, 1952, 2592] {
                if other != len {
                    let error = parameters.check_public_key(&vec![7; other]).unwrap_err();
                    let name = parameters.algorithm();
                    let expected = format!("an {name} public key must be exactly {len} bytes long");
                    assert_eq!(error.to_string(), format!("the key is malformed: {expected}"));
                }
            }
        }
    }

    // Verifies rfc9964-7.3-validate.
    #[test]
    fn a_public_key_of_zeros_is_rejected() {
        for (parameters, len) in MlDsa::ALL.into_iter().zip([1312, 1952, 2592]) {
            let mut public = vec![0; len];
            public[..SEED_LEN].fill(7);
            let error = parameters.check_public_key(&public).unwrap_err();
            let sentence = "the key is malformed: its ML-DSA public key consists of zeros";
            assert_eq!(error.to_string(), sentence);
            public[len - 1] = 1;
            assert_eq!(parameters.check_public_key(&public), Ok(()));
        }
    }
}
