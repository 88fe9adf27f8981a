//! Tokens of other kinds, recognized by the claims of a JWT or an introspection response.
//!
//! ID tokens, refresh tokens and logout tokens often come from the same issuer, with the same signature and
//! audience as an access token. Two kinds of claims identify them: `at_hash`, `c_hash`, `s_hash` and `events`
//! are never in an access token, and many servers declare the kind of a token in `typ`, `type`, `token_type`,
//! `token_use` or `token_class`. These names are in the reader, because it matches each name only once. The
//! values are listed here.

use crate::jose::json::Value;

/// The values that identify an ID token, in any case, such as those of Amazon Cognito (`token_use`: `id`),
/// Keycloak (`typ`: `ID`) and RFC 8693 §3.
const ID_TOKEN: [&str; 3] = ["id", "id_token", "urn:ietf:params:oauth:token-type:id_token"];

/// The values that identify other kinds of tokens that aren't access tokens, in any case, such as those of
/// Keycloak (`typ`: `Logout`, `Offline`, `Refresh`), Ory Hydra (`token_use`: `refresh_token`) and RFC 8693 §3.
const OTHER_KINDS: [&str; 5] = [
    "logout",
    "offline",
    "refresh",
    "refresh_token",
    "urn:ietf:params:oauth:token-type:refresh_token",
];

/// A kind of token that isn't an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OtherKind {
    /// An ID token, according to every claim that identifies its kind.
    IdToken,
    /// A refresh token, a logout token, or any other kind.
    Other,
}

/// The kind of a token, according to one claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An access token that is bound to a DPoP key (RFC 9449 §5).
    Dpop,
    Other(OtherKind),
    /// An access token, or a value that doesn't identify a kind.
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
