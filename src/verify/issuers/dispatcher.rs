//! Which verifier a token goes to: by its form, or by the issuer that it names.

use std::{collections::HashMap, sync::Arc};

use memchr::memchr_iter;

use super::tenants::{Known, PendingTenant, Resolved, Settled, Tenants};
use crate::{
    BearerToken, Error, Identity, TokenFault, Verify,
    verify::{
        Revocations,
        jwt::{Issuer, Registration, TokenCache, VerifiedToken},
    },
};

/// The configured issuers and verifiers. Exactly one of them gets a token: none is tried after another.
pub(super) struct Dispatcher {
    pub(super) by_name: HashMap<Box<str>, Trust>,
    /// The issuers of [`by_name`](Self::by_name) whose keys this crate has, in the order of configuration.
    pub(super) issuers: Vec<Arc<Issuer>>,
    /// The issuer whose tokens have no `iss`, if there is one.
    pub(super) unnamed: Option<Arc<Issuer>>,
    pub(super) tenants: Vec<Arc<Tenants>>,
    pub(super) by_prefix: Vec<(Box<str>, Arc<TokenVerifier>)>,
    pub(super) opaque: Option<Arc<TokenVerifier>>,
    pub(super) cache: TokenCache,
    /// Checked beside the list of a token's issuer.
    pub(super) revocations: Revocations,
}

pub(super) type TokenVerifier = dyn for<'a> Verify<BearerToken<'a>>;

/// How the tokens of one issuer are verified.
pub(super) enum Trust {
    /// With the issuer's keys.
    Keys(Arc<Issuer>),
    /// By another verifier, such as one that introspects.
    Delegate(Arc<TokenVerifier>),
}

/// The issuer that verifies a token.
pub(super) enum Resolution {
    /// A configured issuer.
    Configured(Arc<Issuer>),
    /// A tenant of which no token has been verified yet. The first one is reported to these tenants.
    Unverified(Arc<Tenants>, Resolved),
    Verified(Arc<Registration>),
}

/// Why there is no issuer that verifies a token right now.
pub(super) enum Dispatch {
    Delegate(Arc<TokenVerifier>),
    Reject(Error),
    Resolve(PendingTenant),
}

impl Dispatcher {
    /// Returns the verifier of tokens that are recognized without reading their issuer.
    pub(super) fn delegate_by_form(&self, token: &str) -> Option<&Arc<TokenVerifier>> {
        let prefixed = self.by_prefix.iter().find(|(prefix, _)| token.starts_with(&**prefix));
        match prefixed {
            Some((_, verifier)) => Some(verifier),
            None if is_jwt(token) => None,
            None => self.opaque.as_ref(),
        }
    }

    /// Finds the issuer of that name, or the one whose tokens have none.
    pub(super) fn resolve(&self, name: Option<&str>) -> Result<Resolution, Dispatch> {
        let Some(name) = name else {
            let issuer = self.unnamed.as_ref().ok_or(TokenFault::Issuer)?;
            return Ok(Resolution::Configured(Arc::clone(issuer)));
        };
        match self.by_name.get(name) {
            Some(Trust::Keys(issuer)) => return Ok(Resolution::Configured(Arc::clone(issuer))),
            Some(Trust::Delegate(verifier)) => {
                return Err(Dispatch::Delegate(Arc::clone(verifier)));
            }
            None => {}
        }
        let tenants = self.tenants.iter().find(|tenants| tenants.matches(name));
        let tenants = tenants.ok_or(TokenFault::Issuer)?;
        match tenants.verified(name) {
            Some(Known::Now(registration)) => return Ok(Resolution::Verified(registration)),
            Some(Known::Later(pending)) => return Err(Dispatch::Resolve(pending)),
            None => {}
        }
        match tenants.unverified(name) {
            Some(resolved) => Ok(Resolution::Unverified(Arc::clone(tenants), resolved)),
            None => Err(Dispatch::Resolve(tenants.pending(name))),
        }
    }

    /// Returns the verifiers that tokens are delegated to.
    pub(super) fn delegates(&self) -> impl Iterator<Item = &Arc<TokenVerifier>> {
        let by_name = self.by_name.values().filter_map(|trust| match trust {
            Trust::Keys(_) => None,
            Trust::Delegate(verifier) => Some(verifier),
        });
        let by_prefix = self.by_prefix.iter().map(|(_, verifier)| verifier);
        by_name.chain(by_prefix).chain(&self.opaque)
    }
}

impl Resolution {
    pub(super) fn issuer(&self) -> &Arc<Issuer> {
        match self {
            Self::Configured(issuer) => issuer,
            Self::Unverified(_, Resolved { registration, .. }) | Self::Verified(registration) => {
                &registration.issuer
            }
        }
    }

    /// Adds a verified token to the cache, and records that its tenant has one.
    pub(super) fn insert(
        &self,
        cache: &TokenCache,
        token: &str,
        verified: VerifiedToken,
    ) -> Result<Identity, Error> {
        let registration = match self {
            Self::Configured(issuer) => return cache.insert(token, verified, issuer),
            Self::Unverified(tenants, resolved) => {
                tenants.mark_verified(resolved);
                &resolved.registration
            }
            Self::Verified(registration) => registration,
        };
        cache.insert_for_tenant(token, verified, registration)
    }
}

/// Returns whether a token has the form of a JWT: three parts.
fn is_jwt(token: &str) -> bool {
    memchr_iter(b'.', token.as_bytes()).take(3).count() == 2
}

impl From<Settled> for Resolution {
    fn from(tenant: Settled) -> Self {
        match tenant {
            Settled::Unverified(tenants, resolved) => Self::Unverified(tenants, resolved),
            Settled::Verified(registration) => Self::Verified(registration),
        }
    }
}

impl<E: Into<Error>> From<E> for Dispatch {
    fn from(error: E) -> Self {
        Self::Reject(error.into())
    }
}
