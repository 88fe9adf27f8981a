//! `docs/protected-resources.md` shows the code of a service, and its exact responses.

use std::fmt::Write;

use axum::body::Body;
use http::Request;
use portcullis::testing::TestIssuer;

use super::guide_service;
use crate::support::send;

const GUIDE: &str = include_str!("../../../docs/protected-resources.md");

/// The code blocks in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    let (begin, mut rest, mut blocks) = (begin.as_str(), GUIDE, Vec::new());
    while let Some((_, after)) = rest.split_once(begin) {
        let (block, after) = after.split_once("```").expect("the end of a block");
        blocks.push(block);
        rest = after;
    }
    blocks
}

#[test]
fn the_guide_shows_the_service() {
    assert_eq!(blocks("rust").first(), Some(&include_str!("guide_service.rs")));
}

#[tokio::test]
async fn the_guide_shows_each_exchange() {
    let issuer = TestIssuer::named("https://as.example");
    let resource = guide_service::resource().unwrap();
    let verifier = issuer.verifier().resource(&resource).build().unwrap();
    let app = guide_service::app(resource, verifier).unwrap();
    let token =
        |scope: &str| issuer.token().audience("https://api.example/orders").scope(scope).mint();

    let mut shown = blocks("http").into_iter();
    for (request, scope) in [
        ("GET /orders", None),
        ("GET /.well-known/oauth-protected-resource/orders", None),
        ("POST /orders", Some("orders:read")),
        ("POST /orders", Some("orders:admin")),
    ] {
        let (method, path) = request.split_once(' ').unwrap();
        let mut sent = Request::builder().method(method).uri(path);
        let mut exchange = format!("{request}\n");
        if let Some(scope) = scope {
            sent = sent.header("authorization", format!("Bearer {}", token(scope)));
            writeln!(exchange, "authorization: Bearer …").unwrap();
        }
        let response = send(&app, sent.body(Body::empty()).unwrap()).await;
        writeln!(exchange, "\nHTTP/1.1 {}", response.status).unwrap();
        for name in ["www-authenticate", "cache-control", "access-control-allow-origin"] {
            if let Some(value) = response.headers.get(name) {
                writeln!(exchange, "{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        if response.status == 200 {
            writeln!(exchange, "\n{}", response.body).unwrap();
        }
        // The guide breaks long lines.
        let block = shown.next().expect("an exchange").replace("\n    ", " ");
        let block = block.replace("{ ", "{").replace(" \"", "\"").replace(" }", "}");
        let exchange = exchange.replace(" \"", "\"");
        assert_eq!(block, exchange, "{request}");
    }
    assert_eq!(shown.next(), None);
}
