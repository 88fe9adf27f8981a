//! The guard of a route by a check of the service's own.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{Require, service::Guard};
use crate::{Error, Identity, authorize::Requirements};

/// Rejects requests whose identity fails a check of your own.
///
/// ```
/// use portcullis::{Error, RequireLayer};
///
/// let employees = RequireLayer::new(|identity| match identity.subject() {
///     Some(subject) if subject.ends_with("@acme.example") => Ok(()),
///     _ => Err(Error::access_denied()),
/// });
/// # let _ = employees;
/// ```
///
/// As [`RequireScopeLayer`](crate::RequireScopeLayer) it needs an
/// [`AuthenticateLayer`](crate::AuthenticateLayer) outside it, and fails closed without.
#[derive(Clone)]
#[must_use]
pub struct RequireLayer {
    guard: Arc<Guard>,
}

impl RequireLayer {
    /// Lets those requests through for which `check` is `Ok`.
    pub fn new(check: impl Fn(&Identity) -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self::guard(Requirements::default(), check)
    }

    /// Requires an element of `authorization_details` with this `type` ([RFC 9396]), as
    /// [`Identity::require_authorization_details`] does.
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// use axum::{Router, routing::post};
    /// use portcullis::RequireLayer;
    ///
    /// let payments = RequireLayer::authorization_details("payment_initiation");
    /// let app: Router = Router::new().route("/payments", post("…").route_layer(payments));
    /// # assert!(app.has_routes());
    /// # }
    /// ```
    ///
    /// [RFC 9396]: https://www.rfc-editor.org/rfc/rfc9396
    pub fn authorization_details(kind: impl Into<String>) -> Self {
        let kind = kind.into();
        Self::new(move |identity| identity.require_authorization_details(&kind))
    }

    /// Lets those requests through whose identity meets all of these requirements.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use portcullis::{Authentication, RequireLayer, Requirements};
    ///
    /// let recently = RequireLayer::requirements(Authentication::within(Duration::from_secs(300)));
    /// let acme = RequireLayer::requirements(Requirements::claim("tenant", "acme"));
    /// # let _ = (recently, acme);
    /// ```
    ///
    /// Requirements that nothing can meet, such as an empty role, reject every request with 500.
    pub fn requirements(requirements: impl Into<Requirements>) -> Self {
        let requirements = requirements.into();
        match requirements.clone().only_scopes() {
            Ok(scopes) => Self::guard(requirements, move |identity| identity.require_ref(&scopes)),
            Err(all) => Self::guard(requirements, move |identity| all.check(identity)),
        }
    }

    /// Requires `other` too.
    pub(super) fn and(&self, other: impl Into<Requirements>) -> Self {
        Self::requirements(self.guard.requirements.clone().and(other))
    }

    // axum clones a layer and applies it for each request to a handler. So both must cost no more than a reference
    // count, and everything else happens here.
    fn guard(
        requirements: Requirements,
        check: impl Fn(&Identity) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        Self { guard: Arc::new(Guard { requirements, check }) }
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        Require::new(inner, Arc::clone(&self.guard))
    }
}

impl fmt::Debug for RequireLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireLayer")
            .field("requirements", &self.guard.requirements)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RequireRoleLayer, RequireScopeLayer, Scope};

    /// axum does both for each request to a handler.
    #[test]
    fn a_guard_is_cloned_and_applied_by_a_reference() {
        const READ: Scope = Scope::from_static("read");
        let guard = |layer: &RequireLayer| Arc::as_ptr(&layer.guard);
        let layer = RequireLayer::requirements(READ);
        assert_eq!(guard(&layer.clone()), guard(&layer));
        for (clone, layer) in [
            (size_of::<RequireScopeLayer>(), size_of::<RequireLayer>()),
            (size_of::<RequireRoleLayer>(), size_of::<RequireLayer>()),
            (size_of::<RequireLayer>(), size_of::<Arc<Guard>>()),
            (size_of::<Require<()>>(), size_of::<Arc<Guard>>()),
        ] {
            assert_eq!(clone, layer);
        }
    }
}
