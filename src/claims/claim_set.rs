//! The claims of one token, before any rule is applied.

use super::{OtherKind, RegisteredClaims};
use crate::ScopeSet;

/// The claims of a JWT (RFC 7519 §4) or of an introspection response (RFC 7662 §2.2): the JSON text, and
/// the claims that this crate understands. Nothing has been validated.
#[derive(Debug)]
pub(crate) struct ClaimSet {
    pub(crate) raw: Box<str>,
    pub(crate) registered: RegisteredClaims,
    pub(crate) scopes: ScopeSet,
    /// Whether the client was read from `client_id`, rather than from a claim that some issuers use
    /// instead.
    pub(crate) has_client_id: bool,
    /// The kind of token, if the claims identify it as something other than an access token.
    pub(crate) other_kind: Option<OtherKind>,
}
