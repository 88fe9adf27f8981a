//! What the document contains: what is derived from the layer, and what is set.

use http::{HeaderName, Method};
use portcullis::{
    Access, AuthenticateLayer, Policies, ProtectedResource, Scope,
    resource_metadata::{BearerMethod, ProtectedResourceBuilder},
};
use serde_json::{Value, json};
use tower::Layer;

use super::{PATH, RESOURCE, Scoped, bearer, document};

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");
const ADMIN: Scope = Scope::from_static("admin");

fn builder() -> ProtectedResourceBuilder {
    ProtectedResource::builder(RESOURCE)
}

/// The document of a layer with a plain resource, without `resource`.
async fn derived(layer: AuthenticateLayer) -> Value {
    with(layer, builder()).await
}

/// The document of a layer, without `resource`.
async fn with(layer: AuthenticateLayer, resource: ProtectedResourceBuilder) -> Value {
    let mut document = document(layer.resource(resource.build().unwrap()), PATH).await;
    let resource = document.as_object_mut().unwrap().remove("resource");
    assert_eq!(resource, Some(json!(RESOURCE)));
    document
}

fn policies() -> Policies {
    Policies::builder()
        .route(Method::GET, "/orders", READ)
        .route(Method::POST, "/orders", READ.and(WRITE))
        .route(Method::GET, "/health", Access::Anonymous)
        .build()
        .unwrap()
}

// Verifies rfc9728-2-resource, rfc9728-2-scopes.
#[tokio::test]
async fn members_are_derived_from_the_layer() {
    let issuer = json!(["https://as.example"]);
    let header = json!(["header"]);
    for (case, layer, expected) in [
        (
            "a plain layer",
            bearer(),
            json!({ "authorization_servers": issuer, "bearer_methods_supported": header }),
        ),
        (
            "issuers that are URLs",
            AuthenticateLayer::bearer(Scoped(
                ["https://a.example/t", "accounts.example", "urn:b", "http://c.example"]
                    .map(str::to_owned)
                    .into(),
            )),
            json!({
                "authorization_servers": ["https://a.example/t", "http://c.example"],
                "bearer_methods_supported": header,
            }),
        ),
        (
            "no issuers",
            AuthenticateLayer::bearer(Scoped::default()),
            json!({ "bearer_methods_supported": header }),
        ),
        (
            "the query",
            bearer().query_parameter().cookie("at").token_scheme(),
            json!({
                "authorization_servers": issuer,
                "bearer_methods_supported": ["header", "query"],
            }),
        ),
        (
            "no `Authorization`",
            bearer().without_authorization_header().header(HeaderName::from_static("x-token")),
            json!({ "authorization_servers": issuer, "bearer_methods_supported": [] }),
        ),
        (
            "a table and a default",
            bearer().policies(policies()).challenge_scope([ADMIN, READ]),
            json!({
                "authorization_servers": issuer,
                "scopes_supported": ["admin", "orders:read", "orders:write"],
                "bearer_methods_supported": header,
            }),
        ),
    ] {
        assert_eq!(derived(layer).await, expected, "{case}");
    }
}

#[cfg(feature = "dpop")]
#[tokio::test]
async fn the_members_about_dpop_follow_from_the_layer() {
    use portcullis::{Algorithm, binding::Dpop};
    let dpop = || Dpop::builder("https://api.example").algorithms([Algorithm::Es256]);
    let accepted = derived(bearer().dpop(dpop().build().unwrap())).await;
    assert_eq!(accepted["dpop_signing_alg_values_supported"], json!(["ES256"]));
    assert_eq!(accepted["dpop_bound_access_tokens_required"], json!(false));
    assert_eq!(accepted["bearer_methods_supported"], json!(["header"]));

    let required = derived(bearer().dpop(dpop().required().build().unwrap())).await;
    assert_eq!(required["dpop_bound_access_tokens_required"], json!(true));
    assert_eq!(required["bearer_methods_supported"], json!([]));

    let layer = bearer().dpop(dpop().build().unwrap());
    let resource = builder().dpop_algorithms(["EdDSA"]).dpop_required(true);
    let overridden = with(layer, resource).await;
    assert_eq!(overridden["dpop_signing_alg_values_supported"], json!(["EdDSA"]));
    assert_eq!(overridden["dpop_bound_access_tokens_required"], json!(true));
}

#[cfg(feature = "client-certificates")]
#[tokio::test]
async fn the_member_about_client_certificates_follows_from_the_layer() {
    use portcullis::binding::ClientCertificates;
    const NAME: &str = "tls_client_certificate_bound_access_tokens";
    let certificates = || ClientCertificates::from_connection().build().unwrap();
    assert_eq!(derived(bearer()).await.get(NAME), None);
    let verified = derived(bearer().client_certificates(certificates())).await;
    assert_eq!(verified[NAME], json!(true));
    let layer = bearer().client_certificates(certificates());
    let overridden = with(layer, builder().certificate_bound_tokens(false)).await;
    assert_eq!(overridden[NAME], json!(false));
}

