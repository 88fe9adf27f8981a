/// The reason why a key can't be used. It reveals nothing about the key except its size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// It isn't a valid key of its type.
    #[error("the key is malformed: {0}")]
    Malformed(&'static str),

    /// It may be a valid key, but isn't supported.
    #[error("the key isn't supported: {0}")]
    Unsupported(&'static str),

    /// It is too short to be secure.
    #[error("the key is too weak: it has {given} {unit}, but at least {needed} are required")]
    Weak {
        /// The unit of the size.
        unit: &'static str,
        given: usize,
        needed: usize,
    },
}

impl KeyError {
    pub(super) const OFF_CURVE: Self = Self::Malformed("its point isn't on its curve");
    pub(super) const NO_HMAC: Self = Self::Unsupported("a secret is for HS256, HS384 or HS512");
    pub(super) const NO_ML_DSA: Self = Self::Malformed("its ML-DSA public key is invalid");
    pub(super) const NO_RSA: Self = Self::Malformed("its RSA numbers are invalid");
}
