//! The service that serves the metadata document.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, StatusCode};
use tower_service::Service;

use super::MetadataDocument;

/// A tower service that serves the metadata of a protected resource, for any router. See
/// [`AuthenticateLayer::resource_service`](crate::AuthenticateLayer::resource_service).
///
/// It responds to `GET`, `HEAD` and `OPTIONS` on any path, and rejects other methods with 405. Its
/// responses allow any origin, so browser clients need no CORS layer for it.
#[derive(Debug, Clone)]
pub struct MetadataService {
    document: Option<Arc<MetadataDocument>>,
}

impl MetadataService {
    pub(crate) const fn new(document: Option<Arc<MetadataDocument>>) -> Self {
        Self { document }
    }

    /// Returns the paths at which the document has to be served: the well-known path followed by that of the resource,
    /// and also the one without if that is [enabled](super::ProtectedResourceBuilder::also_at_root).
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.document.iter().flat_map(|document| document.paths.iter().map(|path| &**path))
    }
}

impl<B> Service<Request<B>> for MetadataService {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(if let Some(document) = &self.document {
            document.respond(request.method())
        } else {
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }))
    }
}
