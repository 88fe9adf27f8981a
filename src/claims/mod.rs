//! Claims: the registered ones in the form in which an identity keeps them, and how they are read.

mod numeric_date;
mod registered;
#[cfg(feature = "_jwt")]
pub(crate) mod scope_claim;
#[cfg(feature = "serde")]
mod typed;
#[cfg(feature = "_jwt")]
pub(crate) mod value;

#[cfg(feature = "serde")]
pub(crate) use self::typed::TypedClaims;
pub(crate) use self::{
    numeric_date::NumericDate,
    registered::{Audience, ClaimText, RegisteredClaims},
};
