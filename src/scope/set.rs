//! The scopes of an access token.

use std::fmt;

use super::scope::{is_scope_byte, is_scope_token};

/// The scopes of an access token, as granted ([RFC 6749 §3.3]). The order has no meaning.
///
/// ```
/// use portcullis::ScopeSet;
///
/// let scopes = ScopeSet::from_wire("orders:read orders:write");
/// assert!(scopes.contains("orders:read"));
/// assert!(!scopes.contains("orders"));
/// assert_eq!(scopes.iter().count(), 2);
/// ```
///
/// [RFC 6749 §3.3]: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ScopeSet(
    // Scopes joined by single spaces. Tokens have few scopes, which are found faster in a short string than in a hash
    // set. It also needs only one allocation.
    Box<str>,
);

impl ScopeSet {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a set from a list that is separated by spaces, the form in tokens. Invalid scopes are ignored, because
    /// no policy can require them.
    #[must_use]
    pub fn from_wire(scopes: &str) -> Self {
        if is_normal(scopes) { Self(scopes.into()) } else { scopes.split(' ').collect() }
    }

    /// Returns whether `scope` was granted.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        // Comparing bytes is twice as fast as comparing characters.
        let mut granted = self.0.as_bytes().split(|&byte| byte == b' ');
        !scope.is_empty() && granted.any(|granted| granted == scope.as_bytes())
    }

    /// Returns the scopes, in the order of the token.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|scope| !scope.is_empty())
    }

    /// Returns whether no scope was granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the scopes, separated by spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Collects scopes, one per item. Invalid ones are ignored. In particular, an array element such as `"order admin"`
/// doesn't become two scopes.
impl<'a> FromIterator<&'a str> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        let mut joined = String::new();
        for scope in scopes {
            if is_scope_token(scope) {
                if !joined.is_empty() {
                    joined.push(' ');
                }
                joined.push_str(scope);
            }
        }
        Self(joined.into_boxed_str())
    }
}

/// Returns whether a text contains valid scopes that are separated by single spaces, as nearly every issuer writes
/// them. There are no branches, so that the compiler can vectorize it.
fn is_normal(scopes: &str) -> bool {
    let bytes = scopes.as_bytes();
    let is_space = |byte: &u8| *byte == b' ';
    let are_valid =
        bytes.iter().fold(true, |all, byte| all & (is_scope_byte(*byte) | is_space(byte)));
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let has_double_space =
        pairs.fold(false, |any, (one, next)| any | (is_space(one) & is_space(next)));
    let ends_with_space = [bytes.first(), bytes.last()].into_iter().flatten().any(is_space);
    are_valid && !has_double_space && !ends_with_space
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Serializes as a string that is separated by spaces, the form in tokens ([RFC 9068 §2.2.3]).
///
/// [RFC 9068 §2.2.3]: https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3
#[cfg(feature = "serde")]
impl serde::Serialize for ScopeSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Deserializes from a string, as [`ScopeSet::from_wire`] does, or from a list of strings, each of which is one scope.
/// Issuers use both forms.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for ScopeSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged, expecting = "scopes: a text, or a list of texts")]
        enum Wire {
            Text(String),
            List(Vec<String>),
        }
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Text(scopes) => Self::from_wire(&scopes),
            Wire::List(scopes) => scopes.iter().map(String::as_str).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn a_set_is_serialized_as_one_string() {
        let scopes = ScopeSet::from_wire("orders:read admin");
        assert_eq!(serde_json::to_value(&scopes).unwrap(), "orders:read admin");
        assert_eq!(serde_json::to_value(ScopeSet::new()).unwrap(), "");
        let read: ScopeSet = serde_json::from_str(r#"" orders:read  admin""#).unwrap();
        assert_eq!(read, scopes);
        let list: ScopeSet = serde_json::from_str(r#"["orders:read","admin","a b",""]"#).unwrap();
        assert_eq!(list, scopes);
        for text in ["null", "7", "{}", "[7]"] {
            let error = serde_json::from_str::<ScopeSet>(text).unwrap_err().to_string();
            assert_eq!(error, "scopes: a text, or a list of texts", "{text}");
        }
    }

    #[test]
    fn only_whole_scopes_are_contained() {
        let scopes = ScopeSet::from_wire("orders:read  admin");
        for (scope, contained) in [
            ("orders:read", true),
            ("admin", true),
            ("orders", false),
            ("read admin", false),
            ("orders:read admin", false),
            ("Admin", false),
            ("", false),
            (" ", false),
        ] {
            assert_eq!(scopes.contains(scope), contained, "{scope:?}");
        }
    }

    #[test]
    fn scopes_are_joined_with_single_spaces() {
        for (wire, written) in [
            ("", ""),
            (" ", ""),
            ("a", "a"),
            ("a b", "a b"),
            (" a", "a"),
            ("a ", "a"),
            ("a  b", "a b"),
            ("a b\"c d", "a d"),
            ("a\tb c", "c"),
            ("\u{e9} a", "a"),
        ] {
            assert_eq!(ScopeSet::from_wire(wire).as_str(), written, "{wire:?}");
        }
    }

    #[test]
    fn an_array_element_with_a_space_does_not_become_two_scopes() {
        let scopes: ScopeSet = ["order admin", "read"].into_iter().collect();
        assert!(!scopes.contains("admin"));
        assert_eq!(scopes.as_str(), "read");
    }

    #[test]
    fn an_empty_set_contains_nothing() {
        assert!(ScopeSet::from_wire("").is_empty());
        assert!(!ScopeSet::from_wire("a").is_empty());
        assert_eq!(ScopeSet::from_wire("  ").iter().count(), 0);
    }
}
