//! Tracks whether the error of a response was already logged and rendered.
//!
//! Several places could report or render an error: the guard that rejected the request, an extractor without a layer,
//! nested layers. The state is kept in the extensions of the response and not in the error, because users may clone an
//! error and return it again.

#[cfg(feature = "tonic")]
use std::{error::Error as StdError, fmt};

use http::Extensions;

use crate::Error;

/// The error of a response that shows it. Outer layers leave such a response unchanged.
#[derive(Debug, Clone)]
pub(crate) struct Rendered(pub(crate) Error);

/// Marks the error in the same extensions as logged and counted.
// A unit struct, so that inserting it allocates nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported;

/// The error of a response that an outer layer has to render.
#[derive(Debug)]
pub(crate) struct Carried<'a> {
    pub(crate) error: &'a Error,
    pub(crate) is_reported: bool,
}

impl Error {
    /// Returns the error with which a request was rejected, for layers that log or count responses. It is stored in the
    /// extensions of the response, in a form that only this function reads, or as the source of a tonic status.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use http::{Request, Response};
    /// use portcullis::{AuthenticateLayer, Error, ErrorKind};
    /// # use portcullis::{BearerToken, Verification, Verify, error::TokenFault};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// # #[derive(Debug)] struct RejectAll;
    /// # impl Verify<BearerToken<'_>> for RejectAll {
    /// #     fn verify(&self, _: BearerToken<'_>) -> Verification {
    /// #         Verification::ready(Err(TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # let verifier = RejectAll;
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
        let rendered = response.get().map(|Rendered(error)| error);
        let unrendered = || response.get();
        let of_status = || Carried::of_status(response).map(|carried| carried.error);
        rendered.or_else(unrendered).or_else(of_status)
    }
}

impl<'a> Carried<'a> {
    /// Finds the error that a guard, an extractor or a handler left in a response, directly or as the source of an
    /// equivalent tonic status. Returns `None` if there is none, or if it was already rendered.
    #[inline]
    pub(crate) fn find(response: &'a Extensions) -> Option<Self> {
        if response.is_empty() { None } else { Self::find_in(response) }
    }

    fn find_in(response: &'a Extensions) -> Option<Self> {
        if response.get::<Rendered>().is_some() {
            return None;
        }
        let Some(error) = response.get() else { return Self::of_status(response) };
        let is_reported = response.get::<Reported>().is_some();
        Some(Self { error, is_reported })
    }

    #[cfg(not(feature = "tonic"))]
    fn of_status(_response: &Extensions) -> Option<Self> {
        None
    }

    /// Finds the error in a tonic status. A status with a different code or message stays unchanged, because the
    /// handler that set the error as its source chose to return something else to the client.
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

/// Marks an error as reported when it is the source of a status, which has no extensions for a marker.
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
