//! The identity of the caller, as determined by a verifier.

use std::{fmt, sync::Arc, time::SystemTime};

use super::{Authentication, LayerContext, RevocationState};
use crate::{
    Clock, Error, ScopeSet,
    claims::{ClaimText, Confirmation, DEFAULT_LEEWAY, NumericDate, RegisteredClaims},
    clock::SystemClock,
    role::RoleSet,
    scope::{ScopeHierarchy, ScopePolicy},
};

/// The verified identity of the caller: who makes the request, and what they may do.
///
/// [`AuthenticateLayer`](crate::AuthenticateLayer) stores it in the request, and handlers read it with an extractor.
/// Only verifiers create identities: the verifiers of this crate from verified tokens, and custom verifiers with
/// [`Identity::assertion`]. A clone only increments a reference count.
///
/// ```
/// use portcullis::{Identity, Scope, ScopeSet};
///
/// let identity = Identity::assertion().subject("alice").scopes(ScopeSet::from_wire("read")).build();
/// assert_eq!(identity.subject(), Some("alice"));
/// assert!(identity.require(Scope::from_static("read")).is_ok());
/// assert_eq!(identity.require(Scope::from_static("write")).unwrap_err().status(), 403);
/// ```
///
/// `Debug` shows subject, issuer, client, scopes and roles, never the other claims.
#[derive(Clone)]
pub struct Identity {
    verified: Arc<Verified>,
    /// `None` if the layer has no such configuration.
    context: Option<Arc<LayerContext>>,
}

struct Verified {
    raw_claims: Box<str>,
    registered: RegisteredClaims,
    scopes: ScopeSet,
    revocation: RevocationState,
    #[cfg(feature = "serde")]
    typed: crate::claims::TypedClaims,
}

impl Identity {
    pub(crate) fn new(
        raw_claims: Box<str>,
        registered: RegisteredClaims,
        scopes: ScopeSet,
    ) -> Self {
        let verified = Arc::new(Verified {
            raw_claims,
            registered,
            scopes,
            revocation: RevocationState::default(),
            #[cfg(feature = "serde")]
            typed: crate::claims::TypedClaims::default(),
        });
        Self { verified, context: None }
    }

    /// Sets the context of the layer, with which scopes and times are compared.
    pub(crate) fn with_context(mut self, context: &Arc<LayerContext>) -> Self {
        self.context = Some(Arc::clone(context));
        self
    }

    pub(crate) fn hierarchy(&self) -> Option<&ScopeHierarchy> {
        self.context.as_ref()?.hierarchy.as_ref()
    }

    /// Returns the subject in the form in which the layer shows it in a diagnosis.
    pub(crate) fn shown_subject(&self) -> Option<Box<str>> {
        let subjects = self.context.as_ref()?.subjects.as_ref()?;
        subjects.shown(self.issuer(), self.subject()?)
    }

    pub(crate) fn revocation_state(&self) -> &RevocationState {
        &self.verified.revocation
    }

    pub(crate) fn registered(&self) -> &RegisteredClaims {
        &self.verified.registered
    }

