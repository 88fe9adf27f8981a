//! How strictly a token must be an access token of RFC 9068.

use std::{fmt, str::FromStr};

use crate::ConfigError;

/// What a JWT must look like to be taken for an access token.
///
/// In either profile an ID token, a logout token or an introspection answer is refused: by its `typ`,
/// and by claims that only those bear (`at_hash`, `c_hash`, `events`).
///
/// ```
/// use portcullis::Profile;
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
    /// Whether a token with that `typ` may be an access token (RFC 9068 §4, RFC 8725 §3.11). The
    /// media type's `application/` may be left out, and case doesn't count (RFC 7515 §4.1.9).
    pub(super) fn accepts_type(self, typ: Option<&str>) -> bool {
        let Some(typ) = typ else { return self == Self::Relaxed };
        let prefix = "application/";
        let subtype = match typ.split_at_checked(prefix.len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
            _ => typ,
        };
        subtype.eq_ignore_ascii_case("at+jwt")
            || (self == Self::Relaxed && subtype.eq_ignore_ascii_case("jwt"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_access_tokens_have_a_type_that_is_accepted() {
        for (typ, relaxed, rfc9068) in [
            (Some("at+jwt"), true, true),
            (Some("AT+JWT"), true, true),
            (Some("application/at+jwt"), true, true),
            (Some("Application/AT+jwt"), true, true),
            (Some("JWT"), true, false),
            (Some("jwt"), true, false),
            (Some("application/jwt"), true, false),
            (None, true, false),
            (Some(""), false, false),
            (Some("logout+jwt"), false, false),
            (Some("secevent+jwt"), false, false),
            (Some("dpop+jwt"), false, false),
            (Some("token-introspection+jwt"), false, false),
            (Some("id+jwt"), false, false),
            (Some("application/"), false, false),
            (Some("text/at+jwt"), false, false),
        ] {
            assert_eq!(Profile::Relaxed.accepts_type(typ), relaxed, "relaxed {typ:?}");
            assert_eq!(Profile::Rfc9068.accepts_type(typ), rfc9068, "rfc9068 {typ:?}");
        }
    }
}
