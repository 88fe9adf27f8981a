//! Exports the requirements of a table as OpenAPI 3.1.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Access, Policies, PolicyRow, SecurityScheme};
use crate::scope::ScopePolicy;

/// The methods that an OpenAPI 3.1 path item can have.
const METHODS: [Method; 8] = [
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
    Method::TRACE,
];

impl Policies {
    /// Returns `components.securitySchemes` and the `security` of each operation as a partial [OpenAPI 3.1] document.
    ///
    /// Merge it into the document that utoipa or aide generates, as the `openapi` example does. Alternative scopes
    /// become alternatives in `security`. Requirements that OpenAPI can't express, such as roles, are in `x-requires`
    /// as text. Denied rows and the rows of gRPC and MCP are left out.
    ///
    /// ```
    /// use http::Method;
    /// use portcullis::{Access, Policies, Scope, policies::SecurityScheme};
    /// use serde_json::json;
    ///
    /// let policies = Policies::builder()
    ///     .route(Method::GET, "/orders/{id}", Scope::from_static("orders:read"))
    ///     .route(Method::GET, "/status", Access::Anonymous)
    ///     .build()?;
    /// let scheme = SecurityScheme::client_credentials("https://as.example/token");
    /// let document = policies.openapi(&scheme);
    /// assert_eq!(
    ///     document["paths"]["/orders/{id}"]["get"]["security"],
    ///     json!([{ "oauth2": ["orders:read"] }])
    /// );
    /// assert_eq!(document["paths"]["/status"]["get"]["security"], json!([{}]));
    /// let flow = &document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    /// assert_eq!(flow["scopes"], json!({ "orders:read": "" }));
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    ///
    /// [OpenAPI 3.1]: https://spec.openapis.org/oas/v3.1.0.html
    #[must_use]
    pub fn openapi(&self, scheme: &SecurityScheme) -> Value {
        let mut paths = Map::new();
        for row in self.rows().iter().filter(|row| !is_grpc(row) && row.operation().is_none()) {
            let Some(operation) = operation(row.access(), scheme.name()) else { continue };
            let path = row.path().replace("{*", "{");
            let item = paths.entry(path).or_insert_with(|| json!({}));
            let Value::Object(item) = item else { continue };
            for method in METHODS {
                let name = method.as_str().to_ascii_lowercase();
                match row.method() {
                    Some(of_row) if *of_row == method => {
                        item.insert(name, operation.clone());
                    }
                    // A row for one method takes precedence, regardless of the order of rows.
                    None if !self.has_row(&method, row.path()) => {
                        item.insert(name, operation.clone());
                    }
                    _ => {}
                }
            }
        }
        let schemes = Map::from_iter([(scheme.name().to_owned(), scheme.to_json(self.scopes()))]);
        json!({ "components": { "securitySchemes": schemes }, "paths": paths })
    }

    fn has_row(&self, method: &Method, path: &str) -> bool {
        self.rows().iter().any(|row| row.path() == path && row.method() == Some(method))
    }
}

fn is_grpc(row: &PolicyRow) -> bool {
    row.method() == Some(&Method::POST) && super::pattern::grpc(row.path()).is_ok() && {
        let service = row.path().split('/').nth(1).unwrap_or_default();
        service.contains('.')
    }
}

fn operation(access: &Access, scheme: &str) -> Option<Value> {
    let alternatives = |policy: &ScopePolicy| -> Vec<Value> {
        let one = |scopes: &[crate::Scope]| {
            let scopes: Vec<_> = scopes.iter().map(crate::Scope::as_str).collect();
            json!({ scheme: scopes })
        };
        policy.alternatives().map(one).collect()
    };
    let authenticated = || vec![json!({ scheme: [] })];
    Some(match access {
        Access::Anonymous | Access::DangerouslyAnonymous => json!({ "security": [{}] }),
        Access::Authenticated => json!({ "security": authenticated() }),
        Access::Deny => return None,
        Access::Requirements(requirements) => {
            let security = requirements.scopes().map_or_else(authenticated, alternatives);
            json!({ "security": security, "x-requires": requirements.to_string() })
        }
        Access::Scopes(policy) => json!({ "security": alternatives(policy) }),
    })
}
