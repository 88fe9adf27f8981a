//! What a request requires in addition to a valid token.

use std::fmt;

use crate::{
    Error, Identity,
    claims::{ClaimCondition, ClaimValue},
    identity::Authentication,
    scope::ScopePolicy,
};

/// What a request requires in addition to a valid token: scopes, roles, claims, and how the user authenticated. All
/// requirements have to be met.
///
/// Use it in guards ([`RequireLayer::requirements`](crate::RequireLayer::requirements)) and in rows of
/// [`Policies`](crate::Policies). A [`Scope`](crate::Scope), a [`ScopePolicy`] and an [`Authentication`] convert to it.
///
/// ```
/// use std::time::Duration;
///
/// use http::Method;
/// use portcullis::{Policies, Requirements, Scope, identity::Authentication};
///
/// const PAY: Scope = Scope::from_static("pay");
///
/// let recently = Authentication::acr(["urn:example:mfa"]).max_age(Duration::from_secs(300));
/// let policies = Policies::builder()
///     .route(Method::GET, "/admin", Requirements::role("admin"))
///     .route(Method::POST, "/payments", Requirements::from(PAY).and(recently))
///     .build()?;
/// assert_eq!(
///     policies.rows()[1].to_string(),
///     "POST /payments: pay, acr `urn:example:mfa`, authenticated within 300 s"
/// );
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// # Rejections
///
/// The first requirement in this order that isn't met determines the response:
///
/// 1. authentication: 401 `insufficient_user_authentication` ([RFC 9470 §3]). If the token also lacks scopes, the
///    challenge names them.
/// 2. scopes: 403 `insufficient_scope` ([RFC 6750 §3.1])
/// 3. roles and claims: 403 without a challenge, because a client can't request them
///
/// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
/// [RFC 9470 §3]: https://www.rfc-editor.org/rfc/rfc9470#section-3
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Requirements {
    authentication: Vec<Authentication>,
    scopes: Option<ScopePolicy>,
    /// Each element is a list of roles, one of which is required.
    roles: Vec<Vec<Box<str>>>,
    claims: Vec<ClaimCondition>,
    /// The first invalid value. It is reported when a table is built or a guard is called, because a guard has no
    /// `build()`.
    invalid: Option<String>,
}

impl Requirements {
    /// Requires a role: see [`Identity::has_role`].
    ///
    /// ```
    /// use portcullis::Requirements;
    ///
    /// assert_eq!(Requirements::role("admin").to_string(), "role `admin`");
    /// ```
    pub fn role(role: impl Into<String>) -> Self {
        Self::any_role([role])
    }

