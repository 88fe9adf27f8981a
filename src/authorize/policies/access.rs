//! What a request must bring.

use std::fmt;

use crate::{
    Authentication, Scope, ScopePolicy,
    authorize::{ClaimValue, Requirements},
};

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
    /// Those who meet all of the requirements, of which at least one isn't about scopes.
    Requirements(Requirements),
    /// Those whose token has the scopes.
    Scopes(ScopePolicy),
}

impl Access {
    /// Returns whether no credentials are needed.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Anonymous | Self::DangerouslyAnonymous)
    }

    /// Allows those who have a role: see [`Requirements::role`].
    ///
    /// ```
    /// use http::Method;
    /// use portcullis::{Access, Policies};
    ///
    /// let policies = Policies::builder().route(Method::GET, "/admin", Access::role("admin")).build()?;
    /// assert_eq!(policies.rows()[0].to_string(), "GET /admin: role `admin`");
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    #[must_use]
    pub fn role(role: impl Into<String>) -> Self {
        Requirements::role(role).into()
    }

    /// Allows those who have at least one of these roles: see [`Requirements::any_role`].
    ///
    /// ```
    /// use portcullis::Access;
    ///
    /// assert_eq!(Access::any_role(["admin", "auditor"]).to_string(), "role `admin` or `auditor`");
    /// ```
    #[must_use]
    pub fn any_role<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Requirements::any_role(roles).into()
    }

    /// Allows those whose token has a claim with this value: see [`Requirements::claim`].
    ///
    /// ```
    /// use portcullis::Access;
    ///
    /// assert_eq!(Access::claim("tenant", "acme").to_string(), "claim `tenant` = `acme`");
    /// ```
    #[must_use]
    pub fn claim(place: impl AsRef<str>, value: impl Into<ClaimValue>) -> Self {
        Requirements::claim(place, value).into()
    }

    /// Allows those who also meet other requirements. [`Deny`](Self::Deny) stays as it is.
    ///
    /// ```
    /// use portcullis::{Access, Authentication, Requirements, Scope};
    ///
    /// const PAY: Scope = Scope::from_static("pay");
    ///
    /// let access = Access::from(PAY).and(Authentication::acr(["urn:example:mfa"]));
    /// assert_eq!(access.to_string(), "pay, acr `urn:example:mfa`");
    /// assert_eq!(Access::Anonymous.and(Requirements::role("admin")), Access::role("admin"));
    /// assert_eq!(Access::Deny.and(PAY), Access::Deny);
    /// ```
    #[must_use]
    pub fn and(self, other: impl Into<Requirements>) -> Self {
        let other = other.into();
        match self {
            Self::Anonymous | Self::Authenticated | Self::DangerouslyAnonymous => other.into(),
            Self::Deny => Self::Deny,
            Self::Requirements(requirements) => requirements.and(other).into(),
            Self::Scopes(policy) => Requirements::from(policy).and(other).into(),
        }
    }

    /// Returns the scopes that are required.
    pub(crate) fn scopes(&self) -> Option<&ScopePolicy> {
        match self {
            Self::Requirements(requirements) => requirements.scopes(),
            Self::Scopes(policy) => Some(policy),
            Self::Anonymous | Self::Authenticated | Self::DangerouslyAnonymous | Self::Deny => None,
        }
    }
}

impl From<Authentication> for Access {
    fn from(authentication: Authentication) -> Self {
        Requirements::from(authentication).into()
    }
}

/// [`Access::Scopes`] if nothing else is required.
impl From<Requirements> for Access {
    fn from(requirements: Requirements) -> Self {
        match requirements.only_scopes() {
            Ok(policy) => Self::Scopes(policy),
            Err(requirements) => Self::Requirements(requirements),
        }
    }
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

/// For people: `anonymous`, `authenticated`, `denied`, or what is required.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Authenticated => f.write_str("authenticated"),
            Self::DangerouslyAnonymous => f.write_str("anonymous, also with an invalid token"),
            Self::Deny => f.write_str("denied"),
            Self::Requirements(requirements) => requirements.fmt(f),
            Self::Scopes(policy) => policy.fmt(f),
        }
    }
}