// Verifies rfc9728-2-name.
#[tokio::test]
async fn each_member_can_be_set() {
    let layer = || bearer().policies(policies());
    for (case, resource, name, value) in [
        (
            "name",
            builder().name("Orders \"x\" \u{e9}"),
            "resource_name",
            json!("Orders \"x\" \u{e9}"),
        ),
        (
            "documentation",
            builder().documentation("https://docs.example/a#b"),
            "resource_documentation",
            json!("https://docs.example/a#b"),
        ),
        (
            "policy",
            builder().policy_uri("https://docs.example/policy"),
            "resource_policy_uri",
            json!("https://docs.example/policy"),
        ),
        (
            "terms",
            builder().tos_uri("https://docs.example/tos"),
            "resource_tos_uri",
            json!("https://docs.example/tos"),
        ),
        (
            "authorization servers replace the issuers",
            builder().authorization_server("https://other.example"),
            "authorization_servers",
            json!(["https://other.example"]),
        ),
        (
            "scopes are added to those of the table",
            builder().scopes([ADMIN, READ]),
            "scopes_supported",
            json!(["admin", "orders:read", "orders:write"]),
        ),
        (
            "methods",
            builder().bearer_methods([BearerMethod::Body]),
            "bearer_methods_supported",
            json!(["body"]),
        ),
        ("no methods", builder().bearer_methods([]), "bearer_methods_supported", json!([])),
        (
            "types of authorization details",
            builder().authorization_details_types(["pay", "list"]),
            "authorization_details_types_supported",
            json!(["pay", "list"]),
        ),
        (
            "any member",
            builder().member("jwks_uri", r#" "https://api.example/jwks" "#),
            "jwks_uri",
            json!("https://api.example/jwks"),
        ),
        (
            "a member twice",
            builder().name("a").member("resource_name", r#""b""#),
            "resource_name",
            json!("b"),
        ),
        (
            "a derived member",
            builder().member("scopes_supported", r#"["z","a"]"#),
            "scopes_supported",
            json!(["z", "a"]),
        ),
        (
            "an extension",
            builder().member("x_rate", r#"{"per":{"minute":60}}"#),
            "x_rate",
            json!({ "per": { "minute": 60 } }),
        ),
    ] {
        let document = with(layer(), resource).await;
        assert_eq!(document[name], value, "{case}");
    }
}

// Verifies rfc9728-3.2-zero.
#[tokio::test]
async fn members_with_null_or_without_values_are_left_out() {
    let names = |document: Value| -> Vec<String> {
        document.as_object().unwrap().keys().cloned().collect()
    };
    let resource = builder()
        .member("authorization_servers", "null")
        .member("scopes_supported", "null")
        .member("bearer_methods_supported", "null")
        .member("resource_name", "null")
        .name("named")
        .member("resource_name", "null")
        .authorization_details_types([""; 0])
        .dpop_algorithms([""; 0]);
    assert_eq!(names(with(bearer().policies(policies()), resource).await), [""; 0]);
}

#[tokio::test]
async fn the_document_describes_the_layer_as_it_is_when_it_is_applied() {
    let layer = bearer().resource(builder().build().unwrap());
    // Served once, and then changed.
    assert!(document(layer.clone(), PATH).await.get("scopes_supported").is_none());
    let layer = layer.policies(policies());
    let changed = document(layer.clone(), PATH).await;
    assert_eq!(changed["scopes_supported"], json!(["orders:read", "orders:write"]));
    let other = ProtectedResource::builder("https://api.example/mcp").name("Other");
    let replaced = document(layer.resource(other.build().unwrap()), PATH).await;
    assert_eq!(replaced["resource_name"], "Other");
}

#[tokio::test]
async fn the_issuers_of_the_verifier_are_listed() {
    use portcullis::{Issuers, testing::TestIssuer};
    let servers =
        async |layer: AuthenticateLayer| derived(layer).await.get("authorization_servers").cloned();
    let one = TestIssuer::named("https://one.example");
    let other = TestIssuer::named("https://other.example");
    let jwts = |issuer: &TestIssuer| issuer.verifier().audience(RESOURCE).build().unwrap();
    let opaque = |issuer: &TestIssuer| issuer.introspection().audience(RESOURCE);

    assert_eq!(
        servers(AuthenticateLayer::bearer(jwts(&one))).await,
        Some(json!(["https://one.example"]))
    );
    // An endpoint alone doesn't name its issuer.
    let unnamed = opaque(&one).build().unwrap();
    assert_eq!(servers(AuthenticateLayer::bearer(unnamed)).await, None);
    let named = opaque(&other).issuer(other.issuer()).build().unwrap();
    let issuers = Issuers::builder().trust(jwts(&one)).opaque(named.clone()).build().unwrap();
    assert_eq!(
        servers(AuthenticateLayer::bearer(issuers)).await,
        Some(json!(["https://one.example", "https://other.example"]))
    );
    assert_eq!(
        servers(AuthenticateLayer::bearer(named)).await,
        Some(json!(["https://other.example"]))
    );
}

#[test]
fn the_signer_is_called_once_for_each_configuration() {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let resource = builder().signed_metadata(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        String::new()
    });
    let layer = bearer().resource(resource.build().unwrap());
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    for _ in 0..3 {
        drop(layer.layer(()));
        drop(layer.resource_service());
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    drop(layer.realm("orders").layer(()));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}
