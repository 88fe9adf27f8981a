//! How far the error of a response has been handled.
//!
//! An error passes several places that could report or render it: the guard that raised it, an extractor
//! outside of any layer, nested layers. The state is kept in the response's extensions and not in the error,
//! which users may clone and send again.

#[cfg(feature = "tonic")]
use std::{error::Error as StdError, fmt};

use http::Extensions;

use crate::Error;

/// Says that the error in the same extensions has been rendered: layers outside leave the response as it is.
// Without a size, like the other one, so that inserting it allocates nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rendered;

/// Says that the error in the same extensions has been logged and counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported;

/// The error of a response that the layer outside has to render.
#[derive(Debug)]
pub(crate) struct Carried<'a> {
    pub(crate) error: &'a Error,
    pub(crate) is_reported: bool,
}

impl Error {
    /// Returns the error that a response was rejected with, for layers that log or count responses. It is in
    /// the extensions of the response, or the source of a tonic status.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use http::{Request, Response};
    /// use portcullis::{AuthenticateLayer, Error, ErrorKind};
    /// # use portcullis::{BearerToken, TokenFault, Verification, Verify};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// # #[derive(Debug)] struct Nobody;
    /// # impl Verify<BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: BearerToken<'_>) -> Verification {
    /// #         Verification::ready(Err(TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # let verifier = Nobody;
    ///
    /// let inner = service_fn(async |_: Request<()>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// });
    /// let service = AuthenticateLayer::bearer(verifier).layer(inner);
    /// let response = service.oneshot(Request::new(())).await.unwrap();
    /// let error = Error::from_extensions(response.extensions()).unwrap();
    /// assert_eq!(error.kind(), ErrorKind::MissingCredentials);
    /// # }
    /// ```
    #[must_use]
    pub fn from_extensions(response: &Extensions) -> Option<&Self> {
        response.get().or_else(|| Carried::of_status(response).map(|carried| carried.error))
    }
}

impl<'a> Carried<'a> {
    /// Finds the error that a guard, an extractor or a handler left in a response: on its own, or as the
    /// source of a tonic status that says the same. Returns `None` if there is none or it has been rendered.
    #[inline]
    pub(crate) fn find(response: &'a Extensions) -> Option<Self> {
        if response.is_empty() { None } else { Self::find_in(response) }
    }

    fn find_in(response: &'a Extensions) -> Option<Self> {
        let Some(error) = response.get() else { return Self::of_status(response) };
        let is_rendered = response.get::<Rendered>().is_some();
        let is_reported = response.get::<Reported>().is_some();
        (!is_rendered).then_some(Self { error, is_reported })
    }

    #[cfg(not(feature = "tonic"))]
    fn of_status(_response: &Extensions) -> Option<Self> {
        None
    }

    /// A status with another code or message stays as it is: the handler that gave it the error as its source
    /// chose to tell the caller something else.
    #[cfg(feature = "tonic")]
    fn of_status(response: &'a Extensions) -> Option<Self> {
        let status: &tonic::Status = response.get()?;
        let source = StdError::source(status)?;
        let (error, is_reported) = match source.downcast_ref() {
            Some(ReportedError(error)) => (error, true),
            None => (source.downcast_ref()?, false),
        };
        let kind = error.kind();
        let says_the_same =
            status.code() as i32 == kind.grpc_code() && status.message() == kind.description();
        says_the_same.then_some(Self { error, is_reported })
    }
}

/// An error that has been reported, as the source of a status, which has no extensions to say so.
#[cfg(feature = "tonic")]
#[derive(Debug)]
pub(crate) struct ReportedError(pub(crate) Error);

#[cfg(feature = "tonic")]
impl fmt::Display for ReportedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was rejected")
    }
}

#[cfg(feature = "tonic")]
impl StdError for ReportedError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}
