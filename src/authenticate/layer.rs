//! What a service author writes.

use std::sync::Arc;

use tower_layer::Layer;

use super::{Authenticate, policy::Policy};
use crate::{BearerToken, Clock, ErrorBody, SystemClock, Verify, response::Renderer};

/// Authenticates every request with an access token ([RFC 6750]), and renders every refusal, its own
/// and those of the guards, extractors and handlers inside it.
///
/// A request without credentials, or with bad ones, never reaches the inner service. One that is let
/// through carries its [`Identity`](crate::Identity).
///
/// ```
/// # #[cfg(all(feature = "axum", any(feature = "aws-lc-rs", feature = "rust-crypto")))]
/// # fn main() -> Result<(), portcullis::ConfigError> {
/// use axum::{Router, routing::get};
/// use portcullis::{AuthenticateLayer, Identity, JwtVerifier};
///
/// let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
/// let app: Router = Router::new()
///     .route("/me", get(async |identity: Identity| format!("{:?}", identity.subject())))
///     .layer(AuthenticateLayer::bearer(verifier).realm("orders"));
/// # assert!(app.has_routes());
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "axum", any(feature = "aws-lc-rs", feature = "rust-crypto"))))]
/// # fn main() {}
/// ```
///
/// The form-encoded body method of RFC 6750 §2.2 is not supported: it would read every body.
///
/// [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
#[derive(Debug, Clone)]
#[must_use]
pub struct AuthenticateLayer {
    policy: Arc<Policy>,
}

impl AuthenticateLayer {
    /// Accepts `Authorization: Bearer` with tokens that `verifier` accepts.
    pub fn bearer(verifier: impl for<'a> Verify<BearerToken<'a>>) -> Self {
        let renderer =
            Renderer { realm: None, body: ErrorBody::default(), clock: Arc::new(SystemClock) };
        Self {
            policy: Arc::new(Policy {
                bearer: Arc::new(verifier),
                max_token_length: 16 * 1024,
                allow_anonymous: false,
                allow_cors_preflight: false,
                renderer,
            }),
        }
    }

    /// Names the protection space in every challenge ([RFC 9110 §11.5]). None by default.
    ///
    /// [RFC 9110 §11.5]: https://www.rfc-editor.org/rfc/rfc9110#section-11.5
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.policy_mut().renderer.realm = Some(realm.into());
        self
    }

    /// Lets requests without credentials through, without an identity. Bad credentials are refused
    /// all the same. Off by default.
    ///
    /// A scheme that this layer doesn't know counts as no credentials.
    pub fn allow_anonymous(mut self) -> Self {
        self.policy_mut().allow_anonymous = true;
        self
    }

    /// Lets CORS preflight requests through, without an identity, for a CORS layer inside this one.
    /// Off by default; where the CORS layer stands outside, it isn't needed.
    pub fn allow_cors_preflight(mut self) -> Self {
        self.policy_mut().allow_cors_preflight = true;
        self
    }

    /// Refuses longer tokens with 400 before anyone reads them. 16 KiB by default.
    pub fn max_token_length(mut self, bytes: usize) -> Self {
        self.policy_mut().max_token_length = bytes;
        self
    }

    /// How the bodies of refusals look. [`ErrorBody::json`] by default.
    pub fn error_body(mut self, body: ErrorBody) -> Self {
        self.policy_mut().renderer.body = body;
        self
    }

    /// The clock that dates refusals. [`SystemClock`] by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.policy_mut().renderer.clock = Arc::new(clock);
        self
    }

    fn policy_mut(&mut self) -> &mut Policy {
        Arc::make_mut(&mut self.policy)
    }
}

impl<S> Layer<S> for AuthenticateLayer {
    type Service = Authenticate<S>;

    fn layer(&self, inner: S) -> Authenticate<S> {
        Authenticate::new(inner, Arc::clone(&self.policy))
    }
}
