//! The router for security events.

use axum::{Router, routing::post_service};

use crate::security_events::SecurityEvents;

impl SecurityEvents {
    /// Returns a router that receives events at this path. Merge it into a router outside the authentication layer.
    /// Requests with other methods are rejected with 405.
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
    /// Panics if axum doesn't accept the path, for example because it doesn't begin with a slash.
    pub fn router<S: Clone + Send + Sync + 'static>(&self, path: &str) -> Router<S> {
        Router::new().route(path, post_service(self.clone()))
    }
}
