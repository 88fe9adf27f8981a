//! The layer that ends responses when their token expires.

use std::{sync::Arc, time::Duration};

use tower_layer::Layer;

use super::EndAtExpiry;
use crate::{Clock, clock::SystemClock};

/// Ends responses that are still in progress when the token of their request expires.
///
/// How a response ends depends on its `content-type`:
///
/// - A gRPC or grpc-web response ends with the status `UNAUTHENTICATED`.
/// - Server-sent events (`text/event-stream`) end without an error, so that the browser reconnects.
/// - Any other body is aborted, so that no client mistakes it for complete.
///
/// Place the layer inside [`AuthenticateLayer`](crate::AuthenticateLayer), around the services that stream. If no
/// authentication layer ran, it rejects every request with 500 and logs an error. It requires a tokio runtime with time
/// enabled. A WebSocket has no response body to end: see [`Identity::expired`](crate::Identity::expired).
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use portcullis::{AuthenticateLayer, EndAtExpiryLayer};
/// # #[derive(Debug)] struct RejectAll;
/// # impl portcullis::Verify<portcullis::BearerToken<'_>> for RejectAll {
/// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
/// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
/// #     }
/// # }
/// # let verifier = RejectAll;
///
/// let app: Router = Router::new()
///     .route("/events", get("…").layer(EndAtExpiryLayer::new()))
///     .layer(AuthenticateLayer::bearer(verifier));
/// # assert!(app.has_routes());
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct EndAtExpiryLayer {
    leeway: Option<Duration>,
    clock: Arc<dyn Clock>,
}

impl EndAtExpiryLayer {
    /// Creates a layer that ends responses when [`Identity::expired`](crate::Identity::expired) completes.
    pub fn new() -> Self {
        Self { leeway: None, clock: Arc::new(SystemClock) }
    }

    /// Sets how long after `exp` responses end. The default is 60 s, which is also the default leeway of verifiers. Set
    /// it to at least their leeway. Otherwise, a request with a token that is accepted within the leeway loses its
    /// response.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = Some(leeway);
        self
    }

    /// Sets the clock. The default is [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl Default for EndAtExpiryLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for EndAtExpiryLayer {
    type Service = EndAtExpiry<S>;

    fn layer(&self, inner: S) -> EndAtExpiry<S> {
        EndAtExpiry::new(inner, self.leeway, Arc::clone(&self.clock))
    }
}