    /// Requires at least one of these roles. If the list is empty, a table fails at `build()`, and a guard rejects
    /// every request with 500.
    ///
    /// ```
    /// use portcullis::Requirements;
    ///
    /// let requirements = Requirements::any_role(["admin", "auditor"]);
    /// assert_eq!(requirements.to_string(), "role `admin` or `auditor`");
    /// ```
    pub fn any_role<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        let roles: Vec<Box<str>> = roles.into_iter().map(|role| role.into().into()).collect();
        let is_none = |role: &str| role.is_empty() || role.contains(char::is_control);
        let invalid = match roles.iter().find(|role| is_none(role)) {
            Some(role) => Some(format!("`{}` is not a valid role", role.escape_debug())),
            None if roles.is_empty() => Some("must name at least one role".to_owned()),
            None => None,
        };
        Self { roles: vec![roles], invalid, ..Self::default() }
    }

    /// Requires a claim with this value: a string or a boolean, or an array that contains it.
    ///
    /// `place` is the name of a claim, or a JSON pointer ([RFC 6901]) such as `/org/tenant`. If the pointer is invalid,
    /// a table fails at `build()`, and a guard rejects every request with 500.
    ///
    /// To reject tokens without a claim on every route, with 401, use the `require_claim` option of the verifier
    /// instead.
    ///
    /// ```
    /// use portcullis::Requirements;
    ///
    /// let requirements = Requirements::claim("/org/tenant", "acme");
    /// assert_eq!(requirements.to_string(), "claim `/org/tenant` = `acme`");
    /// ```
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    pub fn claim(place: impl AsRef<str>, value: impl Into<ClaimValue>) -> Self {
        let place = place.as_ref();
        match ClaimCondition::parse(place, value.into()) {
            Ok(condition) => Self { claims: vec![condition], ..Self::default() },
            Err(problem) => {
                let invalid = Some(format!("claim `{}`: {problem}", place.escape_debug()));
                Self { invalid, ..Self::default() }
            }
        }
    }

    /// Adds further requirements.
    ///
    /// ```
    /// use portcullis::{Requirements, Scope};
    ///
    /// let requirements = Requirements::role("admin").and(Scope::from_static("orders:read"));
    /// assert_eq!(requirements.to_string(), "orders:read, role `admin`");
    /// ```
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        self.authentication.extend(other.authentication);
        self.scopes = match (self.scopes, other.scopes) {
            (Some(scopes), Some(others)) => Some(scopes.and(others)),
            (scopes, others) => scopes.or(others),
        };
        self.roles.extend(other.roles);
        self.claims.extend(other.claims);
        self.invalid = self.invalid.or(other.invalid);
        self
    }

    /// Checks that an identity meets all requirements.
    ///
    /// ```
    /// use portcullis::{Identity, Requirements};
    ///
    /// let identity = Identity::assertion().roles(["admin"]).build();
    /// assert!(Requirements::role("admin").check(&identity).is_ok());
    /// assert_eq!(Requirements::role("auditor").check(&identity).unwrap_err().status(), 403);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the rejection for the first requirement that isn't met: see [Rejections](Self#rejections).
    pub fn check(&self, identity: &Identity) -> Result<(), Error> {
        if let Some(invalid) = &self.invalid {
            return Err(Error::misconfigured(format!("invalid requirement: {invalid}")));
        }
        let scopes = match &self.scopes {
            Some(policy) => identity.require_ref(policy),
            None => Ok(()),
        };
        for required in &self.authentication {
            identity.require_authentication(required).map_err(|error| {
                match scopes.as_ref().err().and_then(Error::scope) {
                    Some(scope) => error.with_scope(scope.into()),
                    None => error,
                }
            })?;
        }
        scopes?;
        for roles in &self.roles {
            if !roles.iter().any(|role| identity.has_role(role)) {
                let source = format!("the identity lacks the {}", AnyRole(roles));
                return Err(Error::access_denied().with_source(source));
            }
        }
        for claim in &self.claims {
            if !claim.is_met(identity.raw_claims()) {
                let source = format!("the identity lacks the {claim}");
                return Err(Error::access_denied().with_source(source));
            }
        }
        Ok(())
    }

    /// Returns the required scopes.
    pub(crate) fn scopes(&self) -> Option<&ScopePolicy> {
        self.scopes.as_ref()
    }

    /// Returns the scopes, if nothing else is required.
    pub(super) fn only_scopes(self) -> Result<ScopePolicy, Self> {
        let has_others = !self.authentication.is_empty()
            || !self.roles.is_empty()
            || !self.claims.is_empty()
            || self.invalid.is_some();
        match self.scopes {
            Some(scopes) if !has_others => Ok(scopes),
            _ => Err(self),
        }
    }

    /// Returns what is wrong with the requirements, if they can't be met.
    pub(super) fn problem(&self) -> Option<String> {
        if let Some(invalid) = &self.invalid {
            return Some(invalid.clone());
        }
        let acr = self.authentication.iter().find_map(Authentication::invalid);
        if let Some(acr) = acr {
            return Some(format!("`{}` is not a valid value of `acr`", acr.escape_debug()));
        }
        let is_empty = self.scopes.as_ref().is_some_and(ScopePolicy::is_empty);
        is_empty.then(|| "must name at least one scope".to_owned())
    }
}

impl From<Authentication> for Requirements {
    fn from(authentication: Authentication) -> Self {
        Self { authentication: vec![authentication], ..Self::default() }
    }
}

impl From<ScopePolicy> for Requirements {
    fn from(policy: ScopePolicy) -> Self {
        Self { scopes: Some(policy), ..Self::default() }
    }
}

impl From<crate::Scope> for Requirements {
    fn from(scope: crate::Scope) -> Self {
        ScopePolicy::from(scope).into()
    }
}

