//! The profile of access tokens: RFC 9068, or the many issuers that don't follow it.

use std::{fmt, str::FromStr};

use super::token_type::TokenType;
use crate::ConfigError;

/// A profile of access tokens, which determines the required `typ` and claims of a JWT.
///
/// In either profile, an ID token, a refresh token, a logout token and an introspection response are rejected.
/// They are recognized by the `typ` in their header, by claims that only they have (`at_hash`, `c_hash`,
/// `s_hash`, `events`), and by a `typ`, `type`, `token_type`, `token_use` or `token_class` claim with their
/// kind.
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
    /// Accepts JWT-SVIDs of [SPIFFE]: a `typ` of `JWT` or `JOSE`, or none, and no `iss`, because a JWT-SVID has
    /// none. Instead, the issuer is a trust domain such as `spiffe://example.org`, and `sub` must be a SPIFFE
    /// ID in it. `exp` and `aud` are required. Keys with `use: jwt-svid` are used too.
    ///
    /// Use it through [`presets::spiffe`](super::presets::spiffe).
    ///
    /// [SPIFFE]: https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md
    JwtSvid,
    /// Accepts a `typ` of `at+jwt` or `JWT`, or none, and requires `iss`, `exp` and `aud`. Use it for
    /// the many issuers that don't follow RFC 9068, such as Entra ID, Keycloak, and Auth0 with its
    /// default settings.
    #[default]
    Relaxed,
    /// Accepts only a `typ` of `at+jwt`, and requires `iss`, `exp`, `aud`, `sub`, `client_id`, `iat` and
    /// `jti`, as [RFC 9068 §2] specifies.
    ///
    /// [RFC 9068 §2]: https://www.rfc-editor.org/rfc/rfc9068#section-2
    Rfc9068,
}

impl Profile {
    /// Returns whether a token of this type may be an access token (RFC 9068 §4, RFC 8725 §3.11).
    pub(crate) fn accepts(self, token_type: TokenType) -> bool {
        match token_type {
            TokenType::AccessToken => self != Self::JwtSvid,
            TokenType::Jose => self == Self::JwtSvid,
            TokenType::Jwt | TokenType::Unspecified => self != Self::Rfc9068,
            TokenType::IntrospectionResponse | TokenType::Other => false,
        }
    }
}

impl FromStr for Profile {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        match name {
            "jwt-svid" => Ok(Self::JwtSvid),
            "relaxed" => Ok(Self::Relaxed),
            "rfc9068" => Ok(Self::Rfc9068),
            _ => {
                Err(ConfigError::new("profile", name, "must be `relaxed`, `rfc9068` or `jwt-svid`"))
            }
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JwtSvid => "jwt-svid",
            Self::Relaxed => "relaxed",
            Self::Rfc9068 => "rfc9068",
        })
    }
}
