//! The type of a JWT, declared by the `typ` in its header (RFC 7515 §4.1.9).

/// The kinds of `typ` that the rules distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenType {
    /// `at+jwt` (RFC 9068 §2.1).
    AccessToken,
    /// `token-introspection+jwt` (RFC 9701 §5): a signed introspection response, which is not a token.
    IntrospectionResponse,
    /// `JOSE`, which JWT-SVIDs may have.
    Jose,
    /// `JWT`, which any kind of token may have.
    Jwt,
    /// Any other value, such as that of a logout token or a security event.
    Other,
    /// No `typ`.
    Unspecified,
}

/// The types of ID tokens, for issuers that use one.
pub(super) const ID_TOKEN: [&str; 2] = ["id+jwt", "id_token+jwt"];

/// The types of JWTs that are never access tokens: those of other specifications, and those of refresh
/// tokens.
const NEVER_ACCESS: [&str; 12] = [
    "authorization-grant+jwt",
    "client-authentication+jwt",
    "dpop+jwt",
    "entity-statement+jwt",
    "jwk-set+jwt",
    "kb+jwt",
    "logout+jwt",
    "oauth-authz-req+jwt",
    "refresh+jwt",
    "rt+jwt",
    "secevent+jwt",
    "token-introspection+jwt",
];

impl TokenType {
    /// Returns the type for a `typ`, which is case-insensitive and may lack the prefix `application/`.
    pub(crate) fn of(typ: Option<&str>) -> Self {
        let Some(typ) = typ else { return Self::Unspecified };
        let subtype = subtype(typ);
        if subtype.eq_ignore_ascii_case("at+jwt") {
            Self::AccessToken
        } else if subtype.eq_ignore_ascii_case("token-introspection+jwt") {
            Self::IntrospectionResponse
        } else if subtype.eq_ignore_ascii_case("jwt") {
            Self::Jwt
        } else if subtype.eq_ignore_ascii_case("jose") {
            Self::Jose
        } else {
            Self::Other
        }
    }
}

/// Returns a `typ` without the prefix `application/`, which is case-insensitive.
fn subtype(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    }
}

/// Returns whether two values of `typ` are the same.
pub(super) fn is_same(typ: &str, other: &str) -> bool {
    subtype(typ).eq_ignore_ascii_case(subtype(other))
}

/// Returns why tokens of this type must not be accepted as access tokens, or `None` if they may be.
pub(super) fn danger(typ: &str) -> Option<&'static str> {
    let is_one_of = |types: &[&str]| types.iter().any(|other| is_same(typ, other));
    if subtype(typ).is_empty() {
        Some("must not be empty")
    } else if is_one_of(&ID_TOKEN) {
        Some("is the type of ID tokens; see `dangerous().accept_id_tokens()`")
    } else if is_one_of(&NEVER_ACCESS) {
        Some("is the type of a JWT that isn't an access token")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::jwt::Profile;

    #[test]
    fn only_types_of_access_tokens_are_accepted() {
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
            let token_type = TokenType::of(typ);
            assert_eq!(Profile::Relaxed.accepts(token_type), relaxed, "relaxed {typ:?}");
            assert_eq!(Profile::Rfc9068.accepts(token_type), rfc9068, "rfc9068 {typ:?}");
        }
    }

    #[test]
    fn a_jwt_svid_has_the_type_jwt_or_jose_or_none() {
        for (typ, is_accepted) in [
            (None, true),
            (Some("JWT"), true),
            (Some("JOSE"), true),
            (Some("jose"), true),
            (Some("at+jwt"), false),
            (Some("JOSE+JSON"), false),
            (Some(""), false),
        ] {
            let token_type = TokenType::of(typ);
            assert_eq!(Profile::JwtSvid.accepts(token_type), is_accepted, "{typ:?}");
            if typ.is_some_and(|typ| typ.eq_ignore_ascii_case("jose")) {
                assert!(!Profile::Relaxed.accepts(token_type), "{typ:?}");
                assert!(!Profile::Rfc9068.accepts(token_type), "{typ:?}");
            }
        }
    }
}
