//! The guard that runs a custom check.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{Require, service::Guard};
use crate::{Error, Identity, authorize::Requirements};

/// Rejects requests whose identity fails a custom check.
///
/// Place it inside an [`AuthenticateLayer`](crate::AuthenticateLayer). An anonymous request is rejected with 401. If no
/// such layer ran, every request is rejected with 500. [`RequireScopeLayer`](crate::RequireScopeLayer) and
/// [`RequireRoleLayer`](crate::RequireRoleLayer) cover the most common checks.
///
/// ```
/// use portcullis::{Error, Identity, RequireLayer};
///
/// fn is_employee(identity: &Identity) -> Result<(), Error> {
///     match identity.subject() {
///         Some(subject) if subject.ends_with("@acme.example") => Ok(()),
///         _ => Err(Error::access_denied()),
///     }
/// }
///
/// let alice = Identity::assertion().subject("alice@acme.example").build();
/// let eve = Identity::assertion().subject("eve@other.example").build();
/// assert!(is_employee(&alice).is_ok());
/// assert_eq!(is_employee(&eve).unwrap_err().status(), 403);
///
/// let employees = RequireLayer::new(is_employee);
/// # let _ = employees;
/// ```
#[derive(Clone)]
#[must_use]
pub struct RequireLayer {
    guard: Arc<Guard>,
}

impl RequireLayer {
    /// Creates a layer that allows a request if `check` returns `Ok`.
    pub fn new(check: impl Fn(&Identity) -> Result<(), Error> + Send + Sync + 'static) -> Self {
        Self::guard(Requirements::default(), check)
    }

    /// Creates a layer that requires an element of `authorization_details` with this `type` ([RFC 9396]), as
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

    /// Creates a layer that allows a request if the identity meets all of these requirements.
    ///
    /// Requirements that can't be met, such as an empty role, reject every request with 500.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use portcullis::{RequireLayer, Requirements, identity::Authentication};
    ///
    /// let recently = RequireLayer::requirements(Authentication::within(Duration::from_secs(300)));
    /// let acme = RequireLayer::requirements(Requirements::claim("tenant", "acme"));
    /// assert!(format!("{acme:?}").contains("acme"));
    /// # let _ = recently;
    /// ```
    pub fn requirements(requirements: impl Into<Requirements>) -> Self {
        let requirements = requirements.into();
        match requirements.clone().only_scopes() {
            Ok(scopes) => Self::guard(requirements, move |identity| identity.require_ref(&scopes)),
            Err(all) => Self::guard(requirements, move |identity| all.check(identity)),
        }
    }

    /// Adds further requirements.
    pub(super) fn and(&self, other: impl Into<Requirements>) -> Self {
        Self::requirements(self.guard.requirements.clone().and(other))
    }

    // axum clones a layer and applies it for each request to a handler. Both must cost no more than incrementing a
    // reference count, so everything else happens here.
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

    /// axum clones and applies a layer for each request to a handler.
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
