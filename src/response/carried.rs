//! The error that a response carries to the layer outside.

use http::Extensions;

use crate::Error;

/// The error that a guard, an extractor or a handler has left in a response, on its own or as the
/// source of a tonic status that says the same.
pub(crate) fn carried_error(response: &Extensions) -> Option<&Error> {
    let error = response.get::<Error>();
    #[cfg(feature = "tonic")]
    let error = error.or_else(|| error_of(response.get()?));
    error
}

/// A status with another code or message stays as it is: whoever gave it our error as its source
/// chose to tell the caller something else.
#[cfg(feature = "tonic")]
fn error_of(status: &tonic::Status) -> Option<&Error> {
    let error: &Error = std::error::Error::source(status)?.downcast_ref()?;
    let kind = error.kind();
    let says_the_same =
        status.code() as i32 == kind.grpc_code() && status.message() == kind.description();
    says_the_same.then_some(error)
}
