use std::{fmt, ops::RangeInclusive, str::FromStr};

/// A JSON Web Signature algorithm, as in the `alg` of a token's header ([RFC 7518 §3.1],
/// [RFC 8037 §3.1], [RFC 9864], [RFC 9964 §5]).
///
/// There are variants only for the algorithms that this crate verifies. `none` isn't one of them,
/// so it can't be configured.
///
/// # Example
///
/// ```
/// use portcullis::Algorithm;
///
/// let algorithm: Algorithm = "ES256".parse()?;
/// assert_eq!(algorithm, Algorithm::Es256);
/// assert_eq!(algorithm.name(), "ES256");
/// assert!(!algorithm.is_symmetric());
///
/// let error = "none".parse::<Algorithm>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown JWS algorithm `none`");
/// # Ok::<(), portcullis::jwt::UnknownAlgorithm>(())
/// ```
///
/// [RFC 7518 §3.1]: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
/// [RFC 8037 §3.1]: https://www.rfc-editor.org/rfc/rfc8037#section-3.1
/// [RFC 9864]: https://www.rfc-editor.org/rfc/rfc9864
/// [RFC 9964 §5]: https://www.rfc-editor.org/rfc/rfc9964#section-5
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `EdDSA` with the curve Ed25519. The name `Ed25519` of RFC 9864 is parsed as this algorithm
    /// as well.
    EdDsa,
    /// ECDSA on the curve P-256 with SHA-256.
    Es256,
    /// ECDSA on the curve P-384 with SHA-384.
    Es384,
    /// ECDSA on the curve P-521 with SHA-512.
    Es512,
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// ML-DSA-44, a post-quantum signature of 2420 bytes (FIPS 204, security category 2).
    ///
    /// ML-DSA is verified by aws-lc-rs, or in pure Rust with the `rust-crypto-ml-dsa` feature.
    MlDsa44,
    /// ML-DSA-65, a post-quantum signature of 3309 bytes (FIPS 204, security category 3).
    MlDsa65,
    /// ML-DSA-87, a post-quantum signature of 4627 bytes (FIPS 204, security category 5).
    MlDsa87,
    /// RSASSA-PSS with SHA-256, and a salt as long as the hash.
    Ps256,
    /// RSASSA-PSS with SHA-384, and a salt as long as the hash.
    Ps384,
    /// RSASSA-PSS with SHA-512, and a salt as long as the hash.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

impl Algorithm {
    /// The algorithms with public keys, that is, all except HMAC.
    pub(crate) const ASYMMETRIC: [Self; 13] = [
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// The algorithms for RSA keys.
    pub(crate) const RSA: [Self; 6] =
        [Self::Ps256, Self::Ps384, Self::Ps512, Self::Rs256, Self::Rs384, Self::Rs512];

    /// The algorithms whose keys are secrets.
    pub(crate) const SYMMETRIC: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// Returns the name that tokens and key sets use, such as `ES256`.
    ///
    /// ```
    /// use portcullis::Algorithm;
    ///
    /// assert_eq!(Algorithm::EdDsa.name(), "EdDSA");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    /// Returns whether signatures are verified with the secret that created them, as with HMAC.
    ///
    /// ```
    /// use portcullis::Algorithm;
    ///
    /// assert!(Algorithm::Hs256.is_symmetric());
    /// assert!(!Algorithm::Rs256.is_symmetric());
    /// ```
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        self.min_secret_len().is_some()
    }

