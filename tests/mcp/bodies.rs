//! Bodies that the layer lets through by the row of one operation must not be another operation for the server.

use axum::{Router, body::Body, routing::post};
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, Identity, Policies, ScopeSet, Verification, Verify,
};
use proptest::prelude::*;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest};
use serde_json::Value;
use tower::ServiceExt;

use crate::server::rows;

/// Accepts every token, with one of the two scopes.
struct Reader;

impl Verify<BearerToken<'_>> for Reader {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        let scopes = ScopeSet::from_wire("api:read");
        Verification::ready(Ok(Identity::assertion().subject("alice").scopes(scopes).build()))
    }
}

async fn is_let_through(body: &str) -> bool {
    let policies = Policies::builder().mcp("/mcp", rows()).build().unwrap();
    let layer = AuthenticateLayer::bearer(Reader).policies(policies).read_mcp_bodies(64 * 1024);
    let app: Router = Router::new().route("/mcp", post("done")).layer(layer);
    let request = Request::post("/mcp").header("authorization", "Bearer x");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    app.oneshot(request).await.unwrap().status() == 200
}

/// Returns whether the tool that needs the other scope is called, according to rmcp.
fn cancels_for_rmcp(body: &str) -> bool {
    let is_call = |message: &ClientJsonRpcMessage| match message {
        ClientJsonRpcMessage::Request(request) => match &request.request {
            ClientRequest::CallToolRequest(call) => call.params.name == "cancel_order",
            _ => false,
        },
        _ => false,
    };
    match serde_json::from_str::<Vec<ClientJsonRpcMessage>>(body) {
        Ok(messages) => messages.iter().any(is_call),
        Err(_) => serde_json::from_str(body).is_ok_and(|message| is_call(&message)),
    }
}

/// The same according to `serde_json`'s `Value`.
fn cancels_for_a_value(body: &str) -> bool {
    let is_call = |message: &Value| {
        message["method"] == "tools/call" && message["params"]["name"] == "cancel_order"
    };
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Array(messages)) => messages.iter().any(is_call),
        Ok(message) => is_call(&message),
        Err(_) => false,
    }
}

#[tokio::test]
async fn a_raw_value_is_not_what_it_seems_to_be() {
    // axum enables the feature `raw_value` of serde_json, with which a value with this name is parsed again.
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"cancel_order"}}"#;
    let raw =
        format!(r#"{{"$serde_json::private::RawValue":{}}}"#, serde_json::to_string(call).unwrap());
    assert!(cancels_for_a_value(&raw), "the feature is on, or this test tests nothing");
    assert!(!is_let_through(&raw).await);
    let params = r#"{"$serde_json::private::RawValue":"{\"name\":\"cancel_order\"}"}"#;
    let hidden = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    assert!(cancels_for_a_value(&hidden), "the feature is on, or this test tests nothing");
    assert!(!is_let_through(&hidden).await);
    let batch = format!(r#"[{{"method":"tools/list"}},{raw}]"#);
    assert!(cancels_for_a_value(&batch));
    assert!(!is_let_through(&batch).await);
}

fn text(word: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(word.to_owned()),
        // Every letter may be written as an escape.
        1 => proptest::collection::vec(any::<bool>(), word.len()).prop_map(move |escaped| {
            word.chars()
                .zip(escaped)
                .map(|(char, is_escaped)| {
                    if is_escaped {
                        format!("\\u{:04x}", u32::from(char))
                    } else {
                        char.to_string()
                    }
                })
                .collect()
        }),
    ]
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(words).prop_flat_map(text).prop_map(|word| format!("\"{word}\""))
}

fn member(
    names: &'static [&'static str],
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    (word(names), value).prop_map(|(name, value)| format!("{name}:{value}"))
}

fn object(members: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec(members, 0..5)
        .prop_map(|members| format!("{{{}}}", members.join(",")))
}

const NAMES: &[&str] =
    &["name", "Name", "method", "params", "arguments", "uri", "$serde_json::private::RawValue"];
const TOOLS: &[&str] = &["list_orders", "cancel_order", "claims", "Cancel_order"];
const METHODS: &[&str] = &["tools/call", "tools/list", "ping", "notifications/cancelled"];

fn params() -> impl Strategy<Value = String> {
    object(member(NAMES, prop_oneof![word(TOOLS), Just("{}".to_owned()), Just("null".to_owned())]))
}

fn message() -> impl Strategy<Value = String> {
    let raw = Just(
        r#""{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"cancel_order\"}}""#
            .to_owned(),
    );
    let members = prop_oneof![
        4 => member(&["method", "Method"], word(METHODS)),
        4 => member(&["params", "param"], params()),
        1 => member(&["result", "error", "$serde_json::private::RawValue"], raw),
    ];
    let members = proptest::collection::vec(members, 0..5);
    members.prop_map(|mut members| {
        members.extend([r#""jsonrpc":"2.0""#.to_owned(), r#""id":1"#.to_owned()]);
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn no_body_is_let_through_as_one_operation_and_read_as_another(
        messages in proptest::collection::vec(message(), 1..4),
        is_batch in any::<bool>(),
    ) {
        let body = match (is_batch, messages.first()) {
            (false, Some(message)) => message.clone(),
            _ => format!("[{}]", messages.join(",")),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if runtime.block_on(is_let_through(&body)) {
            prop_assert!(!cancels_for_rmcp(&body), "{body}");
            prop_assert!(!cancels_for_a_value(&body), "{body}");
        }
    }
}
