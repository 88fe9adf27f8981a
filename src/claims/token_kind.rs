//! Tokens of other kinds, recognized by the claims of a JWT or an introspection response.
//!
//! ID tokens, refresh tokens and logout tokens often come from the same issuer, with the same signature and
//! audience as an access token. Two kinds of claims identify them: `at_hash`, `c_hash`, `s_hash` and `events`
//! are in no access token, and in `typ`, `type`, `token_type`, `token_use` or `token_class` many servers say
//! what a token is for. The reader knows these names, because it matches a name once; the values are here.

use crate::jose::json::Value;

/// The values that name another kind of token, in any case. Among them are those of Keycloak (`typ`: `ID`,
/// `Logout`, `Offline`, `Refresh`), Ory Hydra (`token_use`: `refresh_token`), Amazon Cognito (`token_use`:
/// `id`) and RFC 8693 §3.
const OTHER_KINDS: [&str; 8] = [
    "id",
    "id_token",
    "logout",
    "offline",
    "refresh",
    "refresh_token",
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:refresh_token",
];

/// What a claim says about the kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An access token that is bound to a DPoP key (RFC 9449 §5).
    Dpop,
    /// A token that gives no access.
    Other,
    /// An access token, or a value that says nothing about it.
    Unspecified,
}

impl TokenKind {
    pub(super) fn of(value: Value<'_>) -> Self {
        let Value::String(text) = value else { return Self::Unspecified };
        let text = text.to_cow();
        if text.eq_ignore_ascii_case("dpop") {
            Self::Dpop
        } else if OTHER_KINDS.iter().any(|kind| text.eq_ignore_ascii_case(kind)) {
            Self::Other
        } else {
            Self::Unspecified
        }
    }
}
