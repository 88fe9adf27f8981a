//! The options of a layer about the resource that it protects.

use std::{collections::BTreeSet, sync::Arc};

use super::{AuthenticateLayer, config::Config};
use crate::{
    ProtectedResource, Scope,
    resource_metadata::{
        BearerMethod, DerivedMetadata, DpopSupport, MetadataDocument, MetadataService,
    },
    scheme::Scheme,
    scope::ScopeHierarchy,
    telemetry,
};

impl AuthenticateLayer {
    /// Describes the service to its clients ([RFC 9728]), and names the description in each challenge for a token
    /// (`resource_metadata`), so that a client that only knows the URL of the service can find out how to get a
    /// token. None by default.
    ///
    /// If this layer sees every request to the host, it responds to `GET`, `HEAD` and `OPTIONS` for the well-known path
    /// itself, without credentials and before any table. In axum, that is the case if it is added last, with
    /// [`Router::layer`], to a router that isn't [nested] in another one or [merged] with one. Otherwise, mount
    /// [`resource_service`](Self::resource_service) at the well-known path, outside of any other authentication, or
    /// merge `resource_router` (feature `axum`). Doing so in any case is harmless.
    ///
    /// ```
    /// # #[cfg(all(feature = "axum", feature = "_jwt", feature = "reqwest"))]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, body::Body, routing::get};
    /// use http::Request;
    /// use portcullis::{AuthenticateLayer, JwtVerifier, ProtectedResource};
    /// use tower::ServiceExt;
    ///
    /// let resource = ProtectedResource::builder("https://api.example/mcp").name("Orders").build()?;
    /// let verifier = JwtVerifier::builder("https://as.example").resource(&resource).build()?;
    /// let app: Router = Router::new()
    ///     .route("/mcp", get("orders"))
    ///     .layer(AuthenticateLayer::bearer(verifier).resource(resource));
    ///
    /// let rejected = app.clone().oneshot(Request::get("/mcp").body(Body::empty())?).await?;
    /// let url = "https://api.example/.well-known/oauth-protected-resource/mcp";
    /// let challenge = rejected.headers()["www-authenticate"].to_str()?;
    /// assert!(challenge.contains(&format!("resource_metadata=\"{url}\"")));
    ///
    /// let path = "/.well-known/oauth-protected-resource/mcp";
    /// let response = app.oneshot(Request::get(path).body(Body::empty())?).await?;
    /// let document = axum::body::to_bytes(response.into_body(), 4096).await?;
    /// let document: serde_json::Value = serde_json::from_slice(&document)?;
    /// assert_eq!(document["resource"], "https://api.example/mcp");
    /// assert_eq!(document["authorization_servers"][0], "https://as.example");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "axum", feature = "_jwt", feature = "reqwest")))]
    /// # fn main() {}
    /// ```
    ///
    /// # What the document contains
    ///
    /// It is derived from the layer, when the layer is applied to a service:
    ///
    /// | member | from |
    /// |---|---|
    /// | `resource` | the identifier |
    /// | `authorization_servers` | the issuers that the verifier [trusts](crate::Verify::issuers), if their names are URLs |
    /// | `scopes_supported` | the scopes of the [table](Self::policies) and of [`challenge_scope`](Self::challenge_scope) |
    /// | `bearer_methods_supported` | `header` unless `Authorization` isn't read or DPoP is required; `query` if it is read |
    /// | `dpop_signing_alg_values_supported`, `dpop_bound_access_tokens_required` | `dpop`, if it is configured |
    /// | `tls_client_certificate_bound_access_tokens` | `client_certificates`, if they are configured |
    ///
    /// [`ProtectedResourceBuilder`](crate::resource_metadata::ProtectedResourceBuilder) adds names, links and scopes, and
    /// overrides each member. Responses have `Access-Control-Allow-Origin: *` and
    /// `Cache-Control: public, max-age=3600`.
    ///
    /// # Several resources on one host
    ///
    /// Each has its own layer around its own routes, its own path in the identifier, and its own document: merge the
    /// `resource_router` of each layer into the outermost router. A layer around all of them would reject requests for
    /// the documents of the others.
    ///
    /// ```
    /// # #[cfg(all(feature = "axum", feature = "_jwt", feature = "reqwest"))]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, body::Body, routing::get};
    /// use http::Request;
    /// use portcullis::{AuthenticateLayer, JwtVerifier, ProtectedResource};
    /// use tower::ServiceExt;
    ///
    /// let mut app: Router = Router::new();
    /// for tenant in ["acme", "globex"] {
    ///     let resource = ProtectedResource::builder(format!("https://api.example/{tenant}")).build()?;
    ///     let issuer = format!("https://{tenant}.as.example");
    ///     let verifier = JwtVerifier::builder(issuer).resource(&resource).build()?;
    ///     let authenticate = AuthenticateLayer::bearer(verifier).resource(resource);
    ///     let routes = Router::new().route("/orders", get("orders")).layer(authenticate.clone());
    ///     app = app.nest(&format!("/{tenant}"), routes).merge(authenticate.resource_router());
    /// }
    ///
    /// for tenant in ["acme", "globex"] {
    ///     let path = format!("/.well-known/oauth-protected-resource/{tenant}");
    ///     let response = app.clone().oneshot(Request::get(path).body(Body::empty())?).await?;
    ///     let document = axum::body::to_bytes(response.into_body(), 4096).await?;
    ///     let document: serde_json::Value = serde_json::from_slice(&document)?;
    ///     assert_eq!(document["resource"], format!("https://api.example/{tenant}"));
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "axum", feature = "_jwt", feature = "reqwest")))]
    /// # fn main() {}
    /// ```
    ///
    /// [RFC 9728]: https://www.rfc-editor.org/rfc/rfc9728
    /// [`Router::layer`]: https://docs.rs/axum/latest/axum/struct.Router.html#method.layer
    /// [merged]: https://docs.rs/axum/latest/axum/struct.Router.html#method.merge
    /// [nested]: https://docs.rs/axum/latest/axum/struct.Router.html#method.nest
    pub fn resource(mut self, resource: ProtectedResource) -> Self {
        let config = self.config_mut();
        config.renderer.set_resource_metadata(resource.metadata_url());
        config.resource = Some(resource);
        self
    }

    /// Returns a service that serves the description of the [`resource`](Self::resource), to be mounted at its
    /// [paths](MetadataService::paths) outside of any authentication. Call it after all options are set.
    ///
    /// Without a resource, it responds with 404.
    ///
    /// ```
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::Request;
    /// use portcullis::{AuthenticateLayer, ProtectedResource};
    /// use tower::ServiceExt;
    /// # let verifier = Nobody;
    ///
    /// let resource = ProtectedResource::builder("https://api.example/mcp").build()?;
    /// let service = AuthenticateLayer::bearer(verifier).resource(resource).resource_service();
    ///
    /// let paths: Vec<_> = service.paths().collect();
    /// assert_eq!(paths, ["/.well-known/oauth-protected-resource/mcp"]);
    /// let response = service.clone().oneshot(Request::new(())).await?;
    /// assert!(response.body().contains(r#""resource":"https://api.example/mcp""#));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn resource_service(&self) -> MetadataService {
        MetadataService::new(self.config.metadata_document().cloned())
    }

    /// Sets the scopes that a 401 names as `scope` if neither the row of the [table](Self::policies) nor the guard that
    /// rejects the request names any: those that a client should request first. None by default.
    ///
    /// If this layer rejects a request without credentials, the guards inside it aren't reached, so they can't name their
    /// scopes.
    ///
    /// ```
    /// # #[derive(Debug)] struct Nobody;
    /// # impl portcullis::Verify<portcullis::BearerToken<'_>> for Nobody {
    /// #     fn verify(&self, _: portcullis::BearerToken<'_>) -> portcullis::Verification {
    /// #         portcullis::Verification::ready(Err(portcullis::error::TokenFault::Revoked.into()))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::{Request, Response};
    /// use portcullis::{AuthenticateLayer, Scope};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// # let verifier = Nobody;
    ///
    /// const READ: Scope = Scope::from_static("orders:read");
    ///
    /// let inner = service_fn(async |_: Request<()>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// });
    /// let service = AuthenticateLayer::bearer(verifier).challenge_scope([READ]).layer(inner);
    /// let rejected = service.oneshot(Request::new(())).await?;
    /// let challenge = rejected.headers()["www-authenticate"].to_str()?;
    /// assert!(challenge.contains("scope=\"orders:read\""));
    /// # Ok(())
    /// # }
    /// ```
    pub fn challenge_scope(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        let scopes: Vec<_> = scopes.into_iter().map(|scope| scope.to_string()).collect();
        let scopes = Some(scopes.join(" ")).filter(|scopes| !scopes.is_empty());
        self.config_mut().challenge_scopes.default = scopes.map(Into::into);
        self
    }

    /// Accepts a broader scope where a narrower one is required, according to a hierarchy. By default, each required scope
    /// must be granted by name.
    ///
    /// It applies to the [table](Self::policies), to guards, to [`Identity::require`] and [`Identity::has_scope`] in
    /// handlers and custom checks, and to identities of every verifier. [`Identity::scopes`] still returns the scopes
    /// as they were granted. The checks of a verifier itself (`JwtVerifierBuilder::check` and others) don't know the
    /// hierarchy, because they run before the layer gets the identity.
    ///
    /// A challenge names the narrowest scopes that are sufficient.
    ///
    /// If the layer knows scopes that the service requires, from its table or from the
    /// [resource](crate::resource_metadata::ProtectedResourceBuilder::scopes), it logs those scopes of the hierarchy that
    /// have no effect at `WARN`, once, when it is applied to a service: they may be misspelled. If guards require
    /// them, name them in the description of the resource.
    ///
    /// ```
    /// # #[cfg(feature = "axum")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, body::Body, routing::get};
    /// use http::Request;
    /// use portcullis::{AuthenticateLayer, RequireScopeLayer, Scope, scope::ScopeHierarchy};
    /// # use portcullis::{BearerToken, Identity, ScopeSet, Verification, Verify};
    /// use tower::ServiceExt;
    /// # #[derive(Debug)] struct Admin;
    /// # impl Verify<BearerToken<'_>> for Admin {
    /// #     fn verify(&self, _: BearerToken<'_>) -> Verification {
    /// #         let scopes = ScopeSet::from_wire("admin");
    /// #         Verification::ready(Ok(Identity::assertion().scopes(scopes).build()))
    /// #     }
    /// # }
    /// # let verifier = Admin;
    ///
    /// const ADMIN: Scope = Scope::from_static("admin");
    /// const READ: Scope = Scope::from_static("orders:read");
    ///
    /// let hierarchy = ScopeHierarchy::builder().implies(ADMIN, [READ]).build()?;
    /// let app: Router = Router::new()
    ///     .route("/orders", get("orders").route_layer(RequireScopeLayer::new(READ)))
    ///     .layer(AuthenticateLayer::bearer(verifier).scope_hierarchy(hierarchy));
    ///
    /// let request = Request::get("/orders").header("authorization", "Bearer of-an-admin");
    /// assert_eq!(app.oneshot(request.body(Body::empty())?).await?.status(), 200);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "axum"))]
    /// # fn main() {}
    /// ```
    ///
    /// [`Identity::require`]: crate::Identity::require
    /// [`Identity::has_scope`]: crate::Identity::has_scope
    /// [`Identity::scopes`]: crate::Identity::scopes
    pub fn scope_hierarchy(mut self, hierarchy: ScopeHierarchy) -> Self {
        let config = self.config_mut();
        config.hierarchy = Some(hierarchy);
        config.prepare_context();
        config.prepare_challenge_scopes();
        self
    }
}

