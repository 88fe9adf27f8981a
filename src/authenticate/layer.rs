//! What a service author writes.

use std::sync::{Arc, OnceLock};

use http::HeaderName;
use tower_layer::Layer;

use super::{
    Authenticate,
    challenge_scopes::ChallengeScopes,
    config::{Anonymous, Config},
};
use crate::{
    BasicCredentials, BearerToken, Clock, Error, ErrorBody, GuessKey, Policies, Verify,
    credentials::{RequestHead, Sources, TokenCharacters, TokenCookie, TokenHeader},
    response::Renderer,
    scheme::Scheme,
    verify::binding::Bindings,
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
/// # Where credentials are read
///
/// In `Authorization`, and then in the other places, in the order in which they were enabled:
/// [`header`](Self::header), [`query_parameter`](Self::query_parameter), [`cookie`](Self::cookie),
/// [`websocket_protocol`](Self::websocket_protocol), [`source`](Self::source). The first place with credentials is
/// used, whether they are valid or not, and the rest isn't read: browsers always send their cookies, and gateways may
/// add tokens of their own. A place that isn't enabled isn't read at all.
///
/// Where RFC 6750 §2 says so, two sets of credentials are rejected with 400: two lines of `Authorization`, a list in
/// one line, and `Authorization` together with the query. So are two lines of any other header with credentials.
///
/// Before inner services see a request, its credentials are hidden from logs: headers that may contain some are
/// marked as [sensitive](http::HeaderValue::is_sensitive), and tokens in the query and in subprotocols are removed. A
/// response to credentials that were not in `Authorization` gets `Cache-Control: private`, because shared caches
/// store no response to a request with `Authorization` ([RFC 9111 §3.5]), but know of no other place.
///
/// # CORS
///
/// Put the CORS layer outside this one. In axum, that is the one that is added later:
/// `.layer(AuthenticateLayer::bearer(verifier)).layer(CorsLayer::new())`. In a `tower::ServiceBuilder`, it is
/// the one that is added first. It then answers preflights, which never carry credentials, before this layer
/// sees them, and it adds its headers to rejections too, without which a script can't read their status. Scripts
/// can read `WWW-Authenticate` and `DPoP-Nonce` only if `CorsLayer::expose_headers` lists them. `docs/layers.md` in
/// the repository says what each order of layers and routers returns.
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
                log: Arc::default(),
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

    /// Sets by what failed attempts of Basic authentication are counted beside the user: usually the
    /// address of the client. None by default.
    ///
    /// Set it for every service that uses Basic authentication. With it, an attacker who guesses passwords
    /// can't keep out a user with the correct one for long: see
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
    /// use portcullis::{AuthenticateLayer, BasicVerifier, GuessKey, credentials::RequestHead};
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

    /// Accepts `Authorization: token …` too: an access token under another scheme's name, as some
    /// services have it. A new service should ask for Bearer.
    pub fn token_scheme(self) -> Self {
        self.scheme(Scheme::Token)
    }

    /// Reads this header too: a name, for a header in the form of `Authorization` such as
    /// `Authentication: Bearer …`, or a [`TokenHeader`], for a token without a scheme.
    ///
    /// A request in which the header appears twice is rejected with 400.
    pub fn header(mut self, header: impl Into<TokenHeader>) -> Self {
        self.config_mut().sources.add_header(header.into());
        self
    }

    /// Reads the query parameter `access_token` too ([RFC 6750 §2.3]).
    ///
    /// Tokens in URLs end up in logs and histories, so enable this only for clients that can't do better. A request
    /// with credentials in both `Authorization` and the query is rejected with 400. The parameter is removed from
    /// the URI that inner services and error bodies see, including axum's `OriginalUri`, whether it was used or
    /// not. What is outside this layer sees it. Responses with a status of 2xx or 304 get `Cache-Control: private`.
    ///
    /// [RFC 6750 §2.3]: https://www.rfc-editor.org/rfc/rfc6750#section-2.3
    pub fn query_parameter(mut self) -> Self {
        self.config_mut().sources.add_query();
        self
    }

    /// Reads this cookie too, for `GET`, `HEAD` and `OPTIONS`.
    ///
    /// A browser also sends cookies with requests that other sites make (CSRF). So the cookie isn't read for methods
    /// that may change something, nor for a WebSocket: see [`cookie_for_every_method`](Self::cookie_for_every_method).
    ///
    /// A token that is too long for one cookie is read from the cookies `name.0`, `name.1` and so on, at most 16 of
    /// them, if there is no cookie `name`. Of two cookies with the same name, the first one is used. The service is
    /// responsible for the cookie's attributes: `Secure`, `HttpOnly`, `SameSite`, and a name that begins with
    /// `__Host-`.
    pub fn cookie(self, name: impl Into<String>) -> Self {
        self.with_cookie(name.into(), false)
    }

    /// Reads this cookie too, for every method and for a WebSocket.
    ///
    /// With this, the service has to prevent requests that other sites make in the name of its users: by
    /// `SameSite=Strict` or `Lax` together with a check of `Origin`, or by CSRF tokens. As a second line of defence,
    /// the cookie isn't read if the browser says that the request comes from another site
    /// (`Sec-Fetch-Site: cross-site`), except for `GET`, `HEAD` and `OPTIONS` without an upgrade. Older browsers
    /// don't say so, and Chromium doesn't with the handshake of a WebSocket: any site may open one, so the check of
    /// `Origin` is indispensable there.
    pub fn cookie_for_every_method(self, name: impl Into<String>) -> Self {
        self.with_cookie(name.into(), true)
    }

    /// Reads the subprotocols of a WebSocket handshake too, the only place where a script in a browser can put a
    /// token. Over HTTP/2, the handshake is a `CONNECT` ([RFC 8441]).
    ///
    /// The token follows the subprotocol `bearer`: `new WebSocket(url, ["bearer", token])`. The form of Kubernetes is
    /// accepted too: `base64url.bearer.authorization.k8s.io.` and then the token in base64url, as one subprotocol
    /// beside those of the application.
    ///
    /// Inner services don't see the token. If a client offers `bearer`, and no inner service chooses another
    /// subprotocol, this layer chooses `bearer`.
    ///
    /// [RFC 8441]: https://www.rfc-editor.org/rfc/rfc8441
    pub fn websocket_protocol(mut self) -> Self {
        self.config_mut().sources.add_websocket();
        self
    }

    /// Reads an access token from where `source` finds it. The token must have the form that it has in
    /// `Authorization: Bearer`.
    ///
    /// An error rejects the request. Mark a header that the function reads as sensitive yourself, outside this layer,
    /// because this layer doesn't know it.
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
    ///     let ticket = request.uri().query().and_then(|query| query.strip_prefix("ticket="));
    ///     Ok(ticket.map(str::to_owned))
    /// });
    /// # let _ = layer;
    /// ```
    pub fn source(
        mut self,
        source: impl Fn(&RequestHead<'_>) -> Result<Option<String>, Error> + Send + Sync + 'static,
    ) -> Self {
        self.config_mut().sources.add_custom(Arc::new(source));
        self
    }

    /// Doesn't read `Authorization`, which belongs to something else: a gateway that authenticates itself, or a
    /// second layer.
    ///
    /// Enable another place, or every request lacks credentials. Challenges stay the same, because a 401 needs one
    /// ([RFC 9110 §15.5.2]).
    ///
    /// ```
    /// use http::HeaderName;
    /// use portcullis::AuthenticateLayer;
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # let verifier = Nobody;
    ///
    /// // Google's API Gateway puts a token of its own into `Authorization`, and the client's here.
    /// let layer = AuthenticateLayer::bearer(verifier)
    ///     .header(HeaderName::from_static("x-forwarded-authorization"))
    ///     .without_authorization_header();
    /// # let _ = layer;
    /// ```
    ///
    /// [RFC 9110 §15.5.2]: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
    pub fn without_authorization_header(mut self) -> Self {
        self.config_mut().sources.authorization = false;
        self
    }

    /// Accepts `Authorization: DPoP` too: tokens that are bound to a key of the client, each with a proof that the
    /// client signs for the request ([RFC 9449]).
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
    /// A fault in the proof is 401 `invalid_dpop_proof`, a proof without a current nonce 401 `use_dpop_nonce`. A
    /// bound token sent as `Bearer`, an unbound one sent as `DPoP`, and a proof of another key are 401
    /// `invalid_token`. A proof next to `Bearer` is 400. If proofs can't be stored, the response is 503.
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

    /// Leaves out a check on purpose. Each method says what is lost.
    pub fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }

    /// Records why requests are rejected in [`Error::diagnosis`], also if no subscriber of `tracing` reads `DEBUG` events
    /// with the target `portcullis`. Off by default, because it costs some microseconds for each rejection.
    ///
    /// For layers that log responses themselves: see [`Error::from_extensions`]. What guards inside reject is not
    /// recorded by this option.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use http::{Request, Response};
    /// use portcullis::{AuthenticateLayer, Error, testing::TestIssuer};
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// let issuer = TestIssuer::new();
    /// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
    /// let service = AuthenticateLayer::bearer(verifier)
    ///     .record_diagnoses()
    ///     .layer(service_fn(async |_: Request<()>| {
    ///         Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    ///     }));
    ///
    /// let token = issuer.token().audience("https://api.example/").mint();
    /// let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(()).unwrap();
    /// let response = service.oneshot(request).await.unwrap();
    /// let error = Error::from_extensions(response.extensions()).unwrap();
    /// let finding = error.diagnosis().unwrap().finding();
    /// assert_eq!(finding.rule(), "aud");
    /// assert_eq!(finding.expected_value(), Some("https://api.example"));
    /// assert_eq!(finding.found_value(), Some("https://api.example/"));
    /// assert!(finding.hint_text().unwrap().contains("extra slash"));
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn record_diagnoses(mut self) -> Self {
        self.config_mut().records_diagnoses = true;
        self
    }

    /// Sets the realm of every challenge: the name of the protection space ([RFC 9110 §11.5]). The default is
    /// `restricted`, because a challenge needs at least one parameter ([RFC 6750 §3]).
    ///
    /// [RFC 6750 §3]: https://www.rfc-editor.org/rfc/rfc6750#section-3
    /// [RFC 9110 §11.5]: https://www.rfc-editor.org/rfc/rfc9110#section-11.5
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.config_mut().renderer.set_realm(realm.into());
        self
    }

    /// Lets requests without credentials through, without an identity. Off by default.
    ///
    /// Credentials of a scheme that this layer doesn't accept count as none. Invalid credentials are still rejected,
    /// also an expired token at a public route, so that its client learns that it has to get a new one. Where that
    /// isn't wanted, see [`anonymous_with_invalid_token`](Dangerous::anonymous_with_invalid_token).
    pub fn allow_anonymous(mut self) -> Self {
        self.config_mut().anonymous = Anonymous::WithoutCredentials;
        self
    }

    /// Leaves the challenge for Basic out of responses to scripts in browsers, because the browser would otherwise
    /// open its password dialog.
    ///
    /// A script is recognised by the header `X-Requested-With`, or by `Sec-Fetch-Mode: cors`, which browsers send with
    /// `fetch` and `XMLHttpRequest`. With [`basic_only`](Self::basic_only), the response has no challenge then,
    /// although [RFC 9110 §15.5.2] requires one; clients other than browsers don't send these headers.
    ///
    /// [RFC 9110 §15.5.2]: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
    pub fn without_basic_challenge_for_scripts(mut self) -> Self {
        self.config_mut().hide_basic_from_scripts = true;
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
        config.prepare_challenge_scopes();
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

    /// Accepts tokens that have characters which [RFC 6750 §2.1] doesn't allow, such as `|`, `:` and `,`, for issuers like
    /// Laravel Sanctum (`1|abc…`) and Rancher (`token-abc:xyz…`). Off by default, when such a token is rejected with 400.
    ///
    /// It applies to the schemes `Bearer` and `token`, in `Authorization` and in other headers of that form, and to
    /// [`source`](Self::source). A token may then have every visible ASCII character, except for quotation marks and the
    /// backslash. So `Bearer a,b` is one token, and `Bearer a, Bearer b` still is two, which are rejected.
    ///
    /// ```
    /// use http::{Request, Response, header::AUTHORIZATION};
    /// use portcullis::AuthenticateLayer;
    /// # use portcullis::{BearerToken, Identity, Verification, Verify};
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # struct Anyone;
    /// # impl Verify<BearerToken<'_>> for Anyone {
    /// #     fn verify(&self, token: BearerToken<'_>) -> Verification {
    /// #         assert_eq!(token.as_str(), "1|abc");
    /// #         Verification::ready(Ok(Identity::assertion().build()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let verifier = Anyone;
    /// # let inner = service_fn(async |_: Request<()>| {
    /// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// # });
    /// let service = AuthenticateLayer::bearer(verifier).lenient_token_characters().layer(inner);
    ///
    /// let request = Request::get("/").header(AUTHORIZATION, "Bearer 1|abc");
    /// assert_eq!(service.oneshot(request.body(())?).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    pub fn lenient_token_characters(mut self) -> Self {
        self.config_mut().sources.characters = TokenCharacters::Visible;
        self
    }

    /// How the bodies of rejections look. [`ErrorBody::json`] by default.
    pub fn error_body(mut self, body: ErrorBody) -> Self {
        self.config_mut().renderer.body = body;
        self
    }

    /// Keeps these headers of each request, so that the body of its rejection may show them: see
    /// [`Rejection::header`](crate::response::Rejection::header). None by default, because each costs a reference count
    /// for every request.
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
    /// use http::{HeaderName, Request, Response};
    /// use portcullis::{AuthenticateLayer, ErrorBody, response::Content};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// # let verifier = Nobody;
    ///
    /// const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
    ///
    /// let body = ErrorBody::custom(|rejection| {
    ///     let id = rejection.header(&REQUEST_ID).and_then(|id| id.to_str().ok());
    ///     Content::text(format!("Rejected. Request: {}", id.unwrap_or("unknown")))
    /// });
    /// let layer = AuthenticateLayer::bearer(verifier).error_body(body).rejection_headers([REQUEST_ID]);
    /// # let inner = service_fn(async |_: Request<()>| {
    /// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// # });
    ///
    /// let request = Request::get("/").header(REQUEST_ID, "7").body(())?;
    /// let rejected = layer.layer(inner).oneshot(request).await?;
    /// assert_eq!(rejected.body(), "Rejected. Request: 7");
    /// # Ok(())
    /// # }
    /// ```
    pub fn rejection_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.config_mut().rejection_headers = names.into_iter().collect();
        self
    }

    /// Sets the clock that dates rejections, and by which the age of an
    /// [authentication](crate::Authentication::max_age) is measured. [`SystemClock`](crate::SystemClock) by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        let config = self.config_mut();
        config.renderer.clock = Arc::new(clock);
        config.prepare_context();
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
        self.config_mut().sources.add_cookie(TokenCookie { name, for_every_method });
        self
    }

    pub(super) fn config_mut(&mut self) -> &mut Config {
        let config = Arc::make_mut(&mut self.config);
        // It describes the configuration as it was.
        config.metadata_document = OnceLock::new();
        config.unknown_scopes_logged = OnceLock::new();
        config
    }
}

