//! The error that a response carries to the layer outside.

use http::Extensions;

use crate::Error;

/// The error that a guard, an extractor or a handler has left in a response, on its own or as the
/// source of a tonic status.
pub(crate) fn carried_error(response: &Extensions) -> Option<&Error> {
    let error = response.get::<Error>();
    #[cfg(feature = "tonic")]
    let error = error.or_else(|| {
        let status: &dyn std::error::Error = response.get::<tonic::Status>()?;
        status.source()?.downcast_ref()
    });
    error
}
