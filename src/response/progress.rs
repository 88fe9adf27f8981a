//! How far the error of a response has been handled.
//!
//! An error passes several places that could report or render it: the guard that raised it, an extractor
//! outside of any layer, nested layers. The state is kept beside the error in the response's extensions, not
//! in the error, which is the user's to clone and to send again.

use http::Extensions;
#[cfg(feature = "tonic")]
use std::{error::Error as StdError, fmt};

use crate::Error;

/// How far the error in the same extensions has been handled. Without it, not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has been logged and counted, and the layer outside renders it.
    Reported,
    /// The response is complete, and layers outside leave it as it is.
    Rendered,
}

/// The error of a response that the layer outside has to render.
#[derive(Debug)]
pub(crate) struct Carried<'a> {
    pub(crate) error: &'a Error,
    pub(crate) is_reported: bool,
}

impl<'a> Carried<'a> {
    /// Finds the error that a guard, an extractor or a handler left in a response: on its own, or as the
    /// source of a tonic status that says the same. `None` if there is none or it has been rendered.
    pub(crate) fn find(response: &'a Extensions) -> Option<Self> {
        let Some(error) = response.get() else {
            #[cfg(feature = "tonic")]
            return of_status(response.get()?);
            #[cfg(not(feature = "tonic"))]
            return None;
        };
        match response.get() {
            Some(Progress::Rendered) => None,
            progress => Some(Self { error, is_reported: progress == Some(&Progress::Reported) }),
        }
    }
}

/// A status with another code or message stays as it is: the handler that gave it our error as its source
/// chose to tell the caller something else.
#[cfg(feature = "tonic")]
fn of_status(status: &tonic::Status) -> Option<Carried<'_>> {
    let source = StdError::source(status)?;
    let (error, is_reported) = match source.downcast_ref() {
        Some(ReportedError(error)) => (error, true),
        None => (source.downcast_ref()?, false),
    };
    let kind = error.kind();
    let says_the_same =
        status.code() as i32 == kind.grpc_code() && status.message() == kind.description();
    says_the_same.then_some(Carried { error, is_reported })
}

/// An error that has been reported, as the source of a status: there are no extensions to say so.
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
