//! Single requests, of the current version and of an older one.

use axum::{
    Router,
    body::{Body, Bytes},
};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use portcullis::{AuthenticateLayer, ProtectedResource, testing::TestIssuer};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::server::{Calls, protected, unprotected};

const RESOURCE: &str = "https://api.example/mcp";
const CURRENT: &str = "2026-07-28";
const OLDER: &str = "2025-11-25";

struct Service {
    issuer: TestIssuer,
    app: Router,
    calls: Calls,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// The JSON of the body, or of its last event.
    message: Value,
}

impl Answer {
    fn text(&self) -> &str {
        self.message["result"]["content"][0]["text"].as_str().unwrap_or_default()
    }
}

impl Service {
    fn new() -> Self {
        let issuer = TestIssuer::new();
        let resource = ProtectedResource::builder(RESOURCE).build().unwrap();
        let verifier = issuer.verifier().resource(&resource).build().unwrap();
        let (app, calls) = protected(AuthenticateLayer::bearer(verifier), resource);
        Self { issuer, app, calls }
    }

    fn token(&self, subject: &str, scope: &str) -> String {
        self.issuer.token().subject(subject).audience(RESOURCE).scope(scope).mint()
    }

    async fn send(
        &self,
        method: Method,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method.clone())
            .uri("/mcp")
            .header("host", "localhost")
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.app.clone().oneshot(request.body(Body::from(body)).unwrap()).await;
        let (head, body) = response.unwrap().into_parts();
        // A stream of events stays open.
        let is_open = method == Method::GET && head.status == StatusCode::OK;
        let bytes = if is_open { Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        let event = body.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
        let message = serde_json::from_str(event.unwrap_or(&body)).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, body, message }
    }

    /// A call of the current version, with these headers.
    async fn call(
        &self,
        token: Option<&str>,
        headers: &[(&str, &str)],
        method: &str,
        tool: Option<&str>,
    ) -> Answer {
        let mut all = vec![("mcp-protocol-version", CURRENT)];
        all.extend_from_slice(headers);
        self.send(Method::POST, token, &all, current(method, tool)).await
    }
}

