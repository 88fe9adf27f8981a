//! `README.md` shows the minimal example, and exchanges and a log line as they are.

use std::{fmt::Write, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    routing::get,
};
use portcullis::{
    AuthenticateLayer, Identity, JwtVerifier, RequireScopeLayer, Scope,
    testing::{Fault, TestIssuer},
};

use crate::support::send;

/// The example, with its test.
#[allow(dead_code, reason = "`main` serves until it is stopped")]
#[path = "../../examples/minimal.rs"]
mod minimal;

const README: &str = include_str!("../../README.md");

fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let blocks = README.split(start.as_str()).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap()).collect()
}

const READ: Scope = Scope::from_static("orders:read");

// The same function as that of the example.
fn app(verifier: JwtVerifier) -> Router {
    Router::new()
        .route("/orders", get(orders).route_layer(RequireScopeLayer::new(READ)))
        .route("/me", get(me))
        .layer(AuthenticateLayer::bearer(verifier).realm("orders"))
}

async fn orders() -> &'static str {
    "two teapots and a kettle"
}

async fn me(identity: Identity) -> String {
    format!("Hello, {}!", identity.subject().unwrap_or("stranger"))
}

fn service(issuer: &TestIssuer) -> Router {
    app(issuer.verifier().audience("https://api.example").build().unwrap())
}

/// Replaces the value of `date`, which differs for each response.
fn without_date(text: &str) -> String {
    let Some((head, rest)) = text.split_once("\"date\":\"") else { return text.to_owned() };
    let (_, tail) = rest.split_once('"').expect("the end of the date");
    format!("{head}\"date\":\"{tail}")
}

#[test]
fn the_blocks_of_code_are_the_minimal_example() {
    let example = include_str!("../../examples/minimal.rs");
    let (_, code) = example.split_once("\n\n").unwrap();
    assert_eq!([blocks("rust,no_run"), blocks("rust")].concat().join("\n"), code);
    let (_, service) = code.split_once("\nfn app(").unwrap();
    let (service, _) = service.split_once("\n#[cfg(test)]").unwrap();
    assert!(include_str!("front_page.rs").contains(service.trim()));
}

#[tokio::test]
async fn each_exchange_is_what_a_client_sees() {
    let issuer = TestIssuer::named("https://as.example");
    let (app, down) = (service(&issuer), TestIssuer::named("https://as.example"));
    let token = || issuer.token().audience("https://api.example").scope("profile");
    let expired = token().expires_in(Duration::from_secs(60)).mint();
    issuer.clock().advance(Duration::from_secs(3600));
    down.fail(Fault::Unreachable);

    let mut shown = blocks("http").into_iter();
    for (app, token) in [
        (&app, None),
        (&app, Some(expired)),
        (&app, Some(token().mint())),
        (&service(&down), Some(down.token().audience("https://api.example").mint())),
    ] {
        let mut exchange = "GET /orders\n".to_owned();
        let mut request = Request::get("/orders");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
            exchange.push_str("authorization: Bearer …\n");
        }
        let response = send(app, request.body(Body::empty()).unwrap()).await;
        assert_ne!(response.status, StatusCode::OK);
        writeln!(exchange, "\nHTTP/1.1 {}", response.status).unwrap();
        for name in ["www-authenticate", "retry-after", "content-type"] {
            if let Some(value) = response.headers.get(name) {
                writeln!(exchange, "{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        writeln!(exchange, "\n{}", response.body).unwrap();
        // The page breaks long lines.
        let block = shown.next().expect("an exchange").replace(",\n    \"", ",\"");
        assert_eq!(without_date(&block.replace("\n    ", " ")), without_date(&exchange));
    }
    assert_eq!(shown.next(), None);
}

#[cfg(feature = "tracing")]
mod log {
    use super::*;
    use crate::telemetry::{capture::Capture, log_buffer::LogBuffer};

    #[tokio::test]
    async fn the_log_line_is_what_an_operator_sees() {
        let issuer = TestIssuer::named("https://as.example");
        let token = issuer.token().audience("https://api.example/").header("kid", "2026-11".into());
        let token = format!("Bearer {}", token.mint());
        let request = Request::get("/orders").header("authorization", token);

        // With its global subscriber, no other test disables the event.
        drop(Capture::start());
        let buffer = LogBuffer::default();
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .without_time()
            .with_writer(buffer.clone());
        let guard = tracing::subscriber::set_default(log.finish());
        send(&service(&issuer), request.body(Body::empty()).unwrap()).await;
        drop(guard);

        let log = buffer.text();
        let line = log.lines().find(|line| line.contains("rejected"));
        let line = line.unwrap_or_else(|| panic!("no line in {log:?}")).trim();
        let page = include_str!("../../docs/operations.md");
        let (_, rest) = page.split_once("```text\n").unwrap();
        for shown in [blocks("text")[0], rest.split("```").next().unwrap()] {
            assert_eq!(shown.trim().replace("\n    ", " "), line);
        }
    }
}
