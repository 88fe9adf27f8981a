//! What a request must bring.

use std::fmt;

use crate::{Scope, ScopePolicy};

/// Who may make a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everyone, with or without credentials. Bad credentials are rejected all the same.
    Anonymous,
    /// Everyone who is authenticated, whatever their scopes.
    Authenticated,
    /// Nobody.
    Deny,
    /// Those whose token has the scopes.
    Scopes(ScopePolicy),
}

impl From<Scope> for Access {
    fn from(scope: Scope) -> Self {
        Self::Scopes(scope.into())
    }
}

impl From<ScopePolicy> for Access {
    fn from(policy: ScopePolicy) -> Self {
        Self::Scopes(policy)
    }
}

/// For people: `anonymous`, `authenticated`, `denied`, or the scopes.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Authenticated => f.write_str("authenticated"),
            Self::Deny => f.write_str("denied"),
            Self::Scopes(policy) => policy.fmt(f),
        }
    }
}
