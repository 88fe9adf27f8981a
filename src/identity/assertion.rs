//! Identities from custom verifiers.

use std::{fmt, time::SystemTime};

use super::Identity;
use crate::{
    ScopeSet,
    claims::{Audience, ClaimText, Confirmation, NumericDate, RegisteredClaims},
};

/// Builds an [`Identity`] without a token: see [`Identity::assertion`].
#[derive(Default, Clone)]
#[must_use]
pub struct IdentityAssertion {
    raw_claims: String,
    registered: RegisteredClaims,
    scopes: ScopeSet,
}

impl Identity {
    /// Creates an identity without verifying anything, for custom verifiers and tests.
    ///
    /// The caller asserts that the user is authenticated, so look for this name in security reviews.
    ///
    /// ```
    /// use portcullis::Identity;
    ///
    /// let identity = Identity::assertion().subject("alice").roles(["admin"]).build();
    /// assert_eq!(identity.subject(), Some("alice"));
    /// assert!(identity.has_role("admin"));
    /// ```
    pub fn assertion() -> IdentityAssertion {
        IdentityAssertion::default()
    }
}

impl IdentityAssertion {
    /// Sets [`Identity::subject`].
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.registered.subject = subject.into().into();
        self
    }

    /// Sets [`Identity::issuer`].
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.registered.issuer = issuer.into().into();
        self
    }

    /// Sets [`Identity::client_id`].
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.registered.client_id = client_id.into().into();
        self
    }

    /// Sets [`Identity::token_id`].
    pub fn token_id(mut self, token_id: impl Into<String>) -> Self {
        self.registered.token_id = token_id.into().into();
        self
    }

    /// Sets [`Identity::confirmation`]: the key whose possession the client has to prove.
    pub fn confirmation(mut self, confirmation: Confirmation) -> Self {
        self.registered.confirmation = Some(Box::new(confirmation));
        self
    }

    /// Sets [`Identity::session_id`].
    pub fn session_id(mut self, session_id: impl Into<String>) -> Self {
        self.registered.session_id = session_id.into().into();
        self
    }

    /// Sets [`Identity::acr`].
    pub fn acr(mut self, acr: impl Into<String>) -> Self {
        self.registered.authentication_class = acr.into().into();
        self
    }

    /// Sets [`Identity::auth_time`].
    pub fn auth_time(mut self, time: SystemTime) -> Self {
        self.registered.authenticated_at = Some(NumericDate::from_system_time(time));
        self
    }

    /// Sets [`Identity::amr`].
    pub fn amr<M: AsRef<str>>(mut self, methods: impl IntoIterator<Item = M>) -> Self {
        self.registered.authentication_methods = methods.into_iter().collect();
        self
    }

    /// Sets [`Identity::audience`].
    pub fn audience<A: Into<String>>(mut self, audience: impl IntoIterator<Item = A>) -> Self {
        self.registered.audience =
            audience.into_iter().map(|one| ClaimText::from(one.into())).collect::<Audience>();
        self
    }

    /// Sets [`Identity::expires_at`].
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.registered.expires_at = Some(NumericDate::from_system_time(time));
        self
    }

    /// Sets [`Identity::scopes`].
    pub fn scopes(mut self, scopes: ScopeSet) -> Self {
        self.scopes = scopes;
        self
    }

    /// Sets [`Identity::roles`].
    pub fn roles<R: AsRef<str>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.registered.roles = roles.into_iter().collect();
        self
    }

    /// Sets [`Identity::raw_claims`] to a JSON object. It is parsed when typed claims are first requested.
    pub fn claims_json(mut self, claims: impl Into<String>) -> Self {
        self.raw_claims = claims.into();
        self
    }

    /// Builds the identity.
    #[must_use]
    pub fn build(self) -> Identity {
        Identity::new(self.raw_claims.into_boxed_str(), self.registered, self.scopes)
    }
}

impl fmt::Debug for IdentityAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityAssertion")
            .field("scopes", &self.scopes)
            .field("roles", &self.registered.roles)
            .finish_non_exhaustive()
    }
}
