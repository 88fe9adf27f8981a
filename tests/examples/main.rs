//! The examples, run as programs.
//!
//! `cargo test --workspace --all-features` builds them first, and so does
//! `cargo test --workspace --all-features --examples --test binary --test examples`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::match_wild_err_arm,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests report by panic"
)]

mod program;
mod server;

use serde_json::json;

use self::program::{Program, Server};

#[tokio::test]
async fn the_minimal_example_rejects_requests_without_a_valid_token() {
    let service = Server::start("minimal", &[]);
    for route in ["GET /orders", "GET /me"] {
        let missing = service.ask(route, None).await;
        assert_eq!(missing.status, 401, "{route}");
        assert_eq!(missing.challenge(), Some("Bearer realm=\"orders\""), "{route}");
        let invalid = service.ask(route, Some("not-a-token")).await;
        assert_eq!(invalid.status, 401, "{route}");
        assert!(invalid.challenge().unwrap().contains("invalid_token"), "{route}");
    }
}

#[test]
fn the_tour_runs_as_documented() {
    let ended = Program::start("tour", &[]).end();
    let stdout = ended.stdout.join("\n");
    assert!(ended.status.success(), "{stdout}");
    assert_eq!(ended.stderr, [""; 0]);
    for part in [
        "> GET /orders\n    < 401 Unauthorized\n    < www-authenticate: Bearer realm=\"orders\"\n",
        "< 200 OK\n    < Orders of alice\n",
        "< 201 Created\n",
        "< 400 Bad Request\n",
        "< 403 Forbidden\n",
        "< 503 Service Unavailable\n    < retry-after: ",
        "scope=\"orders:read orders:write\"",
        "Token expired.",
        "Token signature invalid.",
        "Token algorithm not accepted.",
        "Token issuer not trusted.",
        "Token not intended for this audience.",
        "More than one set of credentials.",
    ] {
        assert!(stdout.contains(part), "no {part} in:\n{stdout}");
    }
    let requests = ended.stdout.iter().filter(|line| line.starts_with("    < 4")).count();
    assert!(requests >= 10, "{stdout}");
    assert!(stdout.ends_with("every response as expected."), "{stdout}");
}

#[cfg(feature = "mcp")]
#[test]
fn every_response_of_the_mcp_example_is_as_documented() {
    let ended = Program::start("mcp", &[]).end();
    let stdout = ended.stdout.join("\n");
    assert!(ended.status.success(), "{stdout}");
    assert_eq!(ended.stderr, [""; 0]);
    for part in [
        "> tools/call list_orders\n  < 401 Unauthorized\n  < www-authenticate: Bearer ",
        "\"authorization_servers\":[\"http://127.0.0.1:",
        "error=\"insufficient_scope\"",
        "orders of alice: 7, 8",
        "order 7 cancelled for alice by assistant",
        "\"code\":-32020",
        "Session not found",
    ] {
        assert!(stdout.contains(part), "no {part} in:\n{stdout}");
    }
    assert!(stdout.ends_with("every response as stated."), "{stdout}");
}

#[cfg(feature = "tonic")]
#[test]
fn every_call_of_the_grpc_example_has_the_documented_outcome() {
    let ended = Program::start("tonic", &[]).end();
    let stdout = ended.stdout.join("\n");
    assert!(ended.status.success(), "{stdout}");
    assert_eq!(ended.stderr, [""; 0]);
    for code in [
        "Ok",
        "Unauthenticated",
        "InvalidArgument",
        "PermissionDenied",
        "ResourceExhausted",
        "Internal",
        "Unavailable",
    ] {
        assert!(stdout.contains(&format!("    {code}: ")), "no {code} in:\n{stdout}");
    }
    assert!(stdout.contains("www-authenticate: Bearer realm=\"orders\", error=\"invalid_token\""));
    assert!(stdout.ends_with("calls, and every outcome as expected."), "{stdout}");
}

#[tokio::test]
async fn the_order_service_accepts_the_token_that_it_prints() {
    let service = Server::start("axum", &[]);
    let command = service.program.line();
    let (_, token) = command.split_once("Bearer ").expect("a token");
    let token = token.trim_end_matches('"');

    let response = service.ask("GET /orders", None).await;
    assert_eq!(response.status, 401);
    assert_eq!(response.challenge(), Some("Bearer realm=\"orders\""));
    let order = json!({ "id": 1, "owner": "alice", "item": "a teapot", "quantity": 1 });
    for (route, status, body) in [
        ("GET /health", 200, None),
        ("GET /orders", 200, Some(json!([order]))),
        ("GET /orders/1", 200, Some(order)),
        ("GET /orders/2", 403, None),
        ("DELETE /orders/2", 403, None),
        ("DELETE /orders/1", 204, None),
        ("GET /orders/1", 404, None),
        ("GET /me", 200, Some(json!({ "sub": "alice", "tenant": "acme", "name": null }))),
    ] {
        let response = service.ask(route, Some(token)).await;
        assert_eq!(response.status, status, "{route}");
        if let Some(body) = body {
            assert_eq!(response.json(), body, "{route}");
        }
    }
    let others = service.ask("GET /orders/2", Some(token)).await;
    assert!(
        others.challenge().is_some_and(|challenge| challenge.contains("scope=\"orders:admin\""))
    );
    let forbidden = service.ask("DELETE /orders/2", Some(token)).await;
    assert_eq!(forbidden.challenge(), None);
    assert_eq!(forbidden.json()["message"], "Access denied.");
}

#[test]
fn the_demonstration_of_personal_access_tokens_succeeds() {
    let ended = Program::start("personal_access_tokens", &[]).end();
    let stdout = ended.stdout.join("\n");
    assert!(ended.status.success(), "{stdout}\n{:?}", ended.stderr);
    assert_eq!(ended.stderr, [""; 0]);
    for part in ["\"event\":\"used\"", "\"event\":\"revoked\"", "Token revoked.", "Token expired."]
    {
        assert!(stdout.contains(part), "no {part} in:\n{stdout}");
    }
    // One token for the laptop and one for the backup job. Each is shown once, on creation.
    assert_eq!(stdout.matches("demo_pat_").count(), 2, "{stdout}");
    assert!(stdout.ends_with("All went as it should."), "{stdout}");
}

#[tokio::test]
async fn the_content_service_accepts_the_login_that_it_prints() {
    let service = Server::start("personal_access_tokens", &[("LISTEN", "127.0.0.1:0")]);
    let line = service.program.line();
    let login = line.strip_prefix("LOGIN=").expect("a login");
    for (route, status) in [
        ("GET /posts", 200),
        ("POST /posts", 201),
        ("GET /tokens", 200),
        ("GET /tokens/1/audit", 404),
        ("DELETE /tokens/1", 404),
    ] {
        assert_eq!(service.ask(route, Some(login)).await.status, status, "{route}");
        assert_eq!(service.ask(route, None).await.status, 401, "{route}");
    }
}
