//! Roles: what a user is, according to the issuer.

use std::fmt;

/// The roles of a user or client. The order has no meaning.
///
/// A role is not a scope. A client chooses the scopes that it requests ([RFC 6749 §3.3]), but can't request a role: the
/// issuer assigns it. A verifier therefore reads roles only from the claims that are configured with
#[cfg_attr(
    feature = "_jwt",
    doc = "[`JwtVerifierBuilder::roles`](crate::jwt::JwtVerifierBuilder::roles),"
)]
#[cfg_attr(not(feature = "_jwt"), doc = "`JwtVerifierBuilder::roles`,")]
/// and never from `scope`.
///
/// Roles are compared byte for byte, and may contain spaces. A text that is empty or contains a control character is
/// not a valid role, and is ignored.
///
/// ```
/// use portcullis::{Identity, identity::RoleSet};
///
/// let roles = RoleSet::from_iter(["admin", "Billing Manager"]);
/// assert!(roles.contains("Billing Manager"));
/// assert!(!roles.contains("Billing"));
/// assert_eq!(roles.iter().count(), 2);
///
/// let identity = Identity::assertion().roles(["admin"]).build();
/// assert!(identity.has_role("admin"));
/// ```
///
/// [RFC 6749 §3.3]: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RoleSet(
    // Roles joined by `SEPARATOR`, like the scopes in a `ScopeSet`. Needs one allocation, or none without roles.
    Box<str>,
);

/// A control character, so that no role contains it.
const SEPARATOR: char = '\n';

impl RoleSet {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether `role` is in the set.
    #[must_use]
    pub fn contains(&self, role: &str) -> bool {
        // Comparing bytes is twice as fast as comparing characters.
        let mut roles = self.0.as_bytes().split(|&byte| byte == SEPARATOR as u8);
        !role.is_empty() && roles.any(|one| one == role.as_bytes())
    }

    /// Returns the roles, in the order of the token. A role that the token contains twice is returned twice.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(SEPARATOR).filter(|role| !role.is_empty())
    }

    /// Returns whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Builds a [`RoleSet`].
#[derive(Default)]
pub(crate) struct RoleSetBuilder(String);

impl RoleSetBuilder {
    pub(crate) fn add(&mut self, role: &str) {
        if role.is_empty() || role.contains(char::is_control) {
            return;
        }
        if !self.0.is_empty() {
            self.0.push(SEPARATOR);
        }
        self.0.push_str(role);
    }

    pub(crate) fn build(self) -> RoleSet {
        RoleSet(self.0.into_boxed_str())
    }
}

/// Collects roles, one per item.
impl<R: AsRef<str>> FromIterator<R> for RoleSet {
    fn from_iter<I: IntoIterator<Item = R>>(roles: I) -> Self {
        let mut builder = RoleSetBuilder::default();
        roles.into_iter().for_each(|role| builder.add(role.as_ref()));
        builder.build()
    }
}

impl fmt::Debug for RoleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Serializes as a list of strings.
#[cfg(feature = "serde")]
impl serde::Serialize for RoleSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Deserializes from a list of strings, each of which is one role.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for RoleSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_roles_are_contained() {
        let roles = RoleSet::from_iter(["admin", "Billing Manager", "r\u{f4}le"]);
        for (role, contained) in [
            ("admin", true),
            ("Billing Manager", true),
            ("r\u{f4}le", true),
            ("Admin", false),
            ("adm", false),
            ("Billing", false),
            ("Manager", false),
            ("admin\nBilling Manager", false),
            ("", false),
            ("\n", false),
        ] {
            assert_eq!(roles.contains(role), contained, "{role:?}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_role_is_left_out() {
        for text in ["", "user\nadmin", "admin\0", "admin\r", "\u{85}admin", "\u{7f}"] {
            let roles = RoleSet::from_iter(["user", text]);
            assert_eq!(roles.iter().collect::<Vec<_>>(), ["user"], "{text:?}");
            assert!(!roles.contains(text), "{text:?}");
        }
    }

    #[test]
    fn an_empty_set_contains_nothing() {
        for roles in [RoleSet::new(), RoleSet::from_iter([""; 2])] {
            assert!(roles.is_empty());
            assert_eq!(roles.iter().count(), 0);
            assert!(!roles.contains(""));
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_set_is_serialized_as_a_list() {
        let roles = RoleSet::from_iter(["admin", "Billing Manager"]);
        let json = serde_json::to_value(&roles).unwrap();
        assert_eq!(json, serde_json::json!(["admin", "Billing Manager"]));
        assert_eq!(serde_json::from_value::<RoleSet>(json).unwrap(), roles);
        for json in [r#""admin""#, "null", "[1]", "{}"] {
            assert!(serde_json::from_str::<RoleSet>(json).is_err(), "{json}");
        }
    }
}
