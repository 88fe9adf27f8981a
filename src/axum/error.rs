//! The error as a response.

use axum::response::{IntoResponse, Response};

use crate::{Error, response::stand_alone};

/// For extractors and handlers: the [`AuthenticateLayer`](crate::AuthenticateLayer) outside renders
/// it anew, in its own form. Without one it is status, challenge and OAuth's own body.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        stand_alone(self)
    }
}
