//! Discovery of an issuer's metadata and keys (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).

use http::{Response, header::CONTENT_TYPE};
use portcullis::{
    JwtVerifier,
    testing::{Fault, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{
    API,
    network::Network,
    outcome::{
        ACCEPTED, DAY, UNAVAILABLE, immediate_outcome, outage, outcome, run_until_idle, seconds,
    },
};

const ISSUER: &str = "https://issuer.test";
const OIDC: &str = "https://issuer.test/.well-known/openid-configuration";
const RFC8414: &str = "https://issuer.test/.well-known/oauth-authorization-server";
const JWKS: &str = "https://issuer.test/jwks";

/// An issuer with its keys at [`JWKS`], a network that has no metadata yet, and a token.
fn set_up() -> (TestIssuer, Network, String) {
    let issuer = TestIssuer::named(ISSUER);
    let token = issuer.token().audience(API).expires_in(10 * DAY).mint();
    let network = Network::default();
    network.json(JWKS, &serde_json::from_str(&issuer.jwk_set()).unwrap());
    (issuer, network, token)
}

fn verifier(issuer: &TestIssuer, network: &Network) -> JwtVerifier {
    issuer.verifier().http_client(network.client()).audience(API).build().unwrap()
}

fn metadata() -> Value {
    json!({ "issuer": ISSUER, "jwks_uri": JWKS })
}

fn page(status: u16, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status.try_into().unwrap();
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
    }
    response
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_before_the_first_token() {
    let (issuer, network, token) = set_up();
    network.json(OIDC, &metadata());
    let verifier = verifier(&issuer, &network);
    run_until_idle().await;
    assert_eq!(network.requests(), [""; 0]);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    assert_eq!(network.requests(), [OIDC, JWKS]);
}

// Verifies rfc9700-2.6-metadata.
#[tokio::test(start_paused = true)]
async fn metadata_is_fetched_from_the_locations_of_both_standards() {
    let without_path = [OIDC, RFC8414];
    let with_path = [
        "https://issuer.test/realms/one/.well-known/openid-configuration",
        "https://issuer.test/.well-known/oauth-authorization-server/realms/one",
        "https://issuer.test/.well-known/openid-configuration/realms/one",
    ];
    for (name, locations) in [
        ("https://issuer.test", &without_path[..]),
        ("https://issuer.test/", &without_path),
        ("https://issuer.test/realms/one", &with_path),
        ("https://issuer.test/realms/one/", &with_path),
    ] {
        for (at, location) in locations.iter().enumerate() {
            let issuer = TestIssuer::named(name);
            let token = issuer.token().audience(API).mint();
            let network = Network::default();
            network.json(location, &json!({ "issuer": name, "jwks_uri": JWKS }));
            network.json(JWKS, &serde_json::from_str(&issuer.jwk_set()).unwrap());
            let verifier = verifier(&issuer, &network);
            assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{name} at {location}");
            let mut requests = network.requests();
            assert_eq!(requests.pop().as_deref(), Some(JWKS));
            assert_eq!(requests, locations[..=at], "{name} at {location}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_with_a_path_is_discovered() {
    for name in ["https://issuer.test/realms/one", "https://issuer.test/op/"] {
        let issuer = TestIssuer::named(name.trim_end_matches('/'));
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let token = issuer.token().audience(API).mint();
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_of_another_issuer_is_rejected() {
    let named = |issuer: Value| json!({ "issuer": issuer, "jwks_uri": JWKS });
    for document in [
        named(json!("https://issuer.test/")),
        named(json!("https://ISSUER.test")),
        named(json!("HTTPS://issuer.test")),
        named(json!("https://issuer.test:443")),
        named(json!("http://issuer.test")),
        named(json!(" https://issuer.test")),
        named(json!("https://issuer.test/realms/one")),
        named(json!("https://issuer.test.evil.example")),
        named(json!("https://evil.example")),
        named(json!("")),
        named(json!(null)),
        named(json!(["https://issuer.test"])),
        json!({ "jwks_uri": JWKS }),
        json!({ "issuer": ISSUER }),
        json!({ "issuer": ISSUER, "jwks_uri": null }),
        json!([ISSUER, JWKS]),
        json!("https://issuer.test"),
    ] {
        let (issuer, network, token) = set_up();
        network.json(OIDC, &document);
        let verifier = verifier(&issuer, &network);
        assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE, "{document}");
        assert_eq!(network.requests(), [OIDC, RFC8414], "{document}");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_that_names_its_issuer_twice_is_rejected() {
    let (issuer, network, token) = set_up();
    let twice =
        format!(r#"{{"issuer":"https://evil.example","issuer":"{ISSUER}","jwks_uri":"{JWKS}"}}"#);
    network.put(OIDC, page(200, Some("application/json"), twice));
    assert_eq!(outcome(&verifier(&issuer, &network), &token).await, UNAVAILABLE);
}

// Verifies rfc7515-8-tls.
#[tokio::test(start_paused = true)]
async fn keys_of_a_public_issuer_are_fetched_over_https_only() {
    for (jwks_uri, plain_http, accepted) in [
        ("https://keys.example/jwks", false, true),
        ("https://issuer.test/jwks?tenant=one", false, true),
        ("https://issuer.test:8443/jwks", false, true),
        ("http://127.0.0.1:4001/jwks", false, false),
        ("http://[::1]:4001/jwks", false, false),
        ("http://localhost/jwks", false, false),
        ("http://issuer.test/jwks", false, false),
        ("http://issuer.test/jwks", true, true),
        ("http://localhost.evil.example/jwks", false, false),
        ("https://user:password@issuer.test/jwks", false, false),
        ("https://issuer.test/jwks#keys", false, false),
        ("ftp://issuer.test/jwks", true, false),
        ("file:///etc/jwks", true, false),
        ("//issuer.test/jwks", false, false),
        ("/jwks", false, false),
        ("", false, false),
    ] {
        let (issuer, network, token) = set_up();
        network.json(OIDC, &json!({ "issuer": ISSUER, "jwks_uri": jwks_uri }));
        network.json(jwks_uri, &serde_json::from_str(&issuer.jwk_set()).unwrap());
        let builder = issuer.verifier().http_client(network.client()).audience(API);
        let builder = if plain_http { builder.dangerous().plain_http() } else { builder };
        let outcome = outcome(&builder.build().unwrap(), &token).await;
        assert_eq!(outcome, if accepted { ACCEPTED } else { UNAVAILABLE }, "{jwks_uri}");
        let was_requested = network.requests().contains(&jwks_uri.to_owned());
        assert_eq!(was_requested, accepted, "{jwks_uri}");
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_is_a_json_document_of_limited_length() {
    let document = metadata().to_string();
    let padded = |length| document.clone() + &" ".repeat(length - document.len());
    let redirect = Response::builder().status(302).header("location", RFC8414);
    for (what, response, accepted) in [
        ("JSON", page(200, Some("application/json"), &*document), true),
        ("JSON in UTF-8", page(200, Some("Application/JSON; charset=utf-8"), &*document), true),
        ("a JSON subtype", page(200, Some("application/oauth+json"), &*document), true),
        ("no content type", page(200, None, &*document), true),
        ("HTML by its type", page(200, Some("text/html"), &*document), false),
        ("XML by its type", page(200, Some("application/xml"), &*document), false),
        ("a web page", page(200, Some("text/html"), "<!doctype html>"), false),
        ("a web page as JSON", page(200, Some("application/json"), "<!doctype html>"), false),
        ("a truncated document", page(200, Some("application/json"), &document[1..]), false),
        ("nothing", page(200, Some("application/json"), ""), false),
        ("not UTF-8", page(200, Some("application/json"), [0xff, 0xfe]), false),
        ("a long document", page(200, None, padded(256 * 1024)), true),
        ("too long a document", page(200, None, padded(256 * 1024 + 1)), false),
        ("another status", page(201, Some("application/json"), &*document), false),
        ("an error", page(500, Some("application/json"), &*document), false),
        ("a redirect", redirect.body(document.clone().into_bytes()).unwrap(), false),
    ] {
        let (issuer, network, token) = set_up();
        network.put(OIDC, response);
        let first = outcome(&verifier(&issuer, &network), &token).await;
        assert_eq!(first, if accepted { ACCEPTED } else { UNAVAILABLE }, "{what}");

        // The second location has valid metadata.
        network.json(RFC8414, &metadata());
        assert_eq!(outcome(&verifier(&issuer, &network), &token).await, ACCEPTED, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let (issuer, network, token) = set_up();
        let target = "https://evil.example/metadata";
        let redirect = Response::builder().status(status).header("location", target);
        network.put(OIDC, redirect.body(Vec::new()).unwrap());
        network.json(target, &metadata());
        assert_eq!(outcome(&verifier(&issuer, &network), &token).await, UNAVAILABLE, "{status}");
        assert_eq!(network.requests(), [OIDC, RFC8414], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_server_gets_only_one_request() {
    let (issuer, network, token) = set_up();
    network.cut(OIDC);
    network.json(RFC8414, &metadata());
    assert_eq!(outcome(&verifier(&issuer, &network), &token).await, UNAVAILABLE);
    assert_eq!(network.requests(), [OIDC]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_discovery_is_retried_after_a_backoff() {
    for fault in [Fault::Status(404), Fault::Html, Fault::Garbage, Fault::Unreachable, Fault::Hang]
    {
        let issuer = TestIssuer::new();
        let token = issuer.token().audience(API).expires_in(DAY).mint();
        let verifier = issuer.verifier().audience(API).build().unwrap();
        issuer.fail(fault);
        let requests = || issuer.requests_to("/.well-known/openid-configuration");
        for failure in 1..=10 {
            let backoff = outage(&verifier, &token).await.retry_after().unwrap();
            assert_eq!(immediate_outcome(&verifier, &token), Some(UNAVAILABLE));
            assert_eq!(requests(), failure, "{fault:?}");
            issuer.clock().advance(backoff);
        }
        issuer.recover();
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_jwks_uri_is_cached_until_a_fetch_from_it_fails() {
    let (issuer, network, token) = set_up();
    network.json(OIDC, &metadata());
    let verifier = verifier(&issuer, &network);
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    assert_eq!(network.requests(), [OIDC, JWKS]);
    issuer.clock().advance(seconds(600));
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    assert_eq!(network.requests(), [JWKS]);

    // The keys move to another address, and the issuer signs with a new key.
    issuer.rotate_keys(false);
    let new = issuer.token().audience(API).expires_in(DAY).mint();
    let moved = "https://issuer.test/keys/v2";
    network.put(JWKS, page(410, None, ""));
    network.json(moved, &serde_json::from_str(&issuer.jwk_set()).unwrap());
    network.json(OIDC, &json!({ "issuer": ISSUER, "jwks_uri": moved }));
    assert_eq!(outcome(&verifier, &new).await, UNAVAILABLE);
    assert_eq!(network.requests(), [JWKS]);
    issuer.clock().advance(seconds(10));
    assert_eq!(outcome(&verifier, &new).await, ACCEPTED);
    assert_eq!(network.requests(), [OIDC, moved]);
    issuer.clock().advance(seconds(600));
    assert_eq!(outcome(&verifier, &new).await, ACCEPTED);
    assert_eq!(network.requests(), [moved]);
}

#[tokio::test(start_paused = true)]
async fn an_etag_is_sent_only_to_the_address_it_came_from() {
    let (issuer, network, old) = set_up();
    let set = |issuer: &TestIssuer| {
        Response::builder().header("etag", "\"1\"").body(issuer.jwk_set().into_bytes()).unwrap()
    };
    network.json(OIDC, &metadata());
    network.put(JWKS, set(&issuer));
    let verifier = verifier(&issuer, &network);
    assert_eq!(outcome(&verifier, &old).await, ACCEPTED);

    issuer.rotate_keys(false);
    let new = issuer.token().audience(API).expires_in(DAY).mint();
    let moved = "https://issuer.test/keys/v2";
    network.cut(JWKS);
    network.put(moved, set(&issuer));
    network.json(OIDC, &json!({ "issuer": ISSUER, "jwks_uri": moved }));
    assert_eq!(outcome(&verifier, &new).await, UNAVAILABLE);
    issuer.clock().advance(seconds(10));
    assert_eq!(outcome(&verifier, &new).await, ACCEPTED, "the ETag belongs to another address");
}
