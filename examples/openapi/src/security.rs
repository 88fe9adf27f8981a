//! The policy table, and its part of the document.

use std::error::Error;

use http::Method;
use portcullis::{Access, ConfigError, Policies, Requirements, Scope, policies::SecurityScheme};
use serde::Serialize;
use serde_json::Value;

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");

/// Who may call what: the layer enforces it, and the document shows it.
pub(crate) fn policies() -> Result<Policies, ConfigError> {
    Policies::builder()
        .route(Method::GET, "/status", Access::Anonymous)
        .route(Method::GET, "/orders", READ.or(WRITE))
        .route(Method::POST, "/orders", WRITE)
        .route(Method::DELETE, "/orders/{id}", Requirements::role("admin").and(WRITE))
        .build()
}

/// How clients get tokens.
fn scheme() -> SecurityScheme {
    SecurityScheme::client_credentials("https://as.example/token")
}

/// Adds `security` to each operation of a generated document, and `securitySchemes` to its components.
///
/// An operation without a row would be denied by the layer, so it is an error.
#[expect(clippy::indexing_slicing, reason = "a member that a JSON object lacks reads as null")]
pub(crate) fn with_security(document: &impl Serialize) -> Result<Value, Box<dyn Error>> {
    let mut document = serde_json::to_value(document)?;
    let security = policies()?.openapi(&scheme());
    document["components"]["securitySchemes"] = security["components"]["securitySchemes"].clone();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let (Value::Object(operation), Some(required)) =
                (operation, security["paths"][path][method].as_object())
            else {
                return Err(format!("`{method} {path}` has no row in the policy table").into());
            };
            operation.extend(required.clone());
        }
    }
    Ok(document)
}
