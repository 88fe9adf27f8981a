//! The receiver of events as a route.

use axum::{Router, routing::post_service};

use crate::security_events::SecurityEvents;

impl SecurityEvents {
    /// Returns a router that receives events at this path, to be merged into a router outside of the layer that
    /// authenticates. Requests with other methods get 405.
    ///
    /// ```
    /// use axum::Router;
    /// use portcullis::{JwtVerifier, security_events::SecurityEvents};
    ///
    /// let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
    /// let app: Router = SecurityEvents::builder(verifier).build()?.router("/events");
    /// assert!(app.has_routes());
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the path isn't one that axum accepts, such as one without a slash at its start.
    pub fn router<S: Clone + Send + Sync + 'static>(&self, path: &str) -> Router<S> {
        Router::new().route(path, post_service(self.clone()))
    }
}
