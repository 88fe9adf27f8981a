//! The exact examples of RFC 9728.

use http::Method;
use portcullis::{
    ProtectedResource, Scope,
    resource_metadata::{BearerMethod, ProtectedResourceBuilder},
};
use serde_json::{Value, json};

use super::{bearer, document, get, handlers, request};
use crate::support::send;

fn example() -> ProtectedResourceBuilder {
    ProtectedResource::builder("https://resource.example.com")
}

// Verifies rfc9728-2.1-without-tag.
#[tokio::test]
async fn section_2_1_names_in_several_languages() {
    let resource = example()
        .name("My Resource")
        .member("resource_name#en", r#""My Resource""#)
        .member("resource_name#it", r#""La mia bella risorsa""#);
    let document = document(
        bearer().resource(resource.build().unwrap()),
        "/.well-known/oauth-protected-resource",
    )
    .await;
    assert_eq!(document["resource_name"], "My Resource");
    assert_eq!(document["resource_name#en"], "My Resource");
    assert_eq!(document["resource_name#it"], "La mia bella risorsa");
}

// Verifies rfc9728-2.2-signed, rfc9728-2.2-no-nesting.
#[tokio::test]
async fn section_2_2_signed_metadata_has_the_members_and_an_issuer() {
    let sign = |document: &str| {
        let mut claims: Value = serde_json::from_str(document).unwrap();
        claims["iss"] = json!("https://resource.example.com");
        ["e30", &crate::support::jws::encode(claims.to_string()), "c2ln"].join(".")
    };
    let resource = example().name("My Resource").signed_metadata(sign).build().unwrap();
    let mut document =
        document(bearer().resource(resource), "/.well-known/oauth-protected-resource").await;
    let jwt = document.as_object_mut().unwrap().remove("signed_metadata").unwrap();
    let [_, claims, _] = crate::support::jws::parts(jwt.as_str().unwrap());
    let mut claims: Value = serde_json::from_slice(&crate::support::jws::decode(claims)).unwrap();
    assert_eq!(claims.as_object_mut().unwrap().remove("iss").unwrap(), document["resource"]);
    // `signed_metadata` is no claim of the JWT.
    assert_eq!(claims, document);
}

// Verifies rfc9728-3-location, rfc9728-3.1-slash.
#[tokio::test]
async fn section_3_1_the_resource_path_follows_the_well_known_path() {
    for (identifier, path) in [
        ("https://resource.example.com", "/.well-known/oauth-protected-resource"),
        ("https://resource.example.com/", "/.well-known/oauth-protected-resource"),
        (
            "https://resource.example.com/resource1",
            "/.well-known/oauth-protected-resource/resource1",
        ),
    ] {
        let resource = ProtectedResource::builder(identifier).build().unwrap();
        let app = handlers().layer(bearer().resource(resource));
        let mut request = request(&Method::GET, path);
        request.headers_mut().insert("host", "resource.example.com".parse().unwrap());
        let response = send(&app, request).await;
        // §3.3: identical to the identifier that the path was made of.
        assert_eq!(response.json()["resource"], identifier);
    }
}

// Verifies rfc9728-3.2-success, rfc9728-3.3-identical.
#[tokio::test]
async fn section_3_2_the_document() {
    let resource = example()
        .authorization_server("https://as1.example.com")
        .authorization_server("https://as2.example.net")
        .bearer_methods([BearerMethod::Header, BearerMethod::Body])
        .member("scopes_supported", r#"["profile","email","phone"]"#)
        .documentation("https://resource.example.com/resource_documentation.html")
        .build()
        .unwrap();
    let app = handlers().layer(bearer().resource(resource));
    let response = get(&app, "/.well-known/oauth-protected-resource").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.headers["content-type"], "application/json");
    let example = r#"{
 "resource":
   "https://resource.example.com",
 "authorization_servers":
   ["https://as1.example.com",
    "https://as2.example.net"],
 "bearer_methods_supported":
   ["header", "body"],
 "scopes_supported":
   ["profile", "email", "phone"],
 "resource_documentation":
   "https://resource.example.com/resource_documentation.html"
}"#;
    assert_eq!(response.json(), serde_json::from_str::<Value>(example).unwrap());
}

// Verifies rfc9728-5.1-challenge.
#[tokio::test]
async fn section_5_1_the_challenge() {
    let app = handlers().layer(bearer().resource(example().build().unwrap()));
    let response = get(&app, "/").await;
    assert_eq!(response.status, 401);
    assert_eq!(
        response.challenge(),
        Some(concat!(
            "Bearer resource_metadata=",
            "\"https://resource.example.com/.well-known/oauth-protected-resource\"",
        ))
    );
}

/// MCP 2025-11-25, Authorization: the examples of a 401 and of a 403.
#[tokio::test]
async fn the_challenges_of_the_mcp_specification() {
    let layer = bearer().challenge_scope([Scope::from_static("files:read")]);
    let resource = ProtectedResource::builder("https://mcp.example.com").build().unwrap();
    let write = portcullis::RequireScopeLayer::new(Scope::from_static("files:write"));
    let app = handlers().layer(write).layer(layer.resource(resource));
    let missing = get(&app, "/").await;
    assert_eq!(
        missing.challenge(),
        Some(concat!(
            "Bearer resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource\", ",
            "scope=\"files:read\"",
        ))
    );
    let lacking = send(&app, crate::support::with_token("files+read")).await;
    assert_eq!(lacking.status, 403);
    for parameter in [
        "error=\"insufficient_scope\"",
        "scope=\"files:write\"",
        "resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource\"",
    ] {
        assert!(lacking.challenge().unwrap().contains(parameter), "{lacking:?}");
    }
}