impl Config {
    /// Returns the description of the resource, if there is one. The first call renders it.
    pub(super) fn metadata_document(&self) -> Option<&Arc<MetadataDocument>> {
        let resource = self.resource.as_ref()?;
        let document = || Arc::new(MetadataDocument::new(resource, self.derived_metadata()));
        Some(self.metadata_document.get_or_init(document))
    }

    /// Prepares the scopes that challenges name, after the table or the hierarchy has changed.
    pub(super) fn prepare_challenge_scopes(&mut self) {
        if let Some(policies) = &self.policies {
            self.challenge_scopes.prepare(policies, self.hierarchy.as_ref());
        }
    }

    /// Logs the scopes of the hierarchy that have no effect, as far as the scopes that the service requires are known.
    pub(super) fn log_unknown_scopes(&self) {
        let Some(hierarchy) = &self.hierarchy else { return };
        self.unknown_scopes_logged.get_or_init(|| {
            let mut required = self.scopes();
            required.extend(self.resource.iter().flat_map(ProtectedResource::scopes).cloned());
            if required.is_empty() {
                return;
            }
            let unknown: Vec<_> = hierarchy.unknown_scopes(required).map(Scope::as_str).collect();
            if !unknown.is_empty() {
                telemetry::unknown_scopes(&unknown.join(" "));
            }
        });
    }

