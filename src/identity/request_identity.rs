//! Access to the identity without extractors.

#[cfg(feature = "serde")]
use std::sync::Arc;

use http::Extensions;

use super::Caller;
use crate::{Error, Identity};

/// Reads the identity that [`AuthenticateLayer`](crate::AuthenticateLayer) stored in a request.
///
/// Implemented for requests of tonic (feature `tonic`) and of the `http` crate.
///
/// ```
/// use http::Request;
/// use portcullis::{ErrorKind, RequestIdentity};
///
/// // No layer ran for this request.
/// let error = Request::new(()).identity().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Misconfigured);
///
/// # #[cfg(feature = "tonic")] {
/// use portcullis::Scope;
/// use tonic::{Response, Status};
///
/// const READ: Scope = Scope::from_static("orders:read");
///
/// #[derive(serde::Deserialize)]
/// struct Tenant {
///     tenant_id: String,
/// }
///
/// async fn tenant(request: tonic::Request<()>) -> Result<Response<String>, Status> {
///     request.identity()?.require(READ)?;
///     let tenant = request.claims::<Tenant>()?;
///     Ok(Response::new(tenant.tenant_id.clone()))
/// }
/// # let _ = tenant;
/// # }
/// ```
///
/// # Errors
///
/// Returns [`ErrorKind::MissingCredentials`](crate::ErrorKind::MissingCredentials) for an anonymous request, and
/// [`ErrorKind::Misconfigured`](crate::ErrorKind::Misconfigured) if no layer ran.
pub trait RequestIdentity {
    /// Returns the extensions in which the layer stored the identity.
    fn request_extensions(&self) -> &Extensions;

    /// Returns the identity.
    ///
    /// # Errors
    ///
    /// Those of the [trait](Self#errors).
    fn identity(&self) -> Result<&Identity, Error> {
        caller(self)?.require_identity()
    }

    /// Returns the identity, or `None` for an anonymous request.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Misconfigured`](crate::ErrorKind::Misconfigured) if no layer ran.
    fn optional_identity(&self) -> Result<Option<&Identity>, Error> {
        caller(self).map(Caller::identity)
    }

    /// Returns the claims of the token, deserialized as `T`. They are deserialized once for each identity.
    ///
    /// # Errors
    ///
    /// Those of the [trait](Self#errors), and [`TokenFault::Claims`](crate::error::TokenFault::Claims) if the claims can't
    /// be deserialized as `T`.
    #[cfg(feature = "serde")]
    fn claims<T>(&self) -> Result<Arc<T>, Error>
    where
        T: serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        self.identity()?.claims()
    }
}

fn caller(request: &(impl RequestIdentity + ?Sized)) -> Result<&Caller, Error> {
    Caller::of(request.request_extensions(), "`RequestIdentity`")
}

impl<B> RequestIdentity for http::Request<B> {
    fn request_extensions(&self) -> &Extensions {
        self.extensions()
    }
}

impl RequestIdentity for http::request::Parts {
    fn request_extensions(&self) -> &Extensions {
        &self.extensions
    }
}

#[cfg(feature = "tonic")]
impl<T> RequestIdentity for tonic::Request<T> {
    fn request_extensions(&self) -> &Extensions {
        self.extensions()
    }
}
