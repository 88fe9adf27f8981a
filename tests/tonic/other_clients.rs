//! Clients of other implementations: grpc-js and grpc-web.
//!
//! Their packages must be installed: `(cd tests/interop/grpc-clients && npm ci --ignore-scripts)`; then
//! `cargo test --workspace --all-features --test tonic -- --ignored`.

use std::{
    io::Write,
    net::SocketAddr,
    process::{Command, Stdio},
};

use base64_simd::{STANDARD, forgiving_decode_to_vec};
use portcullis::testing::TestIssuer;
use prost::Message;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tonic::{
    Code, Status,
    transport::{Server, server::TcpIncoming},
};
use tonic_types::StatusExt;
use tonic_web::GrpcWebLayer;

use crate::support::{API, layer, shop, wish};

async fn serve(issuer: &TestIssuer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server =
        Server::builder().accept_http1(true).layer(layer(issuer)).layer(GrpcWebLayer::new());
    tokio::spawn(server.add_routes(shop()).serve_with_incoming(TcpIncoming::from(listener)));
    address
}

#[derive(Debug, Deserialize)]
struct Outcome {
    code: i32,
    message: String,
    challenges: Vec<String>,
    details: String,
    responses: u32,
}

impl Outcome {
    fn reason(&self) -> String {
        let details = forgiving_decode_to_vec(self.details.as_bytes()).unwrap();
        let status = Status::with_details(Code::Ok, "", details.into());
        status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
    }
}

/// The outcomes of calls by a client. A call is a method, a token, and one or more messages.
async fn ask(
    client: &'static str,
    address: SocketAddr,
    calls: Vec<(&str, Option<String>, Vec<&str>)>,
) -> Vec<Outcome> {
    let calls = calls.into_iter().map(|(method, authorization, items)| {
        let wishes: Vec<_> = items
            .into_iter()
            .map(|item| STANDARD.encode_to_string(wish(item).encode_to_vec()))
            .collect();
        let stream = (method == "Converse").then_some(&wishes);
        let path = format!("/orders.Orders/{method}");
        let call = json!({
            "path": path, "authorization": authorization, "wish": wishes[0], "stream": stream,
        });
        format!("{call}\n")
    });
    let lines: String = calls.collect();
    let run = move || {
        let mut child = Command::new("node")
            .args(["interop/grpc-clients/client.mjs", client, &address.to_string()])
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        child.wait_with_output().unwrap().stdout
    };
    let stdout = tokio::task::spawn_blocking(run).await.unwrap();
    let lines = String::from_utf8(stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const MISSING: &str = r#"Bearer realm="orders""#;
const MALFORMED: &str =
    r#"Bearer realm="orders", error="invalid_request", error_description="Malformed credentials.""#;
const EXPIRED: &str =
    r#"Bearer realm="orders", error="invalid_token", error_description="Token expired.""#;
const SCOPE: &str = r#"error="insufficient_scope", error_description="Token lacks the required scope.", scope="orders:write""#;

#[tokio::test]
#[ignore = "needs node, and packages from npm"]
async fn other_clients_receive_code_message_challenge_and_details() {
    let issuer = TestIssuer::new();
    let token = |scope: &str| issuer.token().audience(API).scope(scope);
    let expired = Some(format!("Bearer {}", token("").mint()));
    issuer.clock().advance(std::time::Duration::from_secs(24 * 60 * 60));
    let read = Some(format!("Bearer {}", token("orders:read").mint()));
    let write = Some(format!("Bearer {}", token("orders:write").mint()));
    let address = serve(&issuer).await;

    let lacking = format!(r#"Bearer realm="orders", {SCOPE}"#);
    let rows: [(Option<String>, &str, i32, &str, &[&str], &str); 6] = [
        (None, "Create", 16, "Authentication required.", &[MISSING], "MISSING_CREDENTIALS"),
        (
            Some("Bearer a b".to_owned()),
            "Create",
            3,
            "Malformed credentials.",
            &[MALFORMED],
            "MALFORMED_CREDENTIALS",
        ),
        (expired, "Create", 16, "Token expired.", &[EXPIRED], "TOKEN_EXPIRED"),
        (
            read.clone(),
            "Create",
            7,
            "Token lacks the required scope.",
            &[&lacking],
            "INSUFFICIENT_SCOPE",
        ),
        (read.clone(), "Cancel", 7, "Access denied.", &[], "ACCESS_DENIED"),
        (write, "Create", 0, "", &[], ""),
    ];
    for client in ["grpc-js", "grpc-web", "grpc-web-text"] {
        // A `Wish` without an item decodes as any other message.
        let item = |method| if method == "Create" { "tea" } else { "" };
        let calls = rows.iter().map(|row| (row.1, row.0.clone(), vec![item(row.1)])).collect();
        let outcomes = ask(client, address, calls).await;
        assert_eq!(outcomes.len(), rows.len(), "{client}");
        for (outcome, (_, _, code, message, challenges, reason)) in outcomes.iter().zip(&rows) {
            assert_eq!(outcome.code, *code, "{client}: {outcome:?}");
            if *code == 0 {
                assert_eq!(outcome.responses, 1, "{client}");
                continue;
            }
            assert_eq!(outcome.message, *message, "{client}");
            assert_eq!(outcome.challenges, *challenges, "{client}: {message}");
            assert_eq!(outcome.reason(), *reason, "{client}: {message}");
        }
    }

    // A rejection at the end of a stream, after a response message.
    let outcomes =
        ask("grpc-js", address, vec![("Converse", read, vec!["tea", "gold", "milk"])]).await;
    let [outcome] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!((outcome.code, outcome.responses), (7, 1));
    assert_eq!(outcome.challenges, [format!(r#"Bearer realm="restricted", {SCOPE}"#)]);
    assert_eq!(outcome.reason(), "INSUFFICIENT_SCOPE");
}
