//! The documents, and that the service does what they say.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests report by panic"
)]

use std::error::Error;

use axum::{Router, body::Body};
use http::{Method, Request, StatusCode, header::AUTHORIZATION};
use portcullis::{
    AuthenticateLayer,
    testing::{TestIssuer, assert_matches_file},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{Documented, app, security, with_aide, with_utoipa};

const API: &str = "https://api.example";
const GENERATORS: [(&str, fn() -> Result<Documented, Box<dyn Error>>); 2] =
    [("aide", with_aide::documented), ("utoipa", with_utoipa::documented)];

#[test]
fn each_document_has_the_security_of_the_policy_table() {
    for (name, documented) in GENERATORS {
        let document = documented().unwrap().document;
        assert_matches_file(
            format!("{}/{name}.json", env!("CARGO_MANIFEST_DIR")),
            &format!("{document:#}\n"),
        );
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{name}");
        let security = |method: &str, path: &str| document["paths"][path][method].clone();
        for (method, path, required) in [
            ("get", "/status", json!([{}])),
            (
                "get",
                "/orders",
                json!([{ "oauth2": ["orders:read"] }, { "oauth2": ["orders:write"] }]),
            ),
            ("post", "/orders", json!([{ "oauth2": ["orders:write"] }])),
            ("delete", "/orders/{id}", json!([{ "oauth2": ["orders:write"] }])),
        ] {
            assert_eq!(security(method, path)["security"], required, "{name}: {method} {path}");
        }
        let requires = security("delete", "/orders/{id}")["x-requires"].clone();
        assert!(requires.as_str().unwrap().contains("admin"), "{name}: {requires}");
        let scheme = &document["components"]["securitySchemes"]["oauth2"];
        let flow = &scheme["flows"]["clientCredentials"];
        assert_eq!(
            (&scheme["type"], &flow["tokenUrl"]),
            (&json!("oauth2"), &json!("https://as.example/token"))
        );
        assert_eq!(flow["scopes"], json!({ "orders:read": "", "orders:write": "" }), "{name}");
        // What the generator knows is still there.
        let placed = &document["paths"]["/orders"]["post"]["responses"]["201"];
        assert!(placed["content"]["application/json"]["schema"].is_object(), "{name}: {placed}");
    }
}

/// The operations of a document: method, path and the document's part about it.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            operations.push((method, path.clone(), operation.clone()));
        }
    }
    operations
}

async fn status(app: &Router, method: &Method, path: &str, token: Option<String>) -> StatusCode {
    let mut request = Request::builder().method(method).uri(path.replace("{id}", "7"));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

#[tokio::test]
async fn each_operation_requires_what_its_document_says() {
    let issuer = TestIssuer::new();
    for (name, documented) in GENERATORS {
        let documented = documented().unwrap();
        let operations = operations(&documented.document);
        let verifier = issuer.verifier().audience(API).roles("roles").build().unwrap();
        let app = app(documented, AuthenticateLayer::bearer(verifier)).unwrap();
        let token = |scope: &str| {
            let roles = json!(["admin"]);
            Some(issuer.token().audience(API).claim("roles", roles).scope(scope).mint())
        };
        for (method, path, operation) in &operations {
            let call = async |token| status(&app, method, path, token).await;
            let what = format!("{name}: {method} {path}");
            for alternative in operation["security"].as_array().unwrap() {
                let Some(scopes) = alternative.get("oauth2") else {
                    assert_eq!(call(None).await, StatusCode::OK, "{what}");
                    continue;
                };
                let scopes: Vec<_> =
                    scopes.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
                assert_eq!(call(None).await, StatusCode::UNAUTHORIZED, "{what}");
                assert_eq!(call(token("other")).await, StatusCode::FORBIDDEN, "{what}");
                let accepted = call(token(&scopes.join(" "))).await;
                let documented = &operation["responses"][accepted.as_str()];
                assert!(accepted.is_success() && documented.is_object(), "{what}: {accepted}");
            }
        }
        let routes = operations.iter().map(|(method, path, _)| (method.clone(), &**path));
        security::policies().unwrap().assert_covers(routes);
        assert_eq!(status(&app, &Method::GET, "/openapi.json", None).await, StatusCode::OK);
    }
}
