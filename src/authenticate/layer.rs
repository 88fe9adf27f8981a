//! The layer, and its options about verifiers, anonymous requests and policies.

use std::sync::{Arc, OnceLock};

use tower_layer::Layer;

use super::{
    Authenticate,
    challenge_scopes::ChallengeScopes,
    config::{Anonymous, Config},
};
use crate::{
    BasicCredentials, BearerToken, Clock, Policies, Verify,
    credentials::{GuessKey, RequestHead, Sources},
    response::Renderer,
    scheme::Scheme,
    verify::binding::Bindings,
};

/// Authenticates requests with access tokens ([RFC 6750]), and renders all rejections: its own, and those of guards,
/// extractors and handlers inside it.
///
/// A request with missing or invalid credentials never reaches the inner service. An admitted request carries its
/// [`Identity`](crate::Identity).
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
/// Tokens in form-encoded bodies (RFC 6750 §2.2) are not supported, because the layer would have to read every body.
///
/// # Where credentials are read
///
/// `Authorization` is read first, and then the other places, in the order in which they were enabled:
/// [`header`](Self::header), [`query_parameter`](Self::query_parameter), [`cookie`](Self::cookie),
/// [`websocket_protocol`](Self::websocket_protocol), [`source`](Self::source). The first place with credentials is
/// used, whether they are valid or not, and the others aren't read, because browsers always send their cookies, and
/// gateways may add their own tokens.
///
/// Two sets of credentials are rejected with 400 (RFC 6750 §2): two lines of `Authorization`, a list in one line, and
/// `Authorization` together with the query. So are two lines of any other header with credentials.
///
/// Inner services can't log credentials by accident: headers that may contain some are marked as [sensitive](http::HeaderValue::is_sensitive), and tokens in the query and in subprotocols are removed. A
/// response to credentials from another place than `Authorization` gets `Cache-Control: private`, because shared caches
/// only recognize `Authorization` ([RFC 9111 §3.5]).
///
/// # CORS
///
/// Put the CORS layer outside this one. In axum, add it later:
/// `.layer(AuthenticateLayer::bearer(verifier)).layer(CorsLayer::new())`. In a `tower::ServiceBuilder`, add it
/// first. Then it responds to preflights, which never carry credentials, before this layer sees them. It also adds its
/// headers to rejections, because scripts can't read the status without them. Scripts
/// can read `WWW-Authenticate` and `DPoP-Nonce` only if `CorsLayer::expose_headers` lists them. `docs/layers.md` in
/// the repository lists the responses for each order of layers and routers.
///
/// This layer treats a preflight like any other request: without credentials, it is rejected, unless
/// [anonymous requests](Self::allow_anonymous) are let through. So a client can't bypass authentication by
/// sending a request in the form of a preflight to a handler that doesn't expect one.
///
/// [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
/// [RFC 9111 §3.5]: https://www.rfc-editor.org/rfc/rfc9111#section-3.5
#[derive(Debug, Clone)]
#[must_use]
pub struct AuthenticateLayer {
    pub(super) config: Arc<Config>,
}

impl AuthenticateLayer {
    /// Creates a layer that accepts `Authorization: Bearer`, and verifies tokens with `verifier`.
    pub fn bearer(verifier: impl for<'a> Verify<BearerToken<'a>>) -> Self {
        let mut layer = Self::new(Scheme::Bearer);
        layer.config_mut().tokens = Some(Arc::new(verifier));
        layer
    }

    /// Creates a layer that accepts only `Authorization: Basic`, and verifies credentials with `verifier`.
    pub fn basic_only(verifier: impl Verify<BasicCredentials>) -> Self {
        let mut layer = Self::new(Scheme::Basic);
        layer.config_mut().users = Some(Arc::new(verifier));
        layer
    }

    fn new(scheme: Scheme) -> Self {
        Self {
            config: Arc::new(Config {
                sources: Sources::new(scheme),
                tokens: None,
                users: None,
                guess_key: None,
                policies: None,
                reads_mcp_bodies: false,
                bindings: Bindings::default(),
                hierarchy: None,
                context: None,
                challenge_scopes: ChallengeScopes::default(),
                resource: None,
                metadata_document: OnceLock::new(),
                unknown_scopes_logged: OnceLock::new(),
                anonymous: Anonymous::Rejected,
                hide_basic_from_scripts: false,
                speaks_grpc: false,
                renderer: Renderer::new(&[scheme]),
                rejection_headers: Vec::new(),
                records_diagnoses: false,
                subjects: None,
                log: Arc::default(),
            }),
        }
    }

