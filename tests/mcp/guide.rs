//! `docs/mcp.md` shows the code of the example, and names existing tests.

use std::fs;

const GUIDE: &str = include_str!("../../docs/mcp.md");

#[test]
fn the_guide_shows_the_example() {
    let (_, block) = GUIDE.split_once("```rust\n").unwrap();
    let (shown, _) = block.split_once("```").unwrap();
    assert!(include_str!("../../examples/mcp/src/main.rs").contains(shown));
    // The signature and the closing brace aside.
    assert!(shown.lines().count() - 2 <= 10, "more than ten lines");
}

#[test]
fn each_requirement_names_tests_that_exist() {
    let (_, table) = GUIDE.split_once("\n## The specification\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 20);
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, _, _, by, test] = cells[..] else { panic!("not five cells: {row}") };
        let mut names = test.split('`').filter(|name| !name.trim().is_empty());
        let (Some(file), Some(function)) = (names.next(), names.next()) else {
            assert_eq!(by, "you", "{row}");
            continue;
        };
        let source = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(source.contains(&format!("fn {function}()")), "{file} has no {function}");
    }
}

#[tokio::test]
async fn the_guide_shows_what_a_client_sees() {
    use axum::{Router, body::Body, routing::post};
    use http::Request;
    use portcullis::{
        Access, AuthenticateLayer, Policies, ProtectedResource, Scope, policies::Mcp,
        testing::TestIssuer,
    };
    use tower::ServiceExt;

    let issuer = TestIssuer::new();
    let resource = ProtectedResource::builder("https://api.example/mcp").build().unwrap();
    let verifier = issuer.verifier().resource(&resource).build().unwrap();
    let [read, write] = ["orders:read", "orders:write"].map(Scope::from_static);
    let rows = Mcp::tools([("list_orders", read), ("cancel_order", write)]);
    let policies = Policies::builder().mcp("/mcp", rows.otherwise(Access::Authenticated));
    let layer = AuthenticateLayer::bearer(verifier).resource(resource);
    let app: Router =
        Router::new().route("/mcp", post("done")).layer(layer.policies(policies.build().unwrap()));

    let (_, shown) = GUIDE.split_once("\n## What a client sees\n").unwrap();
    let exchanges = shown.split("```http\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let token = issuer.token().audience("https://api.example/mcp").scope("orders:read").mint();
    let mut count = 0;
    for exchange in exchanges {
        let (request, response) = exchange.split_once("\n\n").unwrap();
        let mut sent = Request::post("/mcp");
        for line in request.lines().skip(1) {
            let (name, value) = line.split_once(": ").unwrap();
            sent = sent.header(name, value.replace('…', &token));
        }
        let found = app.clone().oneshot(sent.body(Body::empty()).unwrap()).await.unwrap();
        let challenge = found.headers()["www-authenticate"].to_str().unwrap();
        let found = format!("HTTP/1.1 {}\nwww-authenticate: {challenge}\n", found.status());
        assert_eq!(response.replace(",\n    ", ", "), found);
        count += 1;
    }
    assert_eq!(count, 2);
}
