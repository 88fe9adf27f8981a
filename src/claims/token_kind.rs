//! Tokens of other kinds, recognized by the claims of a JWT or an introspection response.
//!
//! ID tokens, refresh tokens and logout tokens often come from the same issuer, with the same signature and
//! audience as an access token. Two kinds of claims identify them: `at_hash`, `c_hash`, `s_hash` and `events`
//! are in no access token, and in `typ`, `type`, `token_type`, `token_use` or `token_class` many servers say
//! what a token is for. The reader knows these names, because it matches a name once; the values are here.

use crate::jose::json::Value;

/// The values that name an ID token, in any case, such as those of Amazon Cognito (`token_use`: `id`), Keycloak (`typ`:
/// `ID`) and RFC 8693 §3.
const ID_TOKEN: [&str; 3] = ["id", "id_token", "urn:ietf:params:oauth:token-type:id_token"];

/// The values that name other kinds of tokens without access, in any case, such as those of Keycloak (`typ`: `Logout`,
/// `Offline`, `Refresh`), Ory Hydra (`token_use`: `refresh_token`) and RFC 8693 §3.
const OTHER_KINDS: [&str; 5] = [
    "logout",
    "offline",
    "refresh",
    "refresh_token",
    "urn:ietf:params:oauth:token-type:refresh_token",
];

/// A kind of token that gives no access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OtherKind {
    /// An ID token, by every claim that identifies its kind.
    IdToken,
    /// A refresh token, a logout token, or another one.
    Other,
}

/// What a claim says about the kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An access token that is bound to a DPoP key (RFC 9449 §5).
    Dpop,
    Other(OtherKind),
    /// An access token, or a value that says nothing about it.
    Unspecified,
}

impl TokenKind {
    pub(super) fn of(value: Value<'_>) -> Self {
        let Value::String(text) = value else { return Self::Unspecified };
        let text = text.to_cow();
        let is_one_of = |kinds: &[&str]| kinds.iter().any(|kind| text.eq_ignore_ascii_case(kind));
        if text.eq_ignore_ascii_case("dpop") {
            Self::Dpop
        } else if is_one_of(&ID_TOKEN) {
            Self::Other(OtherKind::IdToken)
        } else if is_one_of(&OTHER_KINDS) {
            Self::Other(OtherKind::Other)
        } else {
            Self::Unspecified
        }
    }
}