/// Shows the requirements, separated by commas.
impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes = self.scopes.iter().map(ToString::to_string);
        let roles = self.roles.iter().map(|roles| AnyRole(roles).to_string());
        let claims = self.claims.iter().map(ToString::to_string);
        let authentication = self.authentication.iter().map(ToString::to_string);
        let all: Vec<_> = scopes.chain(roles).chain(claims).chain(authentication).collect();
        f.write_str(&all.join(", "))
    }
}

/// Shows roles, one of which is required.
struct AnyRole<'a>(&'a [Box<str>]);

impl fmt::Display for AnyRole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("role ")?;
        for (place, role) in self.0.iter().enumerate() {
            let or = if place == 0 { "" } else { " or " };
            write!(f, "{or}`{role}`")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Scope, ScopeSet};

    const PAY: Scope = Scope::from_static("pay");

    #[test]
    fn authentication_is_verified_before_scopes_and_roles() {
        let all = Requirements::role("admin")
            .and(Requirements::claim("tenant", "acme"))
            .and(PAY)
            .and(Authentication::acr(["mfa"]).max_age(Duration::from_secs(5)));
        for (acr, scopes, role, tenant, status, scope) in [
            ("mfa", "pay", "admin", "acme", 200, None),
            ("mfa", "pay", "admin", "other", 403, None),
            ("mfa", "pay", "user", "acme", 403, None),
            ("mfa", "", "admin", "acme", 403, Some("pay")),
            ("mfa", "", "user", "other", 403, Some("pay")),
            ("pwd", "pay", "admin", "acme", 401, None),
            ("pwd", "", "user", "other", 401, Some("pay")),
        ] {
            let identity = Identity::assertion()
                .acr(acr)
                .auth_time(std::time::SystemTime::now())
                .scopes(ScopeSet::from_wire(scopes))
                .roles([role])
                .claims_json(format!(r#"{{"tenant":"{tenant}"}}"#))
                .build();
            let error = all.check(&identity).err();
            let found = error.as_ref().map_or(200, |error| error.status().as_u16());
            assert_eq!(found, status, "{acr} {scopes} {role} {tenant}");
            let found = error.as_ref().and_then(Error::scope);
            assert_eq!(found, scope, "{acr} {scopes} {role} {tenant}");
        }
    }

    #[test]
    fn all_of_several_requirements_of_one_kind_are_needed() {
        let both = Requirements::role("a").and(Requirements::any_role(["b", "c"]));
        for (roles, met) in [(&["a"][..], false), (&["a", "c"], true), (&["b", "c"], false)] {
            let identity = Identity::assertion().roles(roles).build();
            assert_eq!(both.check(&identity).is_ok(), met, "{roles:?}");
        }
        let both = Requirements::from(PAY).and(Scope::from_static("read"));
        for (scopes, met) in [("pay", false), ("read", false), ("read pay", true)] {
            let identity = Identity::assertion().scopes(ScopeSet::from_wire(scopes)).build();
            assert_eq!(both.check(&identity).is_ok(), met, "{scopes}");
        }
        let both = Requirements::from(Authentication::acr(["a", "b"]))
            .and(Authentication::acr(["b", "c"]));
        for (acr, met) in [("a", false), ("b", true), ("c", false)] {
            let identity = Identity::assertion().acr(acr).build();
            assert_eq!(both.check(&identity).is_ok(), met, "{acr}");
        }
    }

    #[test]
    fn what_can_not_be_met_is_a_problem_and_never_allows_a_request() {
        for requirements in [
            Requirements::role(""),
            Requirements::role("a\nb"),
            Requirements::any_role::<String>([]),
            Requirements::claim("/~", true),
            Requirements::claim("", true),
            Authentication::acr(["a b"]).into(),
            Authentication::acr::<String>([]).into(),
            ScopePolicy::all([]).into(),
        ] {
            for requirements in [requirements.clone(), Requirements::role("a").and(requirements)] {
                let problem = requirements.problem();
                assert!(problem.is_some(), "{requirements:?}");
                let identity = Identity::assertion().roles(["a", ""]).acr("a b").build();
                assert!(requirements.check(&identity).is_err(), "{requirements:?}");
            }
        }
    }
}
