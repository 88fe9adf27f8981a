//! A single scope (RFC 6749 §3.3).

use std::{borrow::Cow, fmt};

/// A scope, such as `orders:read` ([RFC 6749 §3.3]).
///
/// Scopes are compared byte for byte. A scope is never empty, and contains only the characters that the RFC allows:
/// printable ASCII except space, `"` and `\`. It needs no escapes in a challenge.
///
/// ```
/// use portcullis::Scope;
///
/// const READ: Scope = Scope::from_static("orders:read");
/// assert_eq!(READ.as_str(), "orders:read");
/// assert!(Scope::new("orders read").is_err());
/// ```
///
/// [RFC 6749 §3.3]: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Cow<'static, str>);

impl Scope {
    /// Creates a scope from a literal. In a `const`, the compiler validates it.
    ///
    /// # Panics
    ///
    /// Panics if `scope` isn't a valid scope.
    #[must_use]
    pub const fn from_static(scope: &'static str) -> Self {
        assert!(is_scope_token(scope), "not a scope token");
        Self(Cow::Borrowed(scope))
    }

    /// Creates a scope from a configured value.
    ///
    /// # Errors
    ///
    /// Returns an [`InvalidScope`] that contains the text, if it isn't a valid scope.
    pub fn new(scope: impl Into<String>) -> Result<Self, InvalidScope> {
        let scope = scope.into();
        if is_scope_token(&scope) { Ok(Self(Cow::Owned(scope))) } else { Err(InvalidScope(scope)) }
    }

    /// Returns the scope as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.0).finish()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(scope: &str) -> Result<Self, InvalidScope> {
        Self::new(scope)
    }
}

/// Serializes as a string.
#[cfg(feature = "serde")]
impl serde::Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Deserializes from a string, with the validation of [`Scope::new`].
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::new(text).map_err(serde::de::Error::custom)
    }
}

/// The error for a text that isn't a valid scope. See [`Scope::new`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scope: one or more printable ASCII characters, no space, no `\"`, no `\\`")]
pub struct InvalidScope(String);

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`
pub(crate) const fn is_scope_token(text: &str) -> bool {
    let mut bytes = text.as_bytes();
    if bytes.is_empty() {
        return false;
    }
    while let [byte, rest @ ..] = bytes {
        if !is_scope_byte(*byte) {
            return false;
        }
        bytes = rest;
    }
    true
}

/// `%x21 / %x23-5B / %x5D-7E`
pub(crate) const fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_follows_the_grammar_of_rfc_6749() {
        for (text, valid) in [
            ("read", true),
            ("orders:read", true),
            ("https://api.example/read", true),
            ("!#[]~", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            ("a\\b", false),
            ("a\tb", false),
            ("\u{7f}", false),
            ("lesen\u{fc}", false),
        ] {
            assert_eq!(Scope::new(text).is_ok(), valid, "{text:?}");
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_scope_is_serialized_as_a_string() {
        let read = Scope::from_static("orders:read");
        assert_eq!(serde_json::to_value(&read).unwrap(), "orders:read");
        assert_eq!(serde_json::from_str::<Scope>(r#""orders:read""#).unwrap(), read);
        for text in [r#""a b""#, r#""""#, "7", "null", "[]"] {
            assert!(serde_json::from_str::<Scope>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_error_shows_the_text() {
        assert!(Scope::new("a b").unwrap_err().to_string().starts_with("`a b` is not a scope"));
    }
}
