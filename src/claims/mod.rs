//! Claims: the content of a token, in the form in which an identity stores it.
//!
//! `reader` reads the claims of a JWT or an introspection response into a `claim_set` of `registered` claims,
//! with the `claim_options` of their issuer, or returns a `malformed_claim`. `token_kind` recognizes tokens of
//! other kinds. `audience_rule` and `validity` are rules that JWTs and introspected tokens share. `typed`
//! deserializes claims into types of the service, and `authorization_details` reads the claim with that name.

#[cfg(feature = "_remote")]
mod audience_rule;
mod authorization_details;
mod claim_condition;
#[cfg(feature = "_remote")]
mod claim_options;
#[cfg(feature = "_remote")]
mod claim_set;
mod claim_text;
#[cfg(feature = "_remote")]
mod claims_error;
mod confirmation;
#[cfg(feature = "_remote")]
mod identifier;
#[cfg(feature = "_remote")]
mod malformed_claim;
#[cfg(feature = "serde")]
mod mismatch;
mod numeric_date;
mod place;
#[cfg(feature = "_remote")]
mod reader;
mod registered;
mod resource_identifier;
#[cfg(feature = "_remote")]
mod role_claim;
#[cfg(feature = "_remote")]
mod scope_claim;
#[cfg(all(test, feature = "_remote"))]
mod tests;
mod text_list;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
mod token_hash;
#[cfg(feature = "_remote")]
mod token_kind;
#[cfg(feature = "serde")]
mod typed;
mod validity;
#[cfg(feature = "_remote")]
mod value;

#[cfg(feature = "serde")]
pub(crate) use self::typed::TypedClaims;
#[cfg(all(feature = "dpop", feature = "_jwt"))]
pub(crate) use self::value::date as date_of;
#[cfg(feature = "_remote")]
pub(crate) use self::{
    audience_rule::{AudienceNames, AudienceRule},
    claim_options::{ClaimOptions, GivenClaimOptions},
    claim_set::ClaimSet,
    claims_error::ClaimsError,
    malformed_claim::MalformedClaim,
    reader::{IntrospectionReader, JwtReader},
    token_kind::OtherKind,
    validity::validate_lifetime,
};
pub(crate) use self::{
    authorization_details::authorization_details,
    claim_condition::ClaimCondition,
    claim_text::ClaimText,
    numeric_date::NumericDate,
    place::{ClaimPlace, ClaimPlaces, GivenPlaces},
    registered::{Audience, RegisteredClaims},
    text_list::TextList,
    validity::{DEFAULT_LEEWAY, validate_expiry, validate_start},
};
pub use self::{
    claim_condition::ClaimValue, confirmation::Confirmation,
    resource_identifier::ResourceIdentifier,
};