    /// Returns the scopes that this layer knows of.
    fn scopes(&self) -> BTreeSet<Scope> {
        let of_table = self.policies.iter().flat_map(|policies| policies.scopes().cloned());
        let default = self.challenge_scopes.default.iter().flat_map(|scopes| scopes.split(' '));
        of_table.chain(default.filter_map(|scope| Scope::new(scope).ok())).collect()
    }

    fn derived_metadata(&self) -> DerivedMetadata {
        DerivedMetadata {
            issuers: self.tokens.as_ref().map(|tokens| tokens.issuers()).unwrap_or_default(),
            scopes: self.scopes(),
            bearer_methods: self.bearer_methods(),
            dpop: self.bindings.dpop.as_ref().map(|dpop| DpopSupport {
                algorithms: dpop.algorithms().split(' ').map(str::to_owned).collect(),
                is_required: dpop.is_required(),
            }),
            verifies_certificates: self.bindings.certificates.is_some(),
        }
    }

    /// Returns the methods of RFC 6750 §2 that are accepted.
    fn bearer_methods(&self) -> Vec<BearerMethod> {
        let sources = &self.sources;
        if !sources.schemes.contains(&Scheme::Bearer) {
            return Vec::new();
        }
        let header = sources.authorization.then_some(BearerMethod::Header);
        let query = sources.query.then_some(BearerMethod::Query);
        header.into_iter().chain(query).collect()
    }
}