    /// Returns the algorithm with this name, which is case-sensitive.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "EdDSA" | "Ed25519" => Self::EdDsa,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "HS256" => Self::Hs256,
            "HS384" => Self::Hs384,
            "HS512" => Self::Hs512,
            "ML-DSA-44" => Self::MlDsa44,
            "ML-DSA-65" => Self::MlDsa65,
            "ML-DSA-87" => Self::MlDsa87,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            _ => return None,
        })
    }

    /// Returns the possible lengths of a signature, in bytes: a fixed one for EdDSA, ECDSA, HMAC and ML-DSA
    /// ([RFC 7518 §3.2, §3.4], [RFC 8032 §5.1.6], [RFC 9964 §5]), and that of a modulus of 2048 to 8192 bits
    /// for RSA.
    ///
    /// [RFC 7518 §3.2, §3.4]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    /// [RFC 8032 §5.1.6]: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.6
    /// [RFC 9964 §5]: https://www.rfc-editor.org/rfc/rfc9964#section-5
    pub(crate) const fn signature_lens(self) -> RangeInclusive<usize> {
        match self {
            Self::EdDsa | Self::Es256 | Self::Hs512 => 64..=64,
            Self::Es384 => 96..=96,
            Self::Es512 => 132..=132,
            Self::Hs256 => 32..=32,
            Self::Hs384 => 48..=48,
            Self::MlDsa44 => 2420..=2420,
            Self::MlDsa65 => 3309..=3309,
            Self::MlDsa87 => 4627..=4627,
            Self::Ps256 | Self::Ps384 | Self::Ps512 | Self::Rs256 | Self::Rs384 | Self::Rs512 => {
                256..=1024
            }
        }
    }

    /// Returns the minimum length of a secret, in bytes, which is the length of the hash
    /// ([RFC 7518 §3.2]). `None` if the key isn't a secret.
    ///
    /// [RFC 7518 §3.2]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    pub(crate) const fn min_secret_len(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::from_name(name).ok_or_else(|| UnknownAlgorithm(name.to_owned()))
    }
}

/// The error of parsing an [`Algorithm`] from an unknown name.
///
/// Names are case-sensitive, and `none` is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown JWS algorithm `{0}`")]
pub struct UnknownAlgorithm(String);

/// A set of [`Algorithm`]s, small enough to copy.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AlgorithmSet(u16);

impl AlgorithmSet {
    pub(crate) const fn insert(&mut self, algorithm: Algorithm) {
        self.0 |= Self::bit(algorithm);
    }

    pub(crate) const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & Self::bit(algorithm) != 0
    }

    /// Returns the algorithms of the set, in the order in which they are defined.
    pub(crate) fn iter(self) -> impl Iterator<Item = Algorithm> {
        let all = Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::SYMMETRIC);
        all.filter(move |algorithm| self.contains(*algorithm))
    }

    const fn bit(algorithm: Algorithm) -> u16 {
        1_u16.wrapping_shl(algorithm as u32)
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        let mut set = Self::default();
        algorithms.into_iter().for_each(|algorithm| set.insert(algorithm));
        set
    }
}

impl fmt::Debug for AlgorithmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_round_trips_through_its_name() {
        let all = [Algorithm::ASYMMETRIC.as_slice(), &Algorithm::SYMMETRIC].concat();
        for algorithm in &all {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(*algorithm));
            assert_eq!(algorithm.to_string().parse(), Ok(*algorithm));
            assert_eq!(all.iter().filter(|other| other.name() == algorithm.name()).count(), 1);
        }
        assert_eq!("Ed25519".parse(), Ok(Algorithm::EdDsa));
    }

    #[test]
    fn unknown_algorithms_are_rejected_by_name() {
        for name in [
            "none",
            "None",
            "",
            "es256",
            "EDDSA",
            "RS256 ",
            "RS1",
            "Ed448",
            "ES256K",
            "ml-dsa-44",
            "ML-DSA",
            "MLDSA44",
        ] {
            assert_eq!(Algorithm::from_name(name), None);
            let error = name.parse::<Algorithm>().unwrap_err();
            assert_eq!(error.to_string(), format!("unknown JWS algorithm `{name}`"));
        }
    }

    #[test]
    fn only_hmac_algorithms_are_symmetric() {
        assert!(Algorithm::SYMMETRIC.iter().all(|algorithm| algorithm.is_symmetric()));
        assert!(!Algorithm::ASYMMETRIC.iter().any(|algorithm| algorithm.is_symmetric()));
    }

    #[test]
    fn a_set_contains_exactly_its_algorithms() {
        let mut set = AlgorithmSet::default();
        for algorithm in Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::SYMMETRIC) {
            assert!(!set.contains(algorithm));
            set.insert(algorithm);
            assert!(set.contains(algorithm));
        }

        let set: AlgorithmSet = [Algorithm::Rs256, Algorithm::Es512].into_iter().collect();
        assert_eq!(format!("{set:?}"), "{Es512, Rs256}");
        assert!(!set.contains(Algorithm::Ps256));
    }
}
