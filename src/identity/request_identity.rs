//! The identity of a request, for services that have no extractors.

#[cfg(feature = "serde")]
use std::sync::Arc;

use http::Extensions;

use super::Caller;
use crate::{Error, Identity};

/// Reads the identity that [`AuthenticateLayer`](crate::AuthenticateLayer) has left in a request: of
/// tonic (feature `tonic`), or of the crate `http`.
///
/// ```
/// # #[cfg(feature = "tonic")] {
/// use portcullis::{RequestIdentity, Scope};
/// use tonic::{Request, Response, Status};
///
/// const READ: Scope = Scope::from_static("orders:read");
///
/// #[derive(serde::Deserialize)]
/// struct Tenant {
///     tenant_id: String,
/// }
///
/// async fn tenant(request: Request<()>) -> Result<Response<String>, Status> {
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
/// [`ErrorKind::MissingCredentials`](crate::ErrorKind::MissingCredentials) for an anonymous request,
/// [`ErrorKind::Misconfigured`](crate::ErrorKind::Misconfigured) where no layer has seen it.
pub trait RequestIdentity {
    /// Where the layer leaves what it has found.
    fn request_extensions(&self) -> &Extensions;

    /// Who makes the request.
    ///
    /// # Errors
    ///
    /// As the trait says.
    fn identity(&self) -> Result<&Identity, Error> {
        caller(self)?.require_identity()
    }

    /// Who makes the request; `None` for an anonymous one that was let through.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misconfigured`](crate::ErrorKind::Misconfigured) where no layer has seen it.
    fn optional_identity(&self) -> Result<Option<&Identity>, Error> {
        caller(self).map(Caller::identity)
    }

    /// The claims as a type of your own, read once for each token.
    ///
    /// # Errors
    ///
    /// As the trait says, and [`TokenFault::Claims`](crate::TokenFault::Claims) if the claims aren't of
    /// that type.
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
