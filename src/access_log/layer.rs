//! The layer that records identities in spans.

use std::sync::Arc;

use tower_layer::Layer;

use super::{RecordIdentity, SubjectField};

/// Records the identity of each request in the current span: `issuer`, `client_id`, and `subject` if it is enabled.
///
/// Place it inside [`AuthenticateLayer`](crate::AuthenticateLayer), and create the span in a layer outside. Fields that
/// the span doesn't declare are ignored.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use portcullis::{AuthenticateLayer, access_log::{RecordIdentityLayer, SubjectField}};
/// # use portcullis::{BearerToken, Identity, Verification, Verify};
/// # struct Anyone;
/// # impl Verify<BearerToken<'_>> for Anyone {
/// #     fn verify(&self, _: BearerToken<'_>) -> Verification {
/// #         Verification::ready(Ok(Identity::assertion().build()))
/// #     }
/// # }
/// # let verifier = Anyone;
///
/// let app: Router = Router::new()
///     .route("/", get("…"))
///     .layer(RecordIdentityLayer::new(SubjectField::omitted()))
///     .layer(AuthenticateLayer::bearer(verifier));
/// # assert!(app.has_routes());
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RecordIdentityLayer {
    subject: Arc<SubjectField>,
}

impl RecordIdentityLayer {
    /// Creates a layer that records subjects in this form.
    pub fn new(subject: SubjectField) -> Self {
        Self { subject: Arc::new(subject) }
    }
}

impl<S> Layer<S> for RecordIdentityLayer {
    type Service = RecordIdentity<S>;

    fn layer(&self, inner: S) -> RecordIdentity<S> {
        RecordIdentity::new(inner, Arc::clone(&self.subject))
    }
}
