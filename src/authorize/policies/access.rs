//! Who may make a request.

use std::fmt;

use crate::{
    Scope,
    authorize::{ClaimValue, Requirements},
    identity::Authentication,
    scope::ScopePolicy,
};

/// Who may make a request: the access rule of a row in a policy table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everyone, with or without credentials. Invalid credentials are still rejected.
    Anonymous,
    /// Everyone who is authenticated, regardless of scopes.
    Authenticated,
    /// Everyone, including requests with an expired or otherwise invalid access token, which are treated as anonymous.
    ///
    /// This is dangerous wherever authenticated requests are treated differently. A client with an expired token gets
    /// no error, and silently receives what anonymous users receive. A handler that treats a missing identity as
    /// harmless can be reached with a revoked token. Attempts to guess a token are responded to with 200.
    ///
    /// Use it only for public resources, and for clients that always send the token they have. A guard or an extractor
    /// behind such a row that needs an identity still rejects the request, with the error of the token. Malformed
    /// credentials and wrong passwords are also rejected, and tokens that could not be verified are rejected with 503.
    DangerouslyAnonymous,
    /// No one.
    Deny,
    /// Identities that meet all of these requirements, at least one of which isn't a scope.
    Requirements(Requirements),
    /// Identities with these scopes.
    Scopes(ScopePolicy),
}

impl Access {
    /// Returns whether requests without credentials are allowed.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Anonymous | Self::DangerouslyAnonymous)
    }

    /// Allows identities that have this role: see [`Requirements::role`].
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

    /// Allows identities that have at least one of these roles: see [`Requirements::any_role`].
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

    /// Allows identities whose token contains this claim value: see [`Requirements::claim`].
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

    /// Adds further requirements. [`Deny`](Self::Deny) stays unchanged.
    ///
    /// ```
    /// use portcullis::{Access, Requirements, Scope, identity::Authentication};
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

    /// Returns the required scopes.
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

/// Converts to [`Access::Scopes`] if only scopes are required.
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

/// Shows `anonymous`, `authenticated`, `denied`, or the requirements.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Authenticated => f.write_str("authenticated"),
            Self::DangerouslyAnonymous => f.write_str("anonymous, even with an invalid token"),
            Self::Deny => f.write_str("denied"),
            Self::Requirements(requirements) => requirements.fmt(f),
            Self::Scopes(policy) => policy.fmt(f),
        }
    }
}