/// Leaves out a check on purpose: see [`AuthenticateLayer::dangerous`].
#[derive(Debug)]
#[must_use]
pub struct Dangerous(AuthenticateLayer);

impl Dangerous {
    /// Accepts tokens that are bound to a key (`cnf`) without a proof that the client has that key.
    ///
    /// Anyone who steals such a token can use it. By default, a bound token is rejected with 401 unless
    /// its binding has been verified. Use this while clients or proxies are being changed, no longer.
    pub fn without_binding_verification(mut self) -> AuthenticateLayer {
        self.0.config_mut().bindings.allow_unproven = true;
        self.0
    }

    /// Lets requests without credentials through, and treats requests with an access token that is expired or
    /// otherwise invalid as such. Replaces [`allow_anonymous`](AuthenticateLayer::allow_anonymous).
    ///
    /// A client whose token has expired isn't told, and silently gets what anonymous users get. A handler that takes
    /// the absence of an identity for harmless is reached with a revoked token, and guesses at tokens are responded
    /// to with 200. Use it only around what is public, for clients that always send the token they have.
    ///
    /// What needs an identity inside, a guard or an extractor, still rejects the request, with the error of the
    /// token. Malformed credentials (400), wrong passwords (401) and tokens that could not be verified (503) are
    /// rejected too. With [`policies`](AuthenticateLayer::policies), this has no effect: a row
    /// [`Access::DangerouslyAnonymous`](crate::Access::DangerouslyAnonymous) does the same for its path.
    ///
    /// ```
    /// use portcullis::AuthenticateLayer;
    /// # use portcullis::{BearerToken, TokenFault, Verification, Verify};
    /// # use http::{Request, Response};
    /// # use tower::{Layer, ServiceExt, service_fn};
    /// # #[derive(Debug)] struct Expired;
    /// # impl Verify<BearerToken<'_>> for Expired {
    /// #     fn verify(&self, _: BearerToken<'_>) -> Verification {
    /// #         Verification::ready(Err(TokenFault::Expired.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let verifier = Expired;
    /// # let inner = service_fn(async |_: Request<()>| {
    /// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// # });
    ///
    /// let layer = AuthenticateLayer::bearer(verifier).dangerous().anonymous_with_invalid_token();
    /// let request = Request::get("/news").header("authorization", "Bearer expired").body(())?;
    /// assert_eq!(layer.layer(inner).oneshot(request).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn anonymous_with_invalid_token(mut self) -> AuthenticateLayer {
        self.0.config_mut().anonymous = Anonymous::WithInvalidToken;
        self.0
    }
}

impl<S> Layer<S> for AuthenticateLayer {
    type Service = Authenticate<S>;

    fn layer(&self, inner: S) -> Authenticate<S> {
        // Rendered now, so that requests only look for it.
        self.config.metadata_document();
        self.config.log_unknown_scopes();
        Authenticate::new(inner, Arc::clone(&self.config))
    }
}
