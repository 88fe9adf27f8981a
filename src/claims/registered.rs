//! The registered claims of a token (RFC 7519 §4.1, RFC 9068 §2.2).

use std::time::Duration;

use super::{ClaimText, Confirmation, NumericDate, TextList};
use crate::role::RoleSet;

/// The parsed values of the claims that every verifier understands. A text without escapes is stored as a range
/// of the raw claims, so a verified token needs no copies of its texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct RegisteredClaims {
    pub(crate) issuer: ClaimText,
    pub(crate) subject: ClaimText,
    pub(crate) client_id: ClaimText,
    pub(crate) token_id: ClaimText,
    pub(crate) audience: Audience,
    pub(crate) expires_at: Option<NumericDate>,
    pub(crate) not_before: Option<NumericDate>,
    pub(crate) issued_at: Option<NumericDate>,
    /// The session to which the token belongs (`sid`, OpenID Connect Back-Channel Logout §2.4).
    pub(crate) session_id: ClaimText,
    /// How the user authenticated (`acr`, OpenID Connect Core §2).
    pub(crate) authentication_class: ClaimText,
    /// When the user authenticated (`auth_time`, RFC 9470 §6).
    pub(crate) authenticated_at: Option<NumericDate>,
    /// The methods with which the user authenticated (`amr`, RFC 8176).
    pub(crate) authentication_methods: TextList,
    /// The roles from the configured places.
    pub(crate) roles: RoleSet,
    /// The leeway of the verifier, if it is known.
    pub(crate) leeway: Option<Duration>,
    /// Boxed, because most tokens aren't bound to a key.
    pub(crate) confirmation: Option<Box<Confirmation>>,
}

/// The audience of a token (RFC 7519 §4.1.3). Most tokens have a single one, which needs no
/// allocation.
#[derive(Debug, Clone, Default)]
pub(crate) enum Audience {
    #[default]
    None,
    One(ClaimText),
    Many(Box<[ClaimText]>),
}

impl Audience {
    pub(crate) fn as_slice(&self) -> &[ClaimText] {
        match self {
            Self::None => &[],
            Self::One(audience) => std::slice::from_ref(audience),
            Self::Many(audiences) => audiences,
        }
    }
}

impl FromIterator<ClaimText> for Audience {
    fn from_iter<I: IntoIterator<Item = ClaimText>>(audiences: I) -> Self {
        Self::Many(audiences.into_iter().collect())
    }
}
