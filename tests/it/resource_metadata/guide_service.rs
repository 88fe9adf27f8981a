use axum::{Router, routing::get};
use http::Method;
use portcullis::{
    AuthenticateLayer, ConfigError, JwtVerifier, Policies, ProtectedResource, Scope,
    scope::ScopeHierarchy,
};

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");
const ADMIN: Scope = Scope::from_static("orders:admin");

pub fn resource() -> Result<ProtectedResource, ConfigError> {
    ProtectedResource::builder("https://api.example/orders")
        .name("Orders")
        .documentation("https://docs.example/orders")
        .build()
}

// `verifier` is `JwtVerifier::builder("https://as.example").resource(&resource).build()?`.
pub fn app(resource: ProtectedResource, verifier: JwtVerifier) -> Result<Router, ConfigError> {
    let policies = Policies::builder()
        .route(Method::GET, "/orders", READ)
        .route(Method::POST, "/orders", READ.and(WRITE))
        .build()?;
    let hierarchy = ScopeHierarchy::builder().implies(ADMIN, [READ, WRITE]).build()?;
    let authenticate = AuthenticateLayer::bearer(verifier)
        .resource(resource)
        .scope_hierarchy(hierarchy)
        .policies(policies);
    Ok(Router::new().route("/orders", get("a teapot").post("ordered")).layer(authenticate))
}
