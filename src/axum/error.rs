//! The error as a response.

use axum::response::{IntoResponse, Response};

use crate::{
    Credentials, Error, credentials::CredentialsRejection, response::stand_alone, scheme::Scheme,
};

/// For extractors and handlers: the [`AuthenticateLayer`](crate::AuthenticateLayer) outside renders
/// it anew, in its own form. Without one it is status, challenge and OAuth's own body.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        stand_alone(self, &[Scheme::Bearer])
    }
}

/// Asks for the scheme that was used, or for every scheme if that can't be told.
impl IntoResponse for CredentialsRejection {
    fn into_response(self) -> Response {
        let schemes = self.scheme.map_or(Credentials::SCHEMES, Scheme::alone);
        stand_alone(self.error, schemes)
    }
}
