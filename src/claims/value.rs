//! The values that registered claims can have. Each function returns `None` for any other value.

use super::{Audience, ClaimText, NumericDate};
use crate::jose::json::Value;

/// Reads a string.
pub(crate) fn text(value: Value<'_>) -> Option<ClaimText> {
    let Value::String(text) = value else { return None };
    if text.as_plain().is_none() {
        return Some(ClaimText::from(text.to_cow().into_owned()));
    }
    let range = text.range();
    let (start, end) = (u32::try_from(range.start).ok()?, u32::try_from(range.end).ok()?);
    Some(ClaimText::Within { start, end })
}

/// Reads a non-negative integer that is written only with digits, as its text.
pub(crate) fn decimal(value: Value<'_>) -> Option<ClaimText> {
    let Value::Number(number) = value else { return None };
    let digits = number.as_str();
    let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_integer.then(|| ClaimText::from(digits.to_owned()))
}

/// Reads a string or an array of strings (RFC 7519 §4.1.3).
pub(crate) fn audience(value: Value<'_>) -> Option<Audience> {
    match value {
        Value::Array(audiences) => audiences.iter().map(text).collect(),
        value => text(value).map(Audience::One),
    }
}

/// Reads a `NumericDate` (RFC 7519 §2): a non-negative number that may have a fraction.
pub(crate) fn date(value: Value<'_>) -> Option<NumericDate> {
    let Value::Number(number) = value else { return None };
    match number.as_u64() {
        Some(seconds) => Some(NumericDate::from_secs(seconds)),
        None => NumericDate::from_secs_f64(number.as_f64()?),
    }
}
