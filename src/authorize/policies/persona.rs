//! A column of the access matrix.

use std::borrow::Cow;

use crate::Identity;

/// A kind of caller, as a column of a [`Matrix`](super::Matrix): a name, and optionally an identity.
///
/// ```
/// use portcullis::{Identity, ScopeSet, policies::Persona};
///
/// let reader = Identity::assertion().scopes(ScopeSet::from_wire("orders:read")).build();
/// let personas = [Persona::anonymous(), Persona::new("reader", reader)];
/// assert_eq!(personas[1].name(), "reader");
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Persona {
    name: Cow<'static, str>,
    pub(super) identity: Option<Identity>,
}

impl Persona {
    /// Creates a persona with an identity.
    pub fn new(name: impl Into<Cow<'static, str>>, identity: Identity) -> Self {
        Self { name: name.into(), identity: Some(identity) }
    }

    /// Creates a persona without credentials, named `anonymous`.
    pub const fn anonymous() -> Self {
        Self { name: Cow::Borrowed("anonymous"), identity: None }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
