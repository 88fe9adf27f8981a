//! Faults of DPoP proofs.

/// The reason why a DPoP proof is rejected ([RFC 9449 §4.3]).
///
/// ```
/// use portcullis::{ErrorKind, error::DpopFault};
///
/// let kind = ErrorKind::from(DpopFault::Replayed);
/// assert_eq!((kind.status().as_u16(), kind.code()), (401, Some("invalid_dpop_proof")));
/// ```
///
/// [RFC 9449 §4.3]: https://www.rfc-editor.org/rfc/rfc9449#section-4.3
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DpopFault {
    /// `alg` is missing, symmetric or not accepted.
    Algorithm,
    /// `jti`, `htm`, `htu` or `iat` is missing, or a claim has the wrong type.
    Claims,
    /// `jwk` is missing, private, or not a supported public key.
    Key,
    /// The proof is not a JWT.
    Malformed,
    /// `htm` is a different method.
    Method,
    /// The request has no proof.
    Missing,
    /// The request has more than one proof. It is rejected with 400.
    Repeated,
    /// The proof was used before.
    Replayed,
    /// The signature is invalid.
    Signature,
    /// `iat` is too old or in the future.
    Time,
    /// `ath` is missing, or is the hash of a different token.
    TokenHash,
    /// `typ` is not `dpop+jwt`.
    Type,
    /// `htu` is a different URL.
    Url,
}

impl DpopFault {
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Algorithm => "DPoP proof algorithm not accepted.",
            Self::Claims => "DPoP proof claims invalid.",
            Self::Key => "DPoP proof key invalid.",
            Self::Malformed => "DPoP proof malformed.",
            Self::Method => "DPoP proof is for another method.",
            Self::Missing => "DPoP proof missing.",
            Self::Repeated => "More than one DPoP proof.",
            Self::Replayed => "DPoP proof already used.",
            Self::Signature => "DPoP proof signature invalid.",
            Self::Time => "DPoP proof too old or not yet valid.",
            Self::TokenHash => "DPoP proof is for another token.",
            Self::Type => "DPoP proof type invalid.",
            Self::Url => "DPoP proof is for another URL.",
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Algorithm => "dpop_algorithm",
            Self::Claims => "dpop_claims",
            Self::Key => "dpop_key",
            Self::Malformed => "dpop_malformed",
            Self::Method => "dpop_method",
            Self::Missing => "dpop_missing",
            Self::Repeated => "dpop_repeated",
            Self::Replayed => "dpop_replayed",
            Self::Signature => "dpop_signature",
            Self::Time => "dpop_time",
            Self::TokenHash => "dpop_token_hash",
            Self::Type => "dpop_type",
            Self::Url => "dpop_url",
        }
    }
}