    /// Also accepts `Authorization: Basic` ([RFC 7617]).
    ///
    /// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
    pub fn basic(mut self, verifier: impl Verify<BasicCredentials>) -> Self {
        self.config_mut().users = Some(Arc::new(verifier));
        self.scheme(Scheme::Basic)
    }

    /// Sets the key that failed attempts of Basic authentication are counted by, in addition to the user: usually the
    /// address of the client. None by default.
    ///
    /// Set it for every service that uses Basic authentication. Otherwise, an attacker who guesses
    /// passwords can lock out the user: see
    #[cfg_attr(feature = "basic", doc = "[`BasicVerifier`](crate::BasicVerifier#guess-limit).")]
    #[cfg_attr(not(feature = "basic"), doc = "`BasicVerifier`.")]
    ///
    /// axum puts the address into the request's extensions if the router is served with
    /// `into_make_service_with_connect_info::<SocketAddr>()`; tonic's server does so as
    /// `TcpConnectInfo`. Behind a proxy, all connections come from its address. Then read the header
    /// that the proxy adds or overwrites, and only the part that the proxy itself wrote.
    ///
    /// ```
    /// # #[cfg(all(feature = "axum", feature = "basic"))]
    /// # fn main() -> Result<(), portcullis::ConfigError> {
    /// use std::net::SocketAddr;
    ///
    /// use axum::extract::ConnectInfo;
    /// use portcullis::{
    ///     AuthenticateLayer, BasicVerifier,
    ///     credentials::{GuessKey, RequestHead},
    /// };
    ///
    /// fn client_address(request: &RequestHead<'_>) -> Option<GuessKey> {
    ///     let connection = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    ///     Some(connection.0.into())
    /// }
    ///
    /// let verifier = BasicVerifier::builder(async |_| Ok(None)).build()?;
    /// let layer = AuthenticateLayer::basic_only(verifier).guess_key(client_address);
    /// # let _ = layer;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "axum", feature = "basic")))]
    /// # fn main() {}
    /// ```
    pub fn guess_key(
        mut self,
        key_of: impl Fn(&RequestHead<'_>) -> Option<GuessKey> + Send + Sync + 'static,
    ) -> Self {
        self.config_mut().guess_key = Some(Arc::new(key_of));
        self
    }

    /// Also accepts `Authorization: DPoP`: tokens that are bound to a key of the client, with a proof that the client signs
    /// for each request ([RFC 9449]).
    ///
    /// Bearer tokens are still accepted if they aren't bound, unless the proof is
    /// [required](crate::binding::DpopBuilder::required). Challenges name the algorithms of proofs, and
    /// `DPoP-Nonce` supplies nonces if they are configured.
    ///
    /// ```
    /// # #[cfg(feature = "reqwest")]
    /// # fn main() -> Result<(), portcullis::ConfigError> {
    /// use portcullis::{AuthenticateLayer, JwtVerifier, binding::Dpop};
    ///
    /// let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
    /// let dpop = Dpop::builder("https://api.example").build()?;
    /// let layer = AuthenticateLayer::bearer(verifier).dpop(dpop);
    /// # let _ = layer;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "reqwest"))]
    /// # fn main() {}
    /// ```
    ///
    /// An invalid proof is 401 `invalid_dpop_proof`, and a proof without a current nonce is 401 `use_dpop_nonce`. A bound
    /// token sent as `Bearer`, an unbound one sent as `DPoP`, and a proof of another key are 401 `invalid_token`. A proof next to `Bearer` is 400. If proofs can't be stored, the response is 503.
    ///
    /// [RFC 9449]: https://www.rfc-editor.org/rfc/rfc9449
    #[cfg(all(feature = "dpop", feature = "_jwt"))]
    pub fn dpop(mut self, dpop: crate::binding::Dpop) -> Self {
        let config = self.config_mut();
        let allows_bearer = !dpop.is_required();
        config.sources.set_dpop(allows_bearer);
        config.renderer.set_dpop(&dpop.algorithms(), allows_bearer);
        config.bindings.dpop = Some(dpop);
        self
    }

    /// Accepts tokens that are bound to a client certificate, together with that certificate ([RFC 8705 §3]).
    ///
    /// Unbound tokens are still accepted, unless a binding is
    /// [required](crate::binding::ClientCertificatesBuilder::required). With [`dpop`](Self::dpop) too, a token may
    /// be bound to a key or to a certificate; if it is bound to both, both are verified.
    ///
    /// ```
    /// # #[cfg(all(feature = "_jwt", feature = "reqwest"))]
    /// # fn main() -> Result<(), portcullis::ConfigError> {
    /// use portcullis::{AuthenticateLayer, JwtVerifier, binding::ClientCertificates};
    ///
    /// let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
    /// let certificates = ClientCertificates::from_connection().build()?;
    /// let layer = AuthenticateLayer::bearer(verifier).client_certificates(certificates);
    /// # let _ = layer;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "_jwt", feature = "reqwest")))]
    /// # fn main() {}
    /// ```
    ///
    /// A bound token without a certificate, or with another one, is 401 `invalid_token`. So is one for which a
    /// trusted proxy sends a malformed header.
    ///
    /// [RFC 8705 §3]: https://www.rfc-editor.org/rfc/rfc8705#section-3
    #[cfg(feature = "client-certificates")]
    pub fn client_certificates(mut self, certificates: crate::binding::ClientCertificates) -> Self {
        self.config_mut().bindings.certificates = Some(certificates);
        self
    }

    /// Admits requests without credentials, without an identity. Off by default.
    ///
    /// Credentials of a scheme that this layer doesn't accept are ignored. Invalid credentials are still rejected, even on
    /// public routes, so that a client with an expired token learns that it needs a new one. For the opposite, see [`anonymous_with_invalid_token`](super::Dangerous::anonymous_with_invalid_token).
    pub fn allow_anonymous(mut self) -> Self {
        self.config_mut().anonymous = Anonymous::WithoutCredentials;
        self
    }

    /// Applies policies to each request, by its method and path. Requests without a matching row are rejected. None by
    /// default.
    ///
    /// A request without credentials is rejected with 401 unless its row is
    /// [`Access::Anonymous`](crate::Access::Anonymous): [`allow_anonymous`](Self::allow_anonymous) makes
    /// no difference then. With credentials, a request that is denied or not listed gets 403.
    ///
    /// ```
    /// # #[cfg(feature = "axum")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), portcullis::ConfigError> {
    /// use axum::{Router, body::Body, routing::get};
    /// use http::{Method, Request};
    /// use portcullis::{Access, AuthenticateLayer, Policies};
    /// use tower::ServiceExt;
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # let verifier = Nobody;
    ///
    /// let policies = Policies::builder().route(Method::GET, "/", Access::Anonymous).build()?;
    /// let app: Router = Router::new()
    ///     .route("/", get("hello"))
    ///     .route("/admin", get("nobody thought of a policy for this"))
    ///     .layer(AuthenticateLayer::bearer(verifier).policies(policies));
    ///
    /// for (path, status) in [("/", 200), ("/admin", 401)] {
    ///     let request = Request::get(path).body(Body::empty()).unwrap();
    ///     assert_eq!(app.clone().oneshot(request).await.unwrap().status(), status);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "axum"))]
    /// # fn main() {}
    /// ```
    pub fn policies(mut self, policies: Policies) -> Self {
        let config = self.config_mut();
        config.speaks_grpc |= policies.has_grpc_rows();
        config.policies = Some(policies);
        config.prepare_challenge_scopes();
        self
    }

    /// Sets the clock for the dates of rejections, and for the age of an
    /// [authentication](crate::identity::Authentication::max_age) is measured.
    /// [`SystemClock`](crate::clock::SystemClock) by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        let config = self.config_mut();
        config.renderer.clock = Arc::new(clock);
        config.prepare_context();
        self
    }

    pub(super) fn scheme(mut self, scheme: Scheme) -> Self {
        let config = self.config_mut();
        if !config.sources.schemes.contains(&scheme) {
            config.sources.schemes.push(scheme);
            config.renderer.add_scheme(scheme);
        }
        self
    }

    pub(super) fn config_mut(&mut self) -> &mut Config {
        let config = Arc::make_mut(&mut self.config);
        // They belong to the previous configuration.
        config.metadata_document = OnceLock::new();
        config.unknown_scopes_logged = OnceLock::new();
        config
    }
}

impl<S> Layer<S> for AuthenticateLayer {
    type Service = Authenticate<S>;

    fn layer(&self, inner: S) -> Authenticate<S> {
        // Rendered here, so that requests only read it.
        self.config.metadata_document();
        self.config.log_unknown_scopes();
        Authenticate::new(inner, Arc::clone(&self.config))
    }
}
