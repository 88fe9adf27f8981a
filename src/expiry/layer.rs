//! What a service author writes.

use std::{sync::Arc, time::Duration};

use tower_layer::Layer;

use super::EndAtExpiry;
use crate::{Clock, SystemClock};

/// Ends responses that still go on when the token of their request expires.
///
/// A response to a gRPC call ends with the status `UNAUTHENTICATED`, and server-sent events just end,
/// whereupon the browser asks again. Any other body is broken off, so that nobody takes it for whole.
///
/// It stands inside [`AuthenticateLayer`](crate::AuthenticateLayer), around what streams. It needs
/// tokio's time. A WebSocket has no body to end: see [`Identity::expired`](crate::Identity::expired).
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use portcullis::{AuthenticateLayer, EndAtExpiryLayer};
/// # #[derive(Debug)] struct Nobody;
/// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
/// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
/// #         portcullis::Verification::ready(Err(portcullis::TokenFault::Revoked.into()))
/// #     }
/// # }
/// # let verifier = Nobody;
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
    /// Ends them when [`Identity::expired`](crate::Identity::expired) does.
    pub fn new() -> Self {
        Self { leeway: None, clock: Arc::new(SystemClock) }
    }

    /// How long after `exp` they end. 60 s by default: until then verifiers accept the token, too. It
    /// should be no less than theirs, or a request that is let through late loses its response.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = Some(leeway);
        self
    }

    /// The clock to go by. [`SystemClock`] by default.
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
