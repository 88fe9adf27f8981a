//! A condition on a claim, which a request must satisfy.

use std::fmt;

use super::ClaimPlace;
use crate::jose::json::{self, Text, Value};

/// A required value of a claim: a string or a boolean.
///
/// ```
/// use portcullis::{Access, authorize::ClaimValue};
///
/// assert_eq!(ClaimValue::from("acme"), ClaimValue::from(String::from("acme")));
/// assert_ne!(ClaimValue::from("true"), ClaimValue::from(true));
/// let access = Access::claim("email_verified", true);
/// assert_eq!(access.to_string(), "claim `email_verified` = true");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimValue(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Bool(bool),
    Text(Box<str>),
}

/// A place in the claims, and the value that a token must have there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimCondition {
    /// The place as it was configured.
    given: Box<str>,
    place: ClaimPlace,
    value: ClaimValue,
}

impl ClaimCondition {
    /// Parses the place. Returns the problem if it is invalid.
    pub(crate) fn parse(place: &str, value: ClaimValue) -> Result<Self, &'static str> {
        Ok(Self { given: place.into(), place: ClaimPlace::parse(place)?, value })
    }

    /// Returns whether the claims have the value at the place, either itself or as an element of an
    /// array.
    pub(crate) fn is_met(&self, raw_claims: &str) -> bool {
        let Ok(claims) = json::object(raw_claims, |_, _| ()) else { return false };
        match self.place.find(claims) {
            Some(Value::Array(array)) => array.iter().any(|value| self.value.is(value)),
            Some(value) => self.value.is(value),
            None => false,
        }
    }
}

impl ClaimValue {
    fn is(&self, found: Value<'_>) -> bool {
        match (&self.0, found) {
            (Form::Bool(value), Value::Bool(found)) => *value == found,
            (Form::Text(value), Value::String(found)) => is(found, value),
            _ => false,
        }
    }
}

fn is(found: Text<'_>, value: &str) -> bool {
    found.to_cow() == value
}

impl From<&str> for ClaimValue {
    fn from(text: &str) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl From<String> for ClaimValue {
    fn from(text: String) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl From<bool> for ClaimValue {
    fn from(value: bool) -> Self {
        Self(Form::Bool(value))
    }
}

/// Formats the condition for people, for example as ``claim `tenant` = `acme` ``.
impl fmt::Display for ClaimCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value.0 {
            Form::Bool(value) => write!(f, "claim `{}` = {value}", self.given),
            Form::Text(text) => write!(f, "claim `{}` = `{text}`", self.given),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_has_the_value_itself_or_in_an_array() {
        for (claims, place, value, met) in [
            (r#"{"tenant":"acme"}"#, "tenant", "acme".into(), true),
            (r#"{"tenant":"\u0061cme"}"#, "tenant", "acme".into(), true),
            (r#"{"tenant":"acme "}"#, "tenant", "acme".into(), false),
            (r#"{"tenant":"ACME"}"#, "tenant", "acme".into(), false),
            (r#"{"tenant":"other acme"}"#, "tenant", "acme".into(), false),
            (r#"{"tenant":["other","acme"]}"#, "tenant", "acme".into(), true),
            (r#"{"tenant":[["acme"]]}"#, "tenant", "acme".into(), false),
            (r#"{"tenant":{"acme":1}}"#, "tenant", "acme".into(), false),
            (r#"{"org":{"tenant":"acme"}}"#, "/org/tenant", "acme".into(), true),
            (r#"{"https://acme.example/t":"a"}"#, "https://acme.example/t", "a".into(), true),
            (r#"{"Tenant":"acme"}"#, "tenant", "acme".into(), false),
            (r#"{"tenant":""}"#, "tenant", "".into(), true),
            (r#"{"tenant":null}"#, "tenant", "null".into(), false),
            (r#"{"ok":true}"#, "ok", true.into(), true),
            (r#"{"ok":false}"#, "ok", false.into(), true),
            (r#"{"ok":"true"}"#, "ok", true.into(), false),
            (r#"{"ok":true}"#, "ok", "true".into(), false),
            (r#"{"ok":1}"#, "ok", true.into(), false),
            ("{}", "ok", false.into(), false),
            ("", "ok", false.into(), false),
            (r#"["ok"]"#, "/0", "ok".into(), false),
        ] {
            let value: ClaimValue = value;
            let condition = ClaimCondition::parse(place, value).unwrap();
            assert_eq!(condition.is_met(claims), met, "{condition} in {claims}");
        }
    }
}
