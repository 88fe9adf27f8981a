//! Errors as responses of axum.

use axum::response::{IntoResponse, Response};

use crate::{
    Error,
    credentials::{Credentials, CredentialsRejection},
    response::stand_alone,
    scheme::Scheme,
};

/// Renders the error with status, challenge and the body format of OAuth. If the handler or extractor is inside an
/// [`AuthenticateLayer`](crate::AuthenticateLayer), the layer renders it again, with its own format.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        stand_alone(self, &[Scheme::Bearer])
    }
}

/// Asks for the scheme that the client used, or for every scheme if that isn't known.
impl IntoResponse for CredentialsRejection {
    fn into_response(self) -> Response {
        let schemes = self.scheme.map_or(Credentials::SCHEMES, Scheme::alone);
        stand_alone(self.error, schemes)
    }
}
