//! What was revoked.

use std::fmt;

#[cfg(feature = "_remote")]
use crate::Identity;

/// Which tokens are no longer to be trusted, for verifiers that remember verdicts: see
/// [`IntrospectionVerifier::revoke`](crate::IntrospectionVerifier::revoke).
///
/// `Debug` doesn't show the token.
///
/// ```
/// use portcullis::verify::Revocation;
///
/// let revocation = Revocation::Token("mF_9.B5f-4.1JqM".to_owned());
/// assert_eq!(format!("{revocation:?}"), "Token([redacted])");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revocation {
    /// All tokens with this `sub`.
    Subject(String),
    /// This token.
    Token(String),
    /// All tokens with this `jti`.
    TokenId(String),
}

#[cfg(feature = "_remote")]
impl Revocation {
    /// Whether it is about this token, which has that identity.
    pub(crate) fn concerns(&self, token: &str, identity: &Identity) -> bool {
        match self {
            Self::Subject(subject) => identity.subject() == Some(subject),
            Self::Token(revoked) => revoked == token,
            Self::TokenId(token_id) => identity.token_id() == Some(token_id),
        }
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(subject) => f.debug_tuple("Subject").field(subject).finish(),
            Self::Token(_) => f.write_str("Token([redacted])"),
            Self::TokenId(token_id) => f.debug_tuple("TokenId").field(token_id).finish(),
        }
    }
}