/// A message of the current version.
fn current(method: &str, tool: Option<&str>) -> String {
    let mut params = json!({ "_meta": {
        "io.modelcontextprotocol/protocolVersion": CURRENT,
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    if let Some(tool) = tool {
        params["name"] = json!(tool);
        params["arguments"] = json!({});
    }
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

/// A message of the older version.
fn older(method: &str, tool: Option<&str>) -> String {
    let params = match tool {
        Some(tool) => json!({ "name": tool, "arguments": {} }),
        None if method == "initialize" => json!({
            "protocolVersion": OLDER,
            "clientInfo": { "name": "test", "version": "1" },
            "capabilities": {},
        }),
        None => json!({}),
    };
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

const CALL: (&str, &str) = ("mcp-method", "tools/call");

#[tokio::test]
async fn tools_know_who_calls_and_read_typed_claims() {
    let service = Service::new();
    for subject in ["alice", "bob"] {
        let token = service.token(subject, "api:read");
        let name = ("mcp-name", "list_orders");
        let tool = Some("list_orders");
        let answer = service.call(Some(&token), &[CALL, name], "tools/call", tool).await;
        assert_eq!(answer.text(), format!("{subject} with api:read"));
        let name = ("mcp-name", "claims");
        let answer = service.call(Some(&token), &[CALL, name], "tools/call", Some("claims")).await;
        assert_eq!(answer.text(), format!("{subject} for {RESOURCE}"));
    }
}

#[tokio::test]
async fn a_name_that_differs_from_the_body_is_rejected_by_rmcp() {
    let service = Service::new();
    let read = service.token("alice", "api:read");
    let both = service.token("alice", "api:read api:write");
    let list = ("mcp-name", "list_orders");
    let cancel = ("mcp-name", "cancel_order");
    let cases: [(Option<&str>, &[(&str, &str)], u16); 8] = [
        // What the headers name would be permitted.
        (Some(&read), &[CALL, list], 400),
        (Some(&read), &[CALL, ("mcp-name", "=?base64?bGlzdF9vcmRlcnM=?=")], 400),
        (Some(&read), &[("mcp-method", "ping")], 400),
        (None, &[("mcp-method", "tools/list")], 400),
        (None, &[("mcp-method", "tools/list"), cancel], 400),
        // With two names, none is used, so the layer requires every scope, and rmcp rejects the request.
        (Some(&read), &[CALL, list, cancel], 403),
        (Some(&both), &[CALL, list, cancel], 400),
        (Some(&both), &[CALL, cancel], 200),
    ];
    for (token, headers, status) in cases {
        let before = service.calls.count();
        let answer = service.call(token, headers, "tools/call", Some("cancel_order")).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.body);
        if status == 400 {
            assert_eq!(answer.message["error"]["code"], -32020, "{headers:?}: {}", answer.body);
        }
        let called = service.calls.count() - before;
        assert_eq!(called, usize::from(status == 200), "{headers:?}");
    }
}

#[tokio::test]
async fn headers_with_an_older_version_do_not_hide_the_body() {
    let service = Service::new();
    let read = service.token("alice", "api:read");
    let cancel = current("tools/call", Some("cancel_order"));
    for versions in [&[][..], &[OLDER], &["2025-03-26"], &[CURRENT, OLDER], &[OLDER, CURRENT]] {
        let mut headers = vec![CALL, ("mcp-name", "list_orders")];
        headers.extend(versions.iter().map(|version| ("mcp-protocol-version", *version)));
        for body in [cancel.clone(), older("tools/call", Some("cancel_order"))] {
            let answer = service.send(Method::POST, Some(&read), &headers, body).await;
            assert_eq!(answer.status, 403, "{versions:?}");
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.contains("scope=\"api:write\""), "{challenge}");
        }
    }
    assert_eq!(service.calls.count(), 0);
}

#[tokio::test]
async fn the_challenges_of_a_call_lead_to_the_metadata() {
    let service = Service::new();
    let headers = [CALL, ("mcp-name", "cancel_order")];
    let read = service.token("alice", "api:read");
    for (token, status, parameters) in
        [(None, 401, " scope=\"api:write\""), (Some(&read), 403, " error=\"insufficient_scope\"")]
    {
        let token = token.map(String::as_str);
        let answer = service.call(token, &headers, "tools/call", Some("cancel_order")).await;
        assert_eq!(answer.status, status);
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert!(challenge.contains(parameters), "{challenge}");
        assert!(challenge.contains(" scope=\"api:write\""), "{challenge}");
        let url = "https://api.example/.well-known/oauth-protected-resource/mcp";
        assert!(challenge.contains(&format!("resource_metadata=\"{url}\"")), "{challenge}");
    }
    let request = Request::get("/.well-known/oauth-protected-resource/mcp");
    let response = service.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let document = response.into_body().collect().await.unwrap().to_bytes();
    let document: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["resource"], RESOURCE);
    assert_eq!(document["authorization_servers"], json!([service.issuer.issuer()]));
}

#[tokio::test]
async fn a_token_for_another_resource_is_401() {
    let service = Service::new();
    let token =
        service.issuer.token().audience("https://other.example/mcp").scope("api:read").mint();
    let headers = [CALL, ("mcp-name", "list_orders")];
    let answer = service.call(Some(&token), &headers, "tools/call", Some("list_orders")).await;
    assert_eq!(answer.status, 401);
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
}

#[tokio::test]
async fn a_session_of_an_older_client_stays_with_its_subject() {
    let service = Service::new();
    let alice = service.token("alice", "api:read");
    let bob = service.token("bob", "api:read api:write");
    let version = ("mcp-protocol-version", OLDER);
    let post = async |token: &str, session: Option<&str>, body: String| {
        let mut headers = vec![version];
        headers.extend(session.map(|session| ("mcp-session-id", session)));
        service.send(Method::POST, Some(token), &headers, body).await
    };
    let begun = post(&alice, None, older("initialize", None)).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    let session = begun.headers["mcp-session-id"].to_str().unwrap();
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(post(&alice, Some(session), initialized.to_string()).await.status, 202);

    let list = older("tools/call", Some("list_orders"));
    let listed = post(&alice, Some(session), list.clone()).await;
    assert_eq!(listed.text(), "alice with api:read");
    // Another token of the same subject is used for its own call.
    let more = service.token("alice", "api:read api:write");
    assert_eq!(
        post(&more, Some(session), list.clone()).await.text(),
        "alice with api:read api:write"
    );
    let cancel = older("tools/call", Some("cancel_order"));
    assert_eq!(post(&alice, Some(session), cancel.clone()).await.status, 403);
    assert_eq!(post(&more, Some(session), cancel.clone()).await.text(), "cancelled");

    // Bob has every scope, but it isn't his session, by whatever method.
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let headers = [version, ("mcp-session-id", session)];
        let answer = service.send(method.clone(), Some(&bob), &headers, cancel.clone()).await;
        assert_eq!(answer.status, 404, "{method}");
    }
    let (id, _) = session.rsplit_once('.').unwrap();
    assert_eq!(post(&bob, Some(id), list.clone()).await.status, 404);
    assert_eq!(service.calls.count(), 1);

    let headers = [version, ("mcp-session-id", session)];
    let stream = service.send(Method::GET, Some(&alice), &headers, String::new()).await;
    assert_eq!(stream.status, 200);
    let ended = service.send(Method::DELETE, Some(&alice), &headers, String::new()).await;
    assert!(ended.status.is_success(), "{}", ended.status);
    assert_eq!(post(&alice, Some(session), list).await.status, 404);
}

#[tokio::test]
async fn a_session_is_no_authentication() {
    let service = Service::new();
    let alice = service.token("alice", "api:read");
    let version = ("mcp-protocol-version", OLDER);
    let initialize = older("initialize", None);
    let begun = service.send(Method::POST, Some(&alice), &[version], initialize).await;
    let session = begun.headers["mcp-session-id"].to_str().unwrap();
    assert!(session.bytes().all(|byte| byte.is_ascii_graphic()), "{session}");
    for token in [None, Some("not-a-token")] {
        let headers = [version, ("mcp-session-id", session)];
        let list = older("tools/call", Some("list_orders"));
        let answer = service.send(Method::POST, token, &headers, list).await;
        assert_eq!(answer.status, 401, "{token:?}");
    }
}

#[tokio::test]
async fn rmcp_validates_the_origins_that_it_is_given() {
    let config = StreamableHttpServerConfig::default();
    let (app, _) = unprotected(config.with_allowed_origins(["https://app.example:443"]));
    for (origin, is_accepted) in [("https://app.example", true), ("https://evil.example", false)] {
        let request = Request::post("/mcp")
            .header("host", "localhost")
            .header("origin", origin)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .body(Body::from(older("initialize", None)));
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        let status = if is_accepted { 200 } else { 403 };
        assert_eq!(response.status(), status, "{origin}");
    }
}

#[tokio::test]
async fn everyone_may_list_the_tools_where_the_table_says_so() {
    let service = Service::new();
    let answer = service.call(None, &[("mcp-method", "tools/list")], "tools/list", None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tools = answer.message["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 3);
}
