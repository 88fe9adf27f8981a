//! Scopes: what an access token may be used for (RFC 6749 §3.3).

use std::{borrow::Cow, fmt};

/// One scope, such as `orders:read` ([RFC 6749 §3.3]).
///
/// Scopes are compared byte for byte. A scope is never empty and holds only the characters that the
/// RFC allows (printable ASCII without space, `"` and `\`), so it can stand in a challenge as it is.
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
    /// A scope known when the program is written. In a `const` it is checked by the compiler.
    ///
    /// # Panics
    ///
    /// If `scope` is not a scope token.
    #[must_use]
    pub const fn from_static(scope: &'static str) -> Self {
        assert!(is_scope_token(scope), "not a scope token");
        Self(Cow::Borrowed(scope))
    }

    /// A scope from configuration.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`], which names the text, if it is not a scope token.
    pub fn new(scope: impl Into<String>) -> Result<Self, InvalidScope> {
        let scope = scope.into();
        if is_scope_token(&scope) { Ok(Self(Cow::Owned(scope))) } else { Err(InvalidScope(scope)) }
    }

    /// The scope as it stands on the wire.
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

/// As its text.
#[cfg(feature = "serde")]
impl serde::Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// From its text, as [`Scope::new`] has it.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::new(text).map_err(serde::de::Error::custom)
    }
}

/// A text that is not a scope token.
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
