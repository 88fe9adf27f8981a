//! Errors as statuses of tonic.

use std::sync::Arc;

use tonic::{Code, Status, metadata::MetadataMap};

use crate::{
    Error,
    response::{Renderer, ReportedError, grpc_details},
    scheme::Scheme,
    telemetry,
};

/// Converts an error into a status, so that a method can use `request.identity()?.require(READ)?`.
///
/// The status contains code, message, challenge and details. Its source is the error, by which an outer
/// [`AuthenticateLayer`](crate::AuthenticateLayer) recognizes it, and adds its own settings, such as the realm. A
/// status at the end of a stream stays unchanged.
///
/// ```
/// use portcullis::{Error, error::TokenFault};
/// use tonic::{Code, Status};
///
/// let status = Status::from(Error::from(TokenFault::Expired));
/// assert_eq!(status.code(), Code::Unauthenticated);
/// assert_eq!(status.message(), "Token expired.");
/// assert!(status.metadata().get("www-authenticate").is_some());
/// ```
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        // Without an outer layer, nothing else reports the error.
        telemetry::rejected(&error, None);
        let metadata = Renderer::stand_alone(&[Scheme::Bearer]).grpc_metadata(&error, None);
        let mut status = Self::with_details_and_metadata(
            Code::from_i32(error.kind().grpc_code()),
            error.kind().description(),
            grpc_details(&error, None).into(),
            MetadataMap::from_headers(metadata),
        );
        status.set_source(Arc::new(ReportedError(error)));
        status
    }
}
