//! Claims: what a token says, in the form in which an identity keeps it.
//!
//! `reader` reads the claims of a JWT or an introspection response into a `claim_set` of `registered`
//! claims. `token_kind` recognizes tokens of other kinds, and `audience_rule` and `validity` are rules that
//! JWTs and introspected tokens share. `typed` reads claims as the service's own types.

#[cfg(feature = "_jwt")]
mod audience_rule;
#[cfg(feature = "_jwt")]
mod claim_set;
mod numeric_date;
#[cfg(feature = "_jwt")]
mod reader;
mod registered;
#[cfg(feature = "_jwt")]
pub(crate) mod scope_claim;
#[cfg(feature = "_jwt")]
mod token_kind;
#[cfg(feature = "serde")]
mod typed;
#[cfg(feature = "_jwt")]
mod validity;
#[cfg(feature = "_jwt")]
mod value;

#[cfg(feature = "serde")]
pub(crate) use self::typed::TypedClaims;
#[cfg(feature = "_jwt")]
pub(crate) use self::{
    audience_rule::AudienceRule,
    claim_set::ClaimSet,
    reader::{IntrospectionReader, JwtReader},
    validity::{DEFAULT_LEEWAY, validate_expiry, validate_start},
};
pub(crate) use self::{
    numeric_date::NumericDate,
    registered::{Audience, ClaimText, RegisteredClaims},
};
