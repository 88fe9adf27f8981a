//! Identifiers of clients, users and tokens, which some issuers write as numbers.

use super::{
    ClaimText, MalformedClaim,
    malformed_claim::ClaimName,
    value::{decimal, text},
};
use crate::jose::json::Value;

/// Reads a string, or an integer as decimal text. Whether integers are accepted depends on the issuer, which
/// may not be known yet, so the first integer is recorded in `numeric`.
#[inline]
pub(super) fn identifier(
    name: ClaimName,
    value: Value<'_>,
    numeric: &mut Option<MalformedClaim>,
) -> Result<ClaimText, MalformedClaim> {
    match text(value) {
        Some(text) => Ok(text),
        None => numeric_identifier(name, value, numeric),
    }
}

#[cold]
fn numeric_identifier(
    name: ClaimName,
    value: Value<'_>,
    numeric: &mut Option<MalformedClaim>,
) -> Result<ClaimText, MalformedClaim> {
    let malformed = MalformedClaim::new(name, value);
    let text = decimal(value).ok_or(malformed)?;
    numeric.get_or_insert(malformed);
    Ok(text)
}
