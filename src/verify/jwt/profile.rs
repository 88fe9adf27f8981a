//! How strictly a token must be an access token of RFC 9068.

use std::{fmt, str::FromStr};

use super::token_type::TokenType;
use crate::ConfigError;

/// What a JWT must look like to be taken for an access token.
///
/// In either profile an ID token, a logout token or an introspection answer is refused: by its `typ`,
/// and by claims that only those bear (`at_hash`, `c_hash`, `events`).
///
/// ```
/// use portcullis::jwt::Profile;
///
/// assert_eq!("rfc9068".parse(), Ok(Profile::Rfc9068));
/// assert_eq!(Profile::default(), Profile::Relaxed);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// `typ` is `at+jwt`, `JWT` or absent; `iss`, `exp` and `aud` are needed. For the many issuers
    /// that don't follow RFC 9068, among them Auth0 by default, Entra ID and Keycloak.
    #[default]
    Relaxed,
    /// As [RFC 9068 §2] has it: `typ` is `at+jwt`; `iss`, `exp`, `aud`, `sub`, `client_id`, `iat` and
    /// `jti` are needed.
    ///
    /// [RFC 9068 §2]: https://www.rfc-editor.org/rfc/rfc9068#section-2
    Rfc9068,
}

impl Profile {
    /// Whether a token of that type may be an access token (RFC 9068 §4, RFC 8725 §3.11).
    pub(crate) fn accepts(self, token_type: TokenType) -> bool {
        match token_type {
            TokenType::AccessToken => true,
            TokenType::Jwt | TokenType::Unsaid => self == Self::Relaxed,
            TokenType::IntrospectionAnswer | TokenType::Other => false,
        }
    }
}

impl FromStr for Profile {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        match name {
            "relaxed" => Ok(Self::Relaxed),
            "rfc9068" => Ok(Self::Rfc9068),
            _ => Err(ConfigError::new("profile", name, "neither `relaxed` nor `rfc9068`")),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relaxed => "relaxed",
            Self::Rfc9068 => "rfc9068",
        })
    }
}