    /// Returns the subject (`sub`): the user, or the client if it acts on its own behalf.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.text(&self.verified.registered.subject)
    }

    /// Returns the subject, or rejects the request. In a handler, use `identity.require_subject()?`.
    ///
    /// # Errors
    ///
    /// Returns [`TokenFault::Claims`](crate::error::TokenFault::Claims) if `sub` is absent or empty.
    pub fn require_subject(&self) -> Result<&str, Error> {
        let subject = self.subject().filter(|subject| !subject.is_empty());
        subject.ok_or_else(|| crate::error::TokenFault::Claims.into())
    }

    /// Returns the issuer of the token (`iss`).
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.text(&self.verified.registered.issuer)
    }

    /// Returns the client that the token was issued to: `client_id`, or else `azp`, `cid` or `appid`, depending on the
    /// issuer.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.text(&self.verified.registered.client_id)
    }

    /// Returns the identifier of the token (`jti`).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.text(&self.verified.registered.token_id)
    }

    /// Returns the key that the token is bound to (`cnf`, [RFC 7800]), if it is bound.
    ///
    /// [RFC 7800]: https://www.rfc-editor.org/rfc/rfc7800
    #[must_use]
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.verified.registered.confirmation.as_deref()
    }

    /// Returns the session that the token belongs to (`sid`).
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.text(&self.verified.registered.session_id)
    }

    /// Returns how the user authenticated (`acr`, [RFC 9470 §6]).
    ///
    /// [RFC 9470 §6]: https://www.rfc-editor.org/rfc/rfc9470#section-6
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.text(&self.verified.registered.authentication_class)
    }

    /// Returns when the user authenticated (`auth_time`, [RFC 9470 §6]).
    ///
    /// [RFC 9470 §6]: https://www.rfc-editor.org/rfc/rfc9470#section-6
    #[must_use]
    pub fn auth_time(&self) -> Option<SystemTime> {
        self.verified.registered.authenticated_at.and_then(NumericDate::to_system_time)
    }

    /// Returns the methods with which the user authenticated, such as `pwd` and `otp` (`amr`, [RFC 8176]).
    ///
    /// ```
    /// use portcullis::Identity;
    ///
    /// let identity = Identity::assertion().amr(["pwd", "otp"]).build();
    /// assert!(identity.amr().any(|method| method == "otp"));
    /// ```
    ///
    /// [RFC 8176]: https://www.rfc-editor.org/rfc/rfc8176
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        self.verified.registered.authentication_methods.iter(&self.verified.raw_claims)
    }

    /// Returns the services that the token is intended for (`aud`).
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.verified.registered.audience.as_slice().iter().filter_map(|text| self.text(text))
    }

    /// Returns when the token expires (`exp`).
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.verified.registered.expires_at.and_then(NumericDate::to_system_time)
    }

    /// Returns when the token becomes valid (`nbf`).
    #[must_use]
    pub fn not_before(&self) -> Option<SystemTime> {
        self.verified.registered.not_before.and_then(NumericDate::to_system_time)
    }

    /// Returns when the token was issued (`iat`).
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.verified.registered.issued_at.and_then(NumericDate::to_system_time)
    }

    /// Returns the granted scopes, without those that they imply: see [`has_scope`](Self::has_scope).
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        &self.verified.scopes
    }

    /// Returns whether `scope` was granted, by name or because a granted scope implies it in the layer's
    /// [hierarchy](crate::AuthenticateLayer::scope_hierarchy).
    ///
    /// ```
    /// use portcullis::{Identity, ScopeSet};
    ///
    /// let identity = Identity::assertion().scopes(ScopeSet::from_wire("read")).build();
    /// assert!(identity.has_scope("read"));
    /// assert!(!identity.has_scope("write"));
    /// ```
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        match self.hierarchy() {
            None => self.scopes().contains(scope),
            Some(hierarchy) => hierarchy.grants(self.scopes(), scope),
        }
    }

    /// Returns the roles. The verifier decides where they are read from. They are separate from the scopes.
    #[must_use]
    pub fn roles(&self) -> &RoleSet {
        &self.verified.registered.roles
    }

    /// Returns whether the identity has this role.
    ///
    /// ```
    /// use portcullis::Identity;
    ///
    /// let identity = Identity::assertion().roles(["admin"]).build();
    /// assert!(identity.has_role("admin"));
    /// assert!(!identity.has_role("auditor"));
    /// ```
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().contains(role)
    }

    /// Returns all claims as JSON. Empty if the verifier set none.
    #[must_use]
    pub fn raw_claims(&self) -> &str {
        &self.verified.raw_claims
    }

    /// Returns all claims, deserialized as `T`. They are deserialized once, and cached with the identity.
    ///
    /// ```
    /// use portcullis::Identity;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Tenant {
    ///     tenant_id: String,
    /// }
    ///
    /// let identity = Identity::assertion().claims_json(r#"{"tenant_id":"acme"}"#).build();
    /// assert_eq!(identity.claims::<Tenant>()?.tenant_id, "acme");
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`TokenFault::Claims`](crate::error::TokenFault::Claims) if the claims can't be deserialized as `T`. The
    /// request is then rejected with 401.
    #[cfg(feature = "serde")]
    pub fn claims<T>(&self) -> Result<Arc<T>, Error>
    where
        T: serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        self.verified.typed.get_or_read(&self.verified.raw_claims)
    }

    /// Rejects the request unless the scopes are sufficient. In a handler, use `identity.require(READ)?`. Scopes that
    /// the granted ones imply in the layer's [hierarchy](crate::AuthenticateLayer::scope_hierarchy) count as granted.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InsufficientScope`](crate::ErrorKind::InsufficientScope) with the required scopes.
    pub fn require(&self, policy: impl Into<ScopePolicy>) -> Result<(), Error> {
        self.require_ref(&policy.into())
    }

    /// Rejects the request unless the identity has this role. In a handler, use `identity.require_role("admin")?`.
    ///
    /// ```
    /// use portcullis::{ErrorKind, Identity, ScopeSet};
    ///
    /// let identity = Identity::assertion().scopes(ScopeSet::from_wire("admin")).build();
    /// let error = identity.require_role("admin").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AccessDenied);
    /// assert_eq!(error.scope(), None);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied). The response has no challenge, because a
    /// client can't request a role.
    pub fn require_role(&self, role: &str) -> Result<(), Error> {
        if self.has_role(role) {
            return Ok(());
        }
        Err(Error::access_denied().with_source(format!("the identity lacks the role `{role}`")))
    }

    /// Rejects the request unless the user authenticated as required ([RFC 9470]). In a handler, use
    /// `identity.require_authentication(&required)?`.
    ///
    /// ```
    /// use portcullis::{Identity, identity::Authentication};
    ///
    /// let required = Authentication::acr(["urn:example:mfa"]);
    /// let identity = Identity::assertion().subject("alice").build();
    /// assert_eq!(identity.require_authentication(&required).unwrap_err().status(), 401);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InsufficientUserAuthentication`](crate::ErrorKind::InsufficientUserAuthentication) with the
    /// requirement.
    ///
    /// [RFC 9470]: https://www.rfc-editor.org/rfc/rfc9470
    pub fn require_authentication(&self, required: &Authentication) -> Result<(), Error> {
        let registered = &self.verified.registered;
        let now = || match &self.context {
            Some(context) => context.clock.now(),
            None => SystemClock.now(),
        };
        required.verify(
            self.acr(),
            registered.authenticated_at,
            registered.leeway.unwrap_or(DEFAULT_LEEWAY),
            || NumericDate::from_system_time(now()),
        )
    }

    pub(crate) fn require_ref(&self, policy: &ScopePolicy) -> Result<(), Error> {
        let hierarchy = self.hierarchy();
        if policy.allows_with(self.scopes(), hierarchy) {
            Ok(())
        } else {
            Err(Error::insufficient_scope(policy.nearest(self.scopes(), hierarchy)))
        }
    }

    /// Checks the scopes of several policies that all have to allow the request, and rejects with a single challenge.
    pub(crate) fn require_all<'a>(
        &self,
        policies: impl Iterator<Item = &'a ScopePolicy> + Clone,
    ) -> Result<(), Error> {
        let hierarchy = self.hierarchy();
        if policies.clone().all(|policy| policy.allows_with(self.scopes(), hierarchy)) {
            return Ok(());
        }
        let needed = policies.map(|policy| policy.nearest(self.scopes(), hierarchy));
        Err(Error::insufficient_scope(ScopePolicy::union(needed, hierarchy)))
    }

    fn text<'a>(&'a self, text: &'a ClaimText) -> Option<&'a str> {
        text.get(&self.verified.raw_claims)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("subject", &self.subject())
            .field("issuer", &self.issuer())
            .field("client_id", &self.client_id())
            .field("scopes", self.scopes())
            .field("roles", self.roles())
            .finish_non_exhaustive()
    }
}
