//! The error as a status.

use std::sync::Arc;

use tonic::{Code, Status, metadata::MetadataMap};

use crate::{
    Error,
    response::{Renderer, ReportedError, grpc_details},
    scheme::Scheme,
    telemetry,
};

/// For methods: `request.identity()?.require(READ)?`.
///
/// The status has code, message, challenge and details, and the error as its source. The
/// [`AuthenticateLayer`](crate::AuthenticateLayer) outside knows it by that, and adds what only it
/// knows, such as the realm. Where a status comes at the end of a stream it stays as it is.
///
/// ```
/// use portcullis::{Error, TokenFault};
/// use tonic::{Code, Status};
///
/// let status = Status::from(Error::from(TokenFault::Expired));
/// assert_eq!(status.code(), Code::Unauthenticated);
/// assert_eq!(status.message(), "Token expired.");
/// assert!(status.metadata().get("www-authenticate").is_some());
/// ```
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        // Where no layer stands outside, nobody else tells of it.
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
