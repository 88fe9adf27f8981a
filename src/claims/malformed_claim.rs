//! A claim whose value can't be read.

use std::fmt;

use crate::jose::json::Value;

/// An error for a claim whose value has the wrong type or is out of range. It contains no part of
/// the value.
///
/// It is small, because the reader returns it for each claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedClaim {
    name: ClaimName,
    found: JsonType,
}

/// The claims that must have a certain type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClaimName {
    Audience,
    ClientId,
    Confirmation,
    ExpiresAt,
    IssuedAt,
    Issuer,
    NotBefore,
    Subject,
    TokenId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonType {
    Array,
    Bool,
    Null,
    Number,
    Object,
    String,
}

impl MalformedClaim {
    #[cold]
    pub(super) fn new(name: ClaimName, value: Value<'_>) -> Self {
        let found = match value {
            Value::Array(_) => JsonType::Array,
            Value::Bool(_) => JsonType::Bool,
            Value::Null => JsonType::Null,
            Value::Number(_) => JsonType::Number,
            Value::Object(_) => JsonType::Object,
            Value::String(_) => JsonType::String,
        };
        Self { name, found }
    }

    /// Returns the name of the claim.
    #[cfg(test)]
    pub(crate) fn name(self) -> &'static str {
        self.name.as_str()
    }
}

impl ClaimName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Audience => "aud",
            Self::ClientId => "client_id",
            Self::Confirmation => "cnf",
            Self::ExpiresAt => "exp",
            Self::IssuedAt => "iat",
            Self::Issuer => "iss",
            Self::NotBefore => "nbf",
            Self::Subject => "sub",
            Self::TokenId => "jti",
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Audience => "a string or an array of strings",
            Self::ClientId | Self::Issuer | Self::Subject | Self::TokenId => "a string",
            Self::Confirmation => "an object of strings",
            Self::ExpiresAt | Self::IssuedAt | Self::NotBefore => "a number of seconds since 1970",
        }
    }
}

impl fmt::Display for MalformedClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match self.found {
            JsonType::Array => "an array",
            JsonType::Bool => "a boolean",
            JsonType::Null => "null",
            JsonType::Number => "a number",
            JsonType::Object => "an object",
            JsonType::String => "a string",
        };
        let (name, expected) = (self.name.as_str(), self.name.expected());
        write!(f, "the claim `{name}` is {found}, expected {expected}")?;
        match (self.name, self.found) {
            (ClaimName::ClientId | ClaimName::Subject | ClaimName::TokenId, JsonType::Number) => {
                f.write_str(" (the option `numeric_identifiers` accepts integers)")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for MalformedClaim {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json;

    #[test]
    fn the_message_names_the_claim_and_both_types() {
        for (name, value, message) in [
            (
                ClaimName::Subject,
                "7",
                "the claim `sub` is a number, expected a string (the option \
                 `numeric_identifiers` accepts integers)",
            ),
            (ClaimName::Issuer, "7", "the claim `iss` is a number, expected a string"),
            (ClaimName::TokenId, "[]", "the claim `jti` is an array, expected a string"),
            (
                ClaimName::Audience,
                "{}",
                "the claim `aud` is an object, expected a string or an array of strings",
            ),
            (
                ClaimName::ExpiresAt,
                "\"7\"",
                "the claim `exp` is a string, expected a number of seconds since 1970",
            ),
            (
                ClaimName::NotBefore,
                "null",
                "the claim `nbf` is null, expected a number of seconds since 1970",
            ),
            (
                ClaimName::IssuedAt,
                "true",
                "the claim `iat` is a boolean, expected a number of seconds since 1970",
            ),
        ] {
            let text = format!("{{\"claim\":{value}}}");
            let mut malformed = None;
            let read = |_, value| malformed = Some(MalformedClaim::new(name, value));
            assert!(json::object(&text, read).is_ok());
            assert_eq!(malformed.unwrap().to_string(), message);
        }
    }
}
