//! What a request must bring.

use std::fmt;

use crate::{Scope, ScopePolicy};

/// Who may make a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everyone, with or without credentials. Invalid credentials are rejected.
    Anonymous,
    /// Everyone who is authenticated, whatever their scopes.
    Authenticated,
    /// Everyone, also with an access token that is expired or otherwise invalid: the request is treated as anonymous.
    ///
    /// This is dangerous for anything that differs for authenticated requests. A client whose token has expired
    /// isn't told, and silently gets what anonymous users get; a handler that takes the absence of an identity for
    /// harmless is reached with a revoked token; and guesses at tokens are responded to with 200. Use it only for
    /// what is public, for clients that always send the token they have. What needs an identity behind such a row, a
    /// guard or an extractor, still rejects the request, with the error of the token. Malformed credentials, wrong
    /// passwords and tokens that could not be verified (503) are rejected too.
    DangerouslyAnonymous,
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
            Self::DangerouslyAnonymous => f.write_str("anonymous, also with an invalid token"),
            Self::Deny => f.write_str("denied"),
            Self::Scopes(policy) => policy.fmt(f),
        }
    }
}
