//! What a service author writes.

use std::sync::Arc;

use http::HeaderName;
use tower_layer::Layer;

use super::{Authenticate, config::Config};
use crate::BasicCredentials;
use crate::{
    BearerToken, Clock, Error, ErrorBody, Policies, Verify,
    credentials::{RequestHead, Sources, TokenCookie},
    response::Renderer,
    scheme::Scheme,
};

/// Authenticates every request with an access token ([RFC 6750]), and renders every rejection, its own
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
/// # CORS
///
/// Put the CORS layer outside this one. In axum, that is the one that is added later:
/// `.layer(AuthenticateLayer::bearer(verifier)).layer(CorsLayer::new())`. In a `tower::ServiceBuilder`, it is
/// the one that is added first. It then answers preflights, which never carry credentials, before this layer
/// sees them, and it adds its headers to rejections too, without which a script can't read their status.
///
/// This layer treats a preflight like any other request: without credentials, it is rejected, unless
/// [anonymous requests](Self::allow_anonymous) are let through. So a client can't bypass authentication by
/// sending a request in the form of a preflight to a handler that doesn't expect one.
///
/// [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
#[derive(Debug, Clone)]
#[must_use]
pub struct AuthenticateLayer {
    config: Arc<Config>,
}

impl AuthenticateLayer {
    /// Accepts `Authorization: Bearer` with tokens that `verifier` accepts.
    pub fn bearer(verifier: impl for<'a> Verify<BearerToken<'a>>) -> Self {
        let mut layer = Self::new(Scheme::Bearer);
        layer.config_mut().tokens = Some(Arc::new(verifier));
        layer
    }

