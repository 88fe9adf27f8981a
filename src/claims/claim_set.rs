//! The claims of one token, before any rule is applied to them.

use super::{OtherKind, RegisteredClaims};
use crate::ScopeSet;

/// The claims of a JWT (RFC 7519 §4) or of an introspection response (RFC 7662 §2.2): the JSON text, and
/// the claims that this crate understands. Nothing in it has been validated.
#[derive(Debug)]
pub(crate) struct ClaimSet {
    pub(crate) raw: Box<str>,
    pub(crate) registered: RegisteredClaims,
    pub(crate) scopes: ScopeSet,
    /// Whether the client is named by `client_id` itself, and not by a claim that some issuers use instead.
    pub(crate) has_client_id: bool,
    /// The other kind of token that the claims identify, such as a refresh token.
    pub(crate) other_kind: Option<OtherKind>,
}
