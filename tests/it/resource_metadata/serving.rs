//! The responses with the document, from the layer, from the service and from the routes.

use std::convert::Infallible;

use axum::{Router, body::Body, routing::any};
use http::{Method, Request, Response};
use portcullis::{
    Access, AuthenticateLayer, Policies, ProtectedResource, RequireScopeLayer, Scope,
    resource_metadata::MetadataService,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::CorsLayer;

use super::{METADATA, PATH, RESOURCE, ROOT, bearer, get, handlers, request, resource};
use crate::support::{TestResponse, send, with_token};

fn header<'a>(response: &'a TestResponse, name: &str) -> Option<&'a str> {
    let mut lines = response.headers.get_all(name).iter();
    let line = lines.next().map(|line| line.to_str().unwrap());
    assert!(lines.next().is_none(), "two lines of {name}");
    line
}

/// The layer itself, the service and the routes.
fn servers() -> [(&'static str, Router); 3] {
    let layer = bearer().resource(resource());
    [
        ("layer", handlers().layer(layer.clone())),
        ("service", Router::new().route_service(PATH, layer.resource_service())),
        ("routes", layer.resource_router()),
    ]
}

// Verifies rfc9728-3.1-get, rfc9728-3.2-success.
#[tokio::test]
async fn each_method_has_its_response() {
    for (server, app) in servers() {
        let response = get(&app, PATH).await;
        assert_eq!(response.status, 200, "{server}");
        assert_eq!(header(&response, "content-type"), Some("application/json"), "{server}");
        assert_eq!(header(&response, "cache-control"), Some("public, max-age=3600"), "{server}");
        assert_eq!(header(&response, "access-control-allow-origin"), Some("*"), "{server}");
        let length = response.body.len().to_string();
        assert_eq!(header(&response, "content-length"), Some(&*length), "{server}");
        assert_eq!(response.json()["resource"], RESOURCE, "{server}");

        let head = send(&app, request(&Method::HEAD, PATH)).await;
        assert_eq!((head.status.as_u16(), &*head.body), (200, ""), "{server}");
        assert_eq!(head.headers, response.headers, "{server}");

        let options = send(&app, request(&Method::OPTIONS, PATH)).await;
        assert_eq!((options.status.as_u16(), &*options.body), (204, ""), "{server}");
        assert_eq!(header(&options, "allow"), Some("GET, HEAD, OPTIONS"), "{server}");

        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let other = send(&app, request(&method, PATH)).await;
            assert_eq!((other.status.as_u16(), &*other.body), (405, ""), "{server} {method}");
            assert_eq!(header(&other, "allow"), Some("GET, HEAD, OPTIONS"), "{server}");
            assert_eq!(header(&other, "cache-control"), None, "{server}");
        }
    }
}

#[tokio::test]
async fn a_script_of_any_origin_can_read_it() {
    for (server, app) in servers() {
        // MCP clients send this header, so that a browser asks first.
        let mut preflight = request(&Method::OPTIONS, PATH);
        for (name, value) in [
            ("origin", "https://app.example"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization,mcp-protocol-version"),
        ] {
            preflight.headers_mut().insert(name, value.parse().unwrap());
        }
        let response = send(&app, preflight).await;
        assert_eq!(response.status, 204, "{server}");
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
            ("access-control-allow-headers", "*, Authorization"),
            ("access-control-max-age", "3600"),
        ] {
            assert_eq!(header(&response, name), Some(value), "{server}");
        }
    }
}

#[tokio::test]
async fn a_cors_layer_outside_replaces_the_headers() {
    let cors = CorsLayer::new().allow_origin(["https://app.example".parse().unwrap()]);
    let app = handlers().layer(bearer().resource(resource())).layer(cors);
    let mut request = request(&Method::GET, PATH);
    request.headers_mut().insert("origin", "https://app.example".parse().unwrap());
    let response = send(&app, request).await;
    assert_eq!(response.status, 200);
    let origin = header(&response, "access-control-allow-origin");
    assert_eq!(origin, Some("https://app.example"));
}

