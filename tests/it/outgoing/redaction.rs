//! URLs in errors, events, `Debug` and `Readiness` are reduced to scheme, host, port and path.

use std::{error::Error as StdError, fmt::Debug, iter};

use http::Response;
use portcullis::{
    IntrospectionVerifier, JwtVerifier,
    http_client::{HttpClient, HttpError, ReqwestClient},
    testing::{TestClient, TestIssuer},
};
use serde_json::json;

use crate::{
    support::{
        API,
        network::Network,
        outcome::{UNAVAILABLE, outcome, verify_token},
    },
    telemetry::capture::Capture,
};

const SECRET: &str = "s3cret";

/// An error of a client that shows the whole URL, in its text, in its source and in `Debug`.
#[derive(Debug)]
struct Talkative(String, std::io::Error);

impl std::fmt::Display for Talkative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GET {} failed", self.0)
    }
}

impl StdError for Talkative {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.1)
    }
}

fn talkative() -> TestClient {
    TestClient::new(|request| async move {
        let url = request.uri().to_string();
        let source = std::io::Error::other(format!("no route for {url}"));
        Err(HttpError::transport(Talkative(url, source)))
    })
}

fn responding(status: u16, content_type: &'static str, body: &'static str) -> TestClient {
    TestClient::new(move |_| async move {
        let response = Response::builder().status(status).header("content-type", content_type);
        response.body(body.as_bytes().to_vec()).map_err(HttpError::transport)
    })
}

/// Clients with which every request fails, each in its own way.
fn failing_clients() -> Vec<(&'static str, Box<dyn Fn() -> std::sync::Arc<dyn HttpClient>>)> {
    fn client<C: HttpClient>(
        create: impl Fn() -> C + 'static,
    ) -> Box<dyn Fn() -> std::sync::Arc<dyn HttpClient>> {
        Box::new(move || std::sync::Arc::new(create()))
    }
    vec![
        ("no connection", client(ReqwestClient::new)),
        (
            "no connection of a wrapped client",
            client(|| ReqwestClient::from(reqwest::Client::builder().no_proxy().build().unwrap())),
        ),
        ("an error with the URL", client(talkative)),
        ("a status", client(|| responding(500, "application/json", "{}"))),
        ("a redirect", client(|| responding(302, "application/json", "{}"))),
        ("a web page", client(|| responding(200, "text/html", "<!doctype html>"))),
        ("another document", client(|| responding(200, "application/json", "{}"))),
        ("no JSON", client(|| responding(200, "application/json", "["))),
    ]
}

/// Everything that an error shows.
fn shown(error: &(dyn StdError + 'static)) -> Vec<String> {
    iter::successors(Some(error), |error| (*error).source())
        .flat_map(|error| [error.to_string(), format!("{error:?}")])
        .collect()
}

fn assert_no_secret(case: &str, texts: impl IntoIterator<Item = impl Debug>) {
    for text in texts {
        let text = format!("{text:?}");
        assert!(!text.contains(SECRET), "{case}: {text}");
    }
}

/// A URL with secrets, on a port without a server.
fn url(path: &str) -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}{path}?key={SECRET}&more={SECRET}")
}

#[tokio::test]
async fn the_query_of_a_jwks_uri_is_not_shown() {
    for (case, client) in failing_clients() {
        let issuer = TestIssuer::new();
        let token = issuer.token().audience(API).mint();
        let builder = issuer.verifier().http_client(client()).jwks_uri(url("/jwks")).audience(API);
        assert_no_secret(case, [format!("{builder:?}")]);
        let verifier = builder.build().unwrap();
        let (capture, _guard) = Capture::start();
        let error = verify_token(&verifier, &token).await.unwrap_err();

        let (events, readiness) = (capture.take(), verifier.readiness());
        assert!(events.iter().any(|line| line.text.contains("/jwks")), "{case}: {events:?}");
        assert!(readiness.last_error().unwrap().contains("/jwks"), "{case}: {readiness:?}");
        assert_no_secret(case, &events);
        assert_no_secret(case, shown(&error));
        assert_no_secret(case, [format!("{readiness:?} {verifier:?}")]);
    }
}

