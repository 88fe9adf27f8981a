//! What all services share: the user of a token, the layer and the guards.

use std::{error::Error, sync::Arc};

use portcullis::{
    Algorithm, AuthenticateLayer, Clock, ConfigError, JwtVerifier, RequireLayer, RequireScopeLayer,
    Scope, error::TokenFault, scope::ScopePolicy,
};
use serde::{Deserialize, Serialize};

use super::support::Hs256Key;

/// The issuer of the tokens.
pub(crate) const ISSUER: &str = "https://regards.example/rs-authentication";
/// The audience of all services together.
pub(crate) const SERVICES: &str = "https://regards.example";

pub(crate) const PROJECT_1: Scope = Scope::from_static("project1");
pub(crate) const PROJECT_2: Scope = Scope::from_static("project2");

/// The claims of a token. A token without them is rejected with 401.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct User {
    pub(crate) sub: String,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) tenant: String,
}

/// Ordered from lower to higher.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) enum Role {
    #[serde(rename = "USER_ROLE")]
    User,
    #[serde(rename = "ADMIN_ROLE")]
    Admin,
}

/// The secret that all services share, and the clock.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) key: Hs256Key,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Access {
    pub(crate) fn new(clock: impl Clock) -> Result<Self, Box<dyn Error>> {
        Ok(Self { key: Hs256Key::generate()?, clock: Arc::new(clock) })
    }

    /// Returns the layer of each service and of the gateway.
    pub(crate) fn layer(&self) -> Result<AuthenticateLayer, ConfigError> {
        let verifier = JwtVerifier::builder(ISSUER)
            .audience(SERVICES)
            .hmac_secret(Algorithm::Hs256, self.key.secret())
            .clock(Arc::clone(&self.clock))
            // Both claims name the tenant: guards read `scope`, and handlers read `tenant`.
            .check(|identity| {
                let is_same = identity.claims::<User>()?.tenant == identity.scopes().as_str();
                if is_same { Ok(()) } else { Err(TokenFault::Claims.into()) }
            })
            .build()?;
        Ok(AuthenticateLayer::bearer(verifier).realm("REGARDS"))
    }
}

/// Requires one of the tenants of a service. The tenant is a scope.
pub(crate) fn any_tenant_of<const N: usize>(tenants: [Scope; N]) -> RequireScopeLayer {
    RequireScopeLayer::new(ScopePolicy::any(tenants))
}

/// Requires this role or a higher one. Roles must not be read from scopes: a tenant named `ADMIN_ROLE` would make all
/// its users administrators.
pub(crate) fn at_least(role: Role) -> RequireLayer {
    RequireLayer::new(move |identity| {
        let has_role = identity.claims::<User>()?.role >= role;
        if has_role { Ok(()) } else { Err(portcullis::Error::access_denied()) }
    })
}
