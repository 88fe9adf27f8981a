/// Why a key can't be used. Says nothing of the key beyond its size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// It isn't a key of its kind at all.
    #[error("the key is malformed: {0}")]
    Malformed(&'static str),

    /// It may well be a key, but not one that is used here.
    #[error("the key is not supported: {0}")]
    Unsupported(&'static str),

    /// It is too short to be safe.
    #[error("the key is too weak: it has {given} {unit}, and at least {needed} are needed")]
    Weak {
        /// What is counted.
        unit: &'static str,
        given: usize,
        needed: usize,
    },
}

impl KeyError {
    pub(super) const OFF_CURVE: Self = Self::Malformed("its point is not on its curve");
    pub(super) const NO_HMAC: Self = Self::Unsupported("a secret is for HS256, HS384 or HS512");
    pub(super) const NO_RSA: Self = Self::Malformed("its RSA numbers are rejected");
}