#[tokio::test]
async fn the_query_of_a_jwks_uri_in_metadata_is_not_shown() {
    let (name, jwks) = ("https://issuer.test", format!("https://keys.example/jwks?key={SECRET}"));
    for (case, jwks_uri) in [
        ("no key set", jwks.clone()),
        ("not https", jwks.replace("https", "http")),
        ("a user name", format!("https://{SECRET}@keys.example/jwks")),
        ("a fragment", format!("https://keys.example/jwks#{SECRET}")),
        ("not public", format!("https://10.0.0.1/jwks?{SECRET}")),
    ] {
        let issuer = TestIssuer::named(name);
        let network = Network::default();
        let metadata = json!({ "issuer": name, "jwks_uri": jwks_uri });
        network.json(&format!("{name}/.well-known/openid-configuration"), &metadata);
        network.put(&jwks, Response::builder().status(500).body(Vec::new()).unwrap());
        let verifier = issuer.verifier().http_client(network.client()).audience(API);
        let verifier = verifier.build().unwrap();
        let (capture, _guard) = Capture::start();
        let token = issuer.token().audience(API).mint();
        let error = verify_token(&verifier, &token).await.unwrap_err();

        let (events, readiness) = (capture.take(), verifier.readiness());
        assert!(readiness.last_error().is_some());
        assert_no_secret(case, &events);
        assert_no_secret(case, shown(&error));
        assert_no_secret(case, [format!("{readiness:?} {verifier:?}")]);
    }
}

#[tokio::test]
async fn the_query_of_an_introspection_endpoint_is_not_shown() {
    for (case, client) in failing_clients() {
        let builder = IntrospectionVerifier::builder(url("/introspect"))
            .client_secret_basic("orders-api", "password")
            .audience(API)
            .http_client(client());
        assert_no_secret(case, [format!("{builder:?}")]);
        let verifier = builder.build().unwrap();
        let (capture, _guard) = Capture::start();
        let error = verify_token(&verifier, "opaque").await.unwrap_err();

        assert!(shown(&error).iter().any(|text| text.contains("/introspect")), "{case}: {error:?}");
        assert_no_secret(case, capture.take());
        assert_no_secret(case, shown(&error));
        assert_no_secret(case, [format!("{verifier:?}")]);
    }
}

#[tokio::test]
async fn a_url_that_is_rejected_is_shown_without_secrets() {
    for url in [
        format!("https://alice:{SECRET}@as.example"),
        format!("https://as.example/?key={SECRET}"),
        format!("https://as.example/#{SECRET}"),
        format!("http://as.example/jwks?key={SECRET}"),
    ] {
        let builder = JwtVerifier::builder(url.clone()).audience(API);
        assert_no_secret(&url, [format!("{builder:?}")]);
        assert_no_secret(&url, shown(&builder.build().unwrap_err()));
        let builder = JwtVerifier::builder("https://as.example").audience(API);
        if let Err(error) = builder.jwks_uri(&*url).build() {
            assert_no_secret(&url, shown(&error));
        }
        let builder = IntrospectionVerifier::builder(url.clone())
            .client_secret_basic("orders-api", "password")
            .audience(API);
        assert_no_secret(&url, [format!("{builder:?}")]);
        if let Err(error) = builder.build() {
            assert_no_secret(&url, shown(&error));
        }
    }
}

#[tokio::test]
async fn an_error_of_a_client_without_secrets_keeps_its_type() {
    let issuer = TestIssuer::new();
    let client = TestClient::new(|_| async {
        Err(HttpError::transport(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)))
    });
    let verifier = issuer.verifier().http_client(client).audience(API).build().unwrap();
    let token = issuer.token().audience(API).mint();
    assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
    issuer.clock().advance(std::time::Duration::from_secs(60));
    let error = verify_token(&verifier, &token).await.unwrap_err();
    let mut sources = iter::successors(error.source(), |error| (*error).source());
    assert!(sources.any(<dyn StdError>::is::<std::io::Error>));
}