    /// Accepts `Authorization: Basic` with credentials that `verifier` accepts, and no tokens.
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
                policies: None,
                allow_anonymous: false,
                speaks_grpc: false,
                renderer: Renderer::new(&[scheme]),
            }),
        }
    }

    /// Accepts `Authorization: Basic` too ([RFC 7617]).
    ///
    /// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
    pub fn basic(mut self, verifier: impl Verify<BasicCredentials>) -> Self {
        self.config_mut().users = Some(Arc::new(verifier));
        self.scheme(Scheme::Basic)
    }

    /// Accepts `Authorization: token …` too: an access token under another scheme's name, as some
    /// services have it. A new service should ask for Bearer.
    pub fn token_scheme(self) -> Self {
        self.scheme(Scheme::Token)
    }

    /// Looks at this header too, in which clients send what belongs into `Authorization`, such as
    /// `Authentication: Bearer …`. A request with both is rejected with 400.
    pub fn header(mut self, name: HeaderName) -> Self {
        let headers = &mut self.config_mut().sources.headers;
        if !headers.contains(&name) {
            headers.push(name);
        }
        self
    }

    /// Looks at the query parameter `access_token` too ([RFC 6750 §2.3]).
    ///
    /// Tokens in URLs end up in logs and histories: only for clients that can do no better. The
    /// parameter is taken out of the URI that inner services and error bodies see, axum's `OriginalUri`
    /// too, and 2xx responses get `Cache-Control: private`. What stands outside this layer sees it.
    ///
    /// [RFC 6750 §2.3]: https://www.rfc-editor.org/rfc/rfc6750#section-2.3
    pub fn query_parameter(mut self) -> Self {
        self.config_mut().sources.query = true;
        self
    }

    /// Looks at this cookie too, for `GET`, `HEAD` and `OPTIONS` only.
    ///
    /// A browser sends cookies along with requests that other sites make (CSRF), so for methods that
    /// may change something, and for a WebSocket, the cookie isn't looked at: see
    /// [`cookie_for_every_method`](Self::cookie_for_every_method).
    pub fn cookie(self, name: impl Into<String>) -> Self {
        self.with_cookie(name.into(), false)
    }

    /// Looks at this cookie too, whatever the method. Whoever calls this says: the service keeps
    /// other sites from making requests in its users' names, by `SameSite=Strict` or `Lax` and a
    /// check of `Origin`, or by CSRF tokens.
    pub fn cookie_for_every_method(self, name: impl Into<String>) -> Self {
        self.with_cookie(name.into(), true)
    }

    /// Looks at the subprotocols of a WebSocket handshake too, for a token after the subprotocol
    /// `bearer`: `new WebSocket(url, ["bearer", token])`. A browser's script can put it nowhere else.
    /// Over HTTP/2 the handshake is a `CONNECT` ([RFC 8441]).
    ///
    /// The token is taken out of what inner services see, and the handshake is answered with
    /// `bearer` unless an inner service chooses another subprotocol.
    ///
    /// [RFC 8441]: https://www.rfc-editor.org/rfc/rfc8441
    pub fn websocket_protocol(mut self) -> Self {
        self.config_mut().sources.websocket = true;
        self
    }

    /// Looks for an access token where `source` does. It must be one that could stand in a header.
    ///
    /// ```
    /// use portcullis::{AuthenticateLayer, credentials::RequestHead};
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # let verifier = Nobody;
    ///
    /// let layer = AuthenticateLayer::bearer(verifier).source(|request: &RequestHead<'_>| {
    ///     let key = request.headers().get("x-api-key").and_then(|key| key.to_str().ok());
    ///     Ok(key.map(str::to_owned))
    /// });
    /// # let _ = layer;
    /// ```
    pub fn source(
        mut self,
        source: impl Fn(&RequestHead<'_>) -> Result<Option<String>, Error> + Send + Sync + 'static,
    ) -> Self {
        self.config_mut().sources.custom.push(Arc::new(source));
        self
    }

    /// Names the protection space in every challenge ([RFC 9110 §11.5]). None by default.
    ///
    /// [RFC 9110 §11.5]: https://www.rfc-editor.org/rfc/rfc9110#section-11.5
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.config_mut().renderer.set_realm(realm.into());
        self
    }

    /// Lets requests without credentials through, without an identity. Bad credentials are rejected
    /// all the same. Off by default.
    ///
    /// A scheme that this layer doesn't know counts as no credentials.
    pub fn allow_anonymous(mut self) -> Self {
        self.config_mut().allow_anonymous = true;
        self
    }

    /// Asks of each request what a table says of its method and path, and lets nothing else through.
    /// None by default.
    ///
    /// A request without credentials is rejected with 401 unless its row is
    /// [`Access::Anonymous`](crate::Access::Anonymous): [`allow_anonymous`](Self::allow_anonymous) makes
    /// no difference then. With credentials, what is denied or not listed is 403.
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
    /// #         portcullis::Verification::ready(Err(portcullis::TokenFault::Revoked.into()))
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
        self
    }

    /// Rejects gRPC and grpc-web calls with gRPC statuses.
    ///
    /// A call is a POST whose `content-type` is `application/grpc` or `application/grpc-web`. Its rejection has
    /// the HTTP status 200, no body, and the headers `grpc-status`, `grpc-message`, `grpc-status-details-bin`
    /// and `www-authenticate`. [`Policies`] with a row for a gRPC method enable this too.
    ///
    /// By default, every rejection has its HTTP status. It is the client who chooses the `content-type`, so
    /// don't enable this where something else relies on the status: a proxy that asks this service whether a
    /// request may pass (Envoy's `ext_authz` over HTTP), or logs and alerts about an API without gRPC.
    ///
    /// ```
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::{Request, Response};
    /// use portcullis::AuthenticateLayer;
    /// use tower::{Layer, ServiceExt, service_fn};
    /// # let verifier = Nobody;
    ///
    /// let inner = service_fn(async |_: Request<()>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// });
    /// let service = AuthenticateLayer::bearer(verifier).grpc().layer(inner);
    ///
    /// let call = Request::post("/orders.Orders/Create").header("content-type", "application/grpc");
    /// let rejected = service.oneshot(call.body(())?).await?;
    /// assert_eq!(rejected.status(), 200);
    /// assert_eq!(rejected.headers()["grpc-status"], "16");
    /// # Ok(())
    /// # }
    /// ```
    pub fn grpc(mut self) -> Self {
        self.config_mut().speaks_grpc = true;
        self
    }

    /// Rejects longer tokens with 400 before anyone reads them. 16 KiB by default.
    pub fn max_token_length(mut self, bytes: usize) -> Self {
        self.config_mut().sources.max_token_length = bytes;
        self
    }

    /// How the bodies of rejections look. [`ErrorBody::json`] by default.
    pub fn error_body(mut self, body: ErrorBody) -> Self {
        self.config_mut().renderer.body = body;
        self
    }

    /// The clock that dates rejections. [`SystemClock`](crate::SystemClock) by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.config_mut().renderer.clock = Arc::new(clock);
        self
    }

    fn scheme(mut self, scheme: Scheme) -> Self {
        let config = self.config_mut();
        if !config.sources.schemes.contains(&scheme) {
            config.sources.schemes.push(scheme);
            config.renderer.add_scheme(scheme);
        }
        self
    }

    fn with_cookie(mut self, name: String, for_every_method: bool) -> Self {
        let name = name.into_boxed_str();
        self.config_mut().sources.cookie = Some(TokenCookie { name, for_every_method });
        self
    }

    fn config_mut(&mut self) -> &mut Config {
        Arc::make_mut(&mut self.config)
    }
}

impl<S> Layer<S> for AuthenticateLayer {
    type Service = Authenticate<S>;

    fn layer(&self, inner: S) -> Authenticate<S> {
        Authenticate::new(inner, Arc::clone(&self.config))
    }
}
