//! Third-party clients that know the URL of the server, and nothing else: they discover the authorization server,
//! register, get a token, and step up. The authorization server is oidc-provider, at `PORTCULLIS_OIDC_PROVIDER`.
//!
//! Install the clients first: `(cd tests/interop/mcp-client && npm ci --ignore-scripts)`.

use std::{env, error::Error, process::Command};

use portcullis::{AuthenticateLayer, JwtVerifier, ProtectedResource};
use rmcp::{
    ServiceExt,
    model::CallToolRequestParams,
    transport::{
        AuthClient, AuthorizationRequest, StreamableHttpClientTransport,
        auth::{AuthorizationCallback, OAuthState},
        streamable_http_client::{InsufficientScopeError, StreamableHttpClientTransportConfig},
    },
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::server::{Calls, protected};

/// Where the authorization server sends the browser, which stops there.
const REDIRECT: &str = "http://127.0.0.1:1/callback";

struct Service {
    url: String,
    calls: Calls,
    server: JoinHandle<()>,
}

impl Service {
    async fn start() -> Self {
        let issuer = env::var("PORTCULLIS_OIDC_PROVIDER").expect("the issuer of oidc-provider");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let resource = ProtectedResource::builder(&url).build().unwrap();
        let verifier = JwtVerifier::builder(issuer).resource(&resource).build().unwrap();
        let (app, calls) = protected(AuthenticateLayer::bearer(verifier), resource);
        let server = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { url, calls, server }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What a program with Node.js prints.
async fn node(arguments: &[&str]) -> String {
    let mut command = Command::new("node");
    command.args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a running server"]
async fn the_older_typescript_sdk_gains_access_and_steps_up() {
    let service = Service::start().await;
    let report = node(&["interop/mcp-client/client.mjs", "v1", &service.url]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["tools"], json!(["cancel_order", "claims", "list_orders"]));
    assert_eq!(report["results"], json!(["alice with api:read", "cancelled"]));
    let requested = |scope: &str| json!({ "scope": scope, "resource": service.url });
    assert_eq!(report["requested"], json!([requested("api:read"), requested("api:write")]));
    assert_eq!(
        report["responses"],
        json!([
            "initialize 401",
            "initialize 200",
            "notifications/initialized 202",
            "tools/list 200",
            "tools/call list_orders 200",
            "tools/call cancel_order 403",
            "tools/call cancel_order 200",
        ])
    );
    assert_eq!(service.calls.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a running server"]
async fn the_current_typescript_sdk_gains_access_and_steps_up() {
    let service = Service::start().await;
    let report = node(&["interop/mcp-client/client.mjs", "v2", &service.url]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["results"], json!(["alice with api:read", "cancelled"]), "{report:#}");
    let requested = |scope: &str| json!({ "scope": scope, "resource": service.url });
    // The scopes of the challenge, and then the union. The authorization server offers refresh tokens.
    assert_eq!(
        report["requested"],
        json!([
            requested("api:read offline_access"),
            requested("api:read api:write offline_access"),
        ]),
    );
    // The headers name the tools.
    assert_eq!(
        report["responses"],
        json!([
            "server/discover 401",
            "server/discover 200",
            "tools/list 200",
            "tools/call list_orders list_orders 200",
            "tools/call cancel_order cancel_order 403",
            "tools/call cancel_order cancel_order 200",
        ]),
        "{report:#}"
    );
    assert_eq!(service.calls.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a running server"]
async fn the_client_of_rmcp_gains_access_and_steps_up() {
    let service = Service::start().await;

    // Discovery, from the challenge of the first request.
    let transport = StreamableHttpClientTransport::from_uri(service.url.clone());
    let error = ().serve(transport).await.expect_err("a challenge");
    let challenge = error.auth_challenge().expect("a challenge").to_owned();
    let mut state = OAuthState::new(&service.url, None).await.unwrap();
    // As the specification says: the scopes of the challenge. The default is all of `scopes_supported` too.
    let request = AuthorizationRequest::new(REDIRECT).with_client_name("interop");
    let request = request.with_initial_scope_selection();
    state.start_authorization(request.with_challenge(challenge)).await.unwrap();
    let authorization = state.get_authorization_url().await.unwrap();
    assert!(authorization.contains("scope=api%3Aread+offline_access&"), "{authorization}");
    let callback = node(&["interop/mcp-client/browser.mjs", &authorization]).await;
    state.handle_callback_url(&callback).await.unwrap();

    // A call, with the token.
    let manager = state.into_authorization_manager().unwrap();
    let auth = AuthClient::new(reqwest::Client::default(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(service.url.clone());
    let transport = StreamableHttpClientTransport::with_client(auth.clone(), config);
    let client = ().serve(transport).await.unwrap();
    let call = async |tool: &'static str| client.call_tool(CallToolRequestParams::new(tool)).await;
    let listed = serde_json::to_value(call("list_orders").await.unwrap()).unwrap();
    let text = listed["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("alice with api:read"), "{text}");

    // Step-up, by the challenge of the rejection.
    let error = call("cancel_order").await.expect_err("a rejection");
    assert_eq!(service.calls.count(), 0);
    let insufficient = insufficient_scope(&error).expect("the scope that is needed");
    let scope = insufficient.required_scope.clone().expect("the scope that is needed");
    assert_eq!(scope, "api:write");
    let manager = auth.auth_manager.lock().await;
    let authorization = manager.request_scope_upgrade(&scope).await.unwrap();
    let callback = node(&["interop/mcp-client/browser.mjs", &authorization]).await;
    let callback = AuthorizationCallback::from_redirect_url(&callback).unwrap();
    let issuer = callback.issuer.as_deref();
    let exchange =
        manager.exchange_code_for_token_with_issuer(&callback.code, &callback.csrf_token, issuer);
    exchange.await.unwrap();
    drop(manager);
    call("cancel_order").await.unwrap();
    call("list_orders").await.unwrap();
    assert_eq!(service.calls.count(), 1);
}

fn insufficient_scope<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a InsufficientScopeError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