#[tokio::test]
async fn it_needs_no_credentials_and_ignores_any() {
    let policies = Policies::builder()
        .any_method("/{*rest}", Access::Deny)
        .any_method(PATH, Access::Deny)
        .build()
        .unwrap();
    let layer = bearer().query_parameter().policies(policies).resource(resource());
    let app = handlers().layer(layer);
    for token in ["invalid", "none", "a/b.c==", "a b", ""] {
        let mut request = with_token(token);
        *request.uri_mut() = PATH.parse().unwrap();
        assert_eq!(send(&app, request).await.status, 200, "{token}");
    }
    assert_eq!(get(&app, &format!("{PATH}?access_token=invalid")).await.status, 200);
}

// Verifies rfc9728-3-location.
#[tokio::test]
async fn only_the_exact_path_is_served_without_credentials() {
    let app = handlers().layer(bearer().resource(resource()));
    for path in [
        "/",
        "/mcp",
        ROOT,
        "/.well-known/oauth-protected-resource/",
        "/.well-known/oauth-protected-resource/mcp/",
        "/.well-known/oauth-protected-resource/mcp/x",
        "/.well-known/oauth-protected-resource/MCP",
        "/.well-known/oauth-protected-resource//mcp",
        "/.well-known/oauth-protected-resource/%6Dcp",
        "/.well-known/../.well-known/oauth-protected-resource/mcp",
        "/x/.well-known/oauth-protected-resource/mcp",
        "//.well-known/oauth-protected-resource/mcp",
        "/.WELL-KNOWN/oauth-protected-resource/mcp",
    ] {
        let response = get(&app, path).await;
        assert_eq!(response.status, 401, "{path}");
        assert!(response.challenge().unwrap().contains(METADATA), "{path}");
    }
    assert_eq!(get(&app, &format!("{PATH}?a=b")).await.status, 200);
    assert_eq!(get(&app, &format!("https://api.example{PATH}")).await.status, 200);
}

#[tokio::test]
async fn the_root_is_served_too_by_an_option() {
    let resource = ProtectedResource::builder(RESOURCE).also_at_root().build().unwrap();
    let layer = bearer().resource(resource);
    let paths: Vec<_> = layer.resource_service().paths().map(str::to_owned).collect();
    assert_eq!(paths, [PATH, ROOT]);
    for app in [handlers().layer(layer.clone()), layer.resource_router()] {
        for path in &paths {
            assert_eq!(get(&app, path).await.json()["resource"], RESOURCE, "{path}");
        }
    }
}

// Verifies rfc9728-1.2-query.
#[tokio::test]
async fn an_identifier_with_a_query_is_served_with_that_query() {
    let resource = ProtectedResource::builder("https://api.example/mcp?tenant=1").build().unwrap();
    let app = handlers().layer(bearer().resource(resource));
    let served = get(&app, &format!("{PATH}?tenant=1")).await;
    assert_eq!(served.json()["resource"], "https://api.example/mcp?tenant=1");
    for query in ["", "?", "?tenant=2", "?tenant=1&a=b"] {
        assert_eq!(get(&app, &format!("{PATH}{query}")).await.status, 401, "{query}");
    }
    let challenge = get(&app, "/").await;
    let url = "https://api.example/.well-known/oauth-protected-resource/mcp?tenant=1";
    assert!(challenge.challenge().unwrap().contains(&format!("resource_metadata=\"{url}\"")));
}

#[tokio::test]
async fn a_layer_in_a_nested_router_never_serves_it() {
    let layer = bearer().resource(resource());
    let nested = || Router::new().nest("/mcp", handlers().layer(layer.clone()));
    // The inner router sees the path that the document has, below its own.
    assert_eq!(get(&nested(), &format!("/mcp{PATH}")).await.status, 401);
    assert_eq!(get(&nested(), PATH).await.status, 404);

    let app = nested().merge(layer.resource_router());
    assert_eq!(get(&app, PATH).await.json()["resource"], RESOURCE);
    assert_eq!(get(&app, &format!("/mcp{PATH}")).await.status, 401);
    let rejected = get(&app, "/mcp/x").await;
    assert!(rejected.challenge().unwrap().contains(METADATA));
}

#[tokio::test]
async fn a_layer_of_a_merged_router_needs_the_routes() {
    let layer = bearer().resource(resource());
    let protected = Router::new().route("/mcp", any("in")).layer(layer.clone());
    let public = Router::new().route("/health", any("ok"));
    let app = protected.merge(public);
    assert_eq!(get(&app, PATH).await.status, 404);
    assert_eq!(get(&app.merge(layer.resource_router()), PATH).await.json()["resource"], RESOURCE);
}

