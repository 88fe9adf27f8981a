//! What a page in a real browser sees of a service on another origin: CORS, DPoP with `WebCrypto`, WebSockets,
//! `EventSource`, and cookies.
//!
//! Chromium must be installed: `.ci/run browser`, or
//! `cargo test -p portcullis-tests --all-features --test browser -- --ignored`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

mod chromium;
mod pages;
mod service;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::{chromium::Chromium, pages::Pages, service::Service};

/// The page's observations.
struct Observations {
    results: Value,
    /// The requests that the service received.
    requests: Vec<String>,
}

impl Observations {
    /// Opens the page with this host in its address. The service is on `127.0.0.1`.
    async fn of_page_on(host: &str) -> Self {
        let pages = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{host}:{}", pages.local_addr().unwrap().port());
        let service = Service::start(&origin).await;
        let mut pages = Pages::serve(pages, &service);
        let _browser = Chromium::open(&origin);
        let results = tokio::time::timeout(Duration::from_secs(120), pages.results());
        let results = results.await.expect("the page is done within two minutes");
        assert_eq!(results.get("failed"), None, "{results}");
        Self { results, requests: service.requests() }
    }

    fn status(&self, name: &str) -> &Value {
        &self.results[name]["status"]
    }
}

impl std::ops::Index<&str> for Observations {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.results.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.results))
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_page_of_the_same_site() {
    let seen = Observations::of_page_on("127.0.0.1").await;
    rejections_can_be_read(&seen);
    preflights_are_answered(&seen);
    dpop_works_with_keys_of_the_browser(&seen);
    websockets_authenticate_by_subprotocol(&seen);
    event_sources_authenticate_by_query(&seen);

    // Another port is another origin of the same site: the browser sends the cookie with what a script requests.
    for cookie in ["lax", "none"] {
        let name = |rest: &str| format!("cookie {cookie}{rest}");
        assert_eq!(seen[&name("")]["body"], "alice", "{cookie}");
        assert_eq!(seen.status(&name(" omitted")), 401, "{cookie}");
        assert_eq!(
            seen.status(&name(" PUT")),
            401,
            "{cookie}: the cookie is read for safe methods"
        );
        assert_eq!(seen.status(&name(" PUT for every method")), 200, "{cookie}");
        assert_eq!(seen[&name(" events")]["seen"], json!(["alice 0", "alice 1"]), "{cookie}");
        assert_eq!(seen[&name(" socket")], json!({"error": "error"}), "{cookie}");
        assert_eq!(seen[&name(" socket for every method")]["message"], "alice", "{cookie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_page_of_another_site() {
    let seen = Observations::of_page_on("localhost").await;
    rejections_can_be_read(&seen);
    preflights_are_answered(&seen);
    dpop_works_with_keys_of_the_browser(&seen);
    websockets_authenticate_by_subprotocol(&seen);
    event_sources_authenticate_by_query(&seen);

    // The browser neither stores nor sends a cookie with `SameSite=Lax`.
    for rest in ["", " omitted", " PUT", " PUT for every method"] {
        assert_eq!(seen.status(&format!("cookie lax{rest}")), 401, "{rest}");
    }
    assert_eq!(seen["cookie lax events"], json!({"seen": [], "closed": true}));
    // It sends one with `SameSite=None`, and declares that another site makes the request.
    assert_eq!(seen["cookie none"]["body"], "alice");
    assert_eq!(seen["cookie none events"]["seen"], json!(["alice 0", "alice 1"]));
    assert_eq!(seen.status("cookie none PUT"), 401);
    assert_eq!(seen.status("cookie none PUT for every method"), 401);
    assert_eq!(seen["cookie none socket"], json!({"error": "error"}));
    // Chromium doesn't declare that for a WebSocket: a service that reads cookies there has to check `Origin` itself.
    assert_eq!(seen["cookie none socket for every method"]["message"], "alice");
    let put = "PUT /cookies/orders cross-site with a cookie";
    assert!(seen.requests.iter().any(|request| request == put), "{:#?}", seen.requests);
}

const REALM: &str = r#"realm="orders""#;

/// `docs/layers.md` says what a script can read, depending on the CORS layer.
fn rejections_can_be_read(seen: &Observations) {
    let exposed = &seen["401 exposed"];
    assert_eq!(exposed["status"], 401);
    let body: Value = serde_json::from_str(exposed["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["message"], "Authentication required.");
    assert_eq!(body["uri"], "/exposed/me");

    let readable = |value: &Value| if value.is_null() { "no" } else { "yes" };
    let row = |member: &str| {
        let places = ["exposed", "unexposed", "inside"];
        places.map(|place| readable(&seen[&format!("401 {place}")][member]).to_owned()).to_vec()
    };
    let with_token = ["exposed", "unexposed", "inside"].map(|place| {
        let response = &seen[&format!("200 {place}")];
        if response["body"] == "alice" { "yes" } else { "no" }.to_owned()
    });
    let measured = [
        ("status of a 401", row("status")),
        ("body of a 401", row("body")),
        ("WWW-Authenticate of a 401", row("challenge")),
        ("DPoP-Nonce of a 401", row("nonce")),
        ("response to a request with Authorization", with_token.to_vec()),
    ];
    assert_eq!(service::table(), measured.map(|(what, cells)| (what.to_owned(), cells)));

    let challenge = seen["401 exposed"]["challenge"].as_str().unwrap();
    assert!(challenge.contains(REALM) && challenge.contains("DPoP "), "{challenge}");
    let challenge = seen["expired"]["challenge"].as_str().unwrap();
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    assert_eq!(seen.status("forbidden"), 403);
    let challenge = seen["forbidden"]["challenge"].as_str().unwrap();
    assert!(challenge.contains(r#"scope="orders:write""#), "{challenge}");

    // A script gets no challenge for which the browser would ask its user for a password.
    assert_eq!(seen.status("basic"), 401);
    let challenge = seen["basic"]["challenge"].as_str().unwrap();
    assert!(challenge.starts_with("Bearer ") && !challenge.contains("Basic"), "{challenge}");
}

fn preflights_are_answered(seen: &Observations) {
    assert_eq!(seen["allowed"]["body"], "ordered by alice");
    let preflight = "OPTIONS /exposed/orders";
    assert!(seen.requests.iter().any(|request| request.starts_with(preflight)));
    // The service allows no DELETE, so the browser sends only the preflight.
    assert_eq!(seen["method"], json!({"error": "TypeError"}));
    assert!(!seen.requests.iter().any(|request| request.starts_with("DELETE")));
    // With the CORS layer inside, the preflight is rejected, and no request follows.
    assert_eq!(seen["200 inside"], json!({"error": "TypeError"}));
}

fn dpop_works_with_keys_of_the_browser(seen: &Observations) {
    let first = &seen["dpop without nonce"];
    assert_eq!(first["status"], 401);
    assert!(first["challenge"].as_str().unwrap().contains("use_dpop_nonce"), "{first}");
    assert_eq!(seen["dpop with nonce"]["body"], "alice", "{}", seen["dpop with nonce"]);
}

fn websockets_authenticate_by_subprotocol(seen: &Observations) {
    assert_eq!(seen["socket"], json!({"protocol": "bearer", "message": "alice"}));
    let chat = json!({"protocol": "chat.v1", "message": "alice"});
    assert_eq!(seen["socket of the application"], chat);
    assert_eq!(seen["socket expired"], json!({"error": "error"}));
    assert_eq!(seen["socket without token"], json!({"error": "error"}));
}

fn event_sources_authenticate_by_query(seen: &Observations) {
    assert_eq!(seen["events"]["seen"], json!(["alice 0", "alice 1"]));
    // A 401 closes an `EventSource` for good: it doesn't try again.
    assert_eq!(seen["events expired"], json!({"seen": [], "closed": true}));
    assert_eq!(seen["events without token"], json!({"seen": [], "closed": true}));
}