#[tokio::test]
async fn the_routes_beside_an_outermost_layer_are_harmless() {
    let layer = bearer().resource(resource());
    let routes = handlers().merge(layer.resource_router());
    for app in [
        routes.clone().layer(layer.clone()),
        handlers().layer(layer.clone()).merge(layer.resource_router()),
    ] {
        assert_eq!(get(&app, PATH).await.json()["resource"], RESOURCE);
        assert_eq!(get(&app, "/mcp").await.status, 401);
    }
}

#[tokio::test]
async fn several_resources_share_a_host_by_their_paths() {
    let tenants = ["/acme", "/globex", "/globex/billing", ""];
    let mut app = Router::new();
    for tenant in tenants {
        let resource = ProtectedResource::builder(format!("https://api.example{tenant}"))
            .name(tenant)
            .build()
            .unwrap();
        let layer = bearer().resource(resource);
        let routes = Router::new().route(&format!("{tenant}/orders"), any("in"));
        app = app.merge(routes.layer(layer.clone())).merge(layer.resource_router());
    }
    for tenant in tenants {
        let document = get(&app, &format!("{ROOT}{tenant}")).await.json();
        assert_eq!(document["resource"], format!("https://api.example{tenant}"));
        assert_eq!(document["resource_name"], tenant);
        let rejected = get(&app, &format!("{tenant}/orders")).await;
        let url = format!("resource_metadata=\"https://api.example{ROOT}{tenant}\"");
        assert!(rejected.challenge().unwrap().contains(&url), "{rejected:?}");
    }
    assert_eq!(get(&app, &format!("{ROOT}/unknown")).await.status, 404);
}

#[tokio::test]
async fn a_resource_inside_another_is_described_by_its_own_challenges() {
    let inner = ProtectedResource::builder("https://api.example/mcp/admin").build().unwrap();
    let inner = AuthenticateLayer::bearer(super::Scoped::default()).resource(inner);
    let admin = RequireScopeLayer::new(Scope::from_static("admin"));
    let app = handlers().layer(admin).layer(inner).layer(bearer().resource(resource()));
    // The outer layer rejects what has no valid token, and the inner one what lacks a scope.
    assert!(get(&app, "/").await.challenge().unwrap().contains(METADATA));
    let lacking = send(&app, with_token("read")).await;
    assert_eq!(lacking.status, 403);
    assert!(lacking.challenge().unwrap().contains("/oauth-protected-resource/mcp/admin\""));
}

#[tokio::test]
async fn paths_with_the_characters_of_route_patterns_are_served() {
    for path in ["/:tenant", "/*all", "/a%7Bb%7D", "/a//b", "/a.b/~c/@d!$&'()+,;="] {
        let resource = ProtectedResource::builder(format!("https://api.example{path}"));
        let layer = bearer().resource(resource.build().unwrap());
        for app in [handlers().layer(layer.clone()), layer.resource_router()] {
            let document = get(&app, &format!("{ROOT}{path}")).await;
            assert_eq!(document.json()["resource"], format!("https://api.example{path}"));
        }
        assert_eq!(get(&layer.resource_router(), &format!("{ROOT}/acme")).await.status, 404);
    }
}

#[tokio::test]
async fn a_service_without_axum_is_described_alike() {
    let layer = bearer().resource(resource());
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::from("in"))));
    let service = layer.layer(inner);
    let ask = async |path: &str| {
        service.clone().oneshot(Request::get(path).body(()).unwrap()).await.unwrap()
    };
    let document = ask(PATH).await;
    assert_eq!(document.status(), 200);
    assert!(document.body().contains(RESOURCE));
    assert_eq!(ask("/").await.status(), 401);

    let service: MetadataService = layer.resource_service();
    let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(response.body(), document.body());
}

#[tokio::test]
async fn without_a_resource_nothing_is_served() {
    let layer = bearer();
    let service = layer.resource_service();
    assert_eq!(service.paths().count(), 0);
    assert_eq!(service.oneshot(Request::new(())).await.unwrap().status(), 404);
    assert_eq!(get(&layer.resource_router(), PATH).await.status, 404);
    assert_eq!(get(&handlers().layer(layer), PATH).await.status, 401);
}
