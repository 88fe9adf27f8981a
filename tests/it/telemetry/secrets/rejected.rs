//! Rejections of every kind, with their log events and responses.

use axum::{Router, body::Body};
use http::{
    Request,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use portcullis::{
    Algorithm, ErrorBody,
    testing::{Fault, TestIssuer, TokenBuilder},
};
use serde_json::json;

use super::{
    search::{BASIC, PRIVATE, assert_clean, shown, traces},
    service::{bodies, introspecting, plain, with_all_sources},
};
use crate::support::{API, send};
use crate::telemetry::capture::Capture;

/// A request with that target and these headers, and the credentials in it.
struct Case {
    name: &'static str,
    target: String,
    headers: Vec<(HeaderName, String)>,
    credentials: Vec<String>,
}

impl Case {
    fn bearer(name: &'static str, token: impl Into<String>) -> Self {
        let token = token.into();
        let headers = vec![(AUTHORIZATION, format!("Bearer {token}"))];
        Self { name, target: "/".to_owned(), headers, credentials: vec![token] }
    }

    fn lines(name: &'static str, lines: &[&str]) -> Self {
        let headers = lines.iter().map(|&line| (AUTHORIZATION, line.to_owned()));
        let credentials = lines.iter().map(|&line| line.to_owned()).collect();
        Self { name, target: "/admin".to_owned(), headers: headers.collect(), credentials }
    }

    fn at(self, target: &str) -> Self {
        Self { target: target.to_owned(), ..self }
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::get(&self.target).body(Body::empty()).unwrap();
        for (name, value) in &self.headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request.headers_mut().append(name, value);
        }
        request
    }
}

/// Requests that are rejected for their token, their headers, or by the route.
fn cases(issuer: &TestIssuer) -> Vec<Case> {
    let token = || issuer.token().audience(API).claim("note", json!(PRIVATE));
    let of = |name, token: TokenBuilder| Case::bearer(name, token.mint());
    let valid = token().mint();
    let in_other_source = |name, target: &str, headers: &[(&'static str, &str)]| {
        let fill = |text: &str| text.replace("TOKEN", &valid);
        let header =
            |&(name, value): &(&'static str, &str)| (HeaderName::from_static(name), fill(value));
        let headers = headers.iter().map(header).collect();
        Case { name, target: fill(target), headers, credentials: vec![valid.clone()] }
    };
    let line = |name, line: &str| Case::lines(name, &[&line.replace("TOKEN", &valid)]);
    // Names in `aud`, `iss`, `alg`, `typ` and `kid` are shown to operators.
    vec![
        of("expired", token().claim("exp", json!(0))),
        of("not yet valid", token().claim("nbf", json!(1e11))),
        of("another audience", token().audience("another-name")),
        of("another issuer", token().claim("iss", json!("another-name"))),
        of("a claim of the wrong type", token().claim("sub", json!([PRIVATE]))),
        of("a scope of the wrong type", token().claim("scope", json!({ PRIVATE: 1 }))),
        of("an ID token", token().claim("at_hash", json!(PRIVATE))),
        of("another type", token().header("typ", json!("another-name"))),
        of("another algorithm", token().header("alg", json!("another-name"))),
        of("no algorithm", token().header("alg", json!("none"))),
        of("a critical extension", token().header("crit", json!([PRIVATE]))),
        of("an unknown key", token().header("kid", json!("another-name"))),
        of("a secret for a key", token().algorithm(Algorithm::Hs256)),
        of("rejected by the service", token().subject("mallory")),
        of("signed by another", TestIssuer::new().token().audience(API)),
        of("claims of another type", token().claim("number", json!(PRIVATE))).at("/staff"),
        Case::bearer("insufficient scope", &*valid).at("/admin"),
        Case::bearer("a changed signature", format!("{}AAAA", &valid[..valid.len() - 4])),
        Case::bearer("claims that are no JSON", token().mint_raw(PRIVATE)),
        Case::bearer("a header that is no JSON", token().mint_with_raw_header(PRIVATE)),
        Case::bearer("opaque", "ya29.0paque-t0ken-0f-s0me-0ther-k1nd"),
        Case::bearer("known to introspection alone", token().mint_opaque()).at("/admin"),
        Case::bearer("five parts", format!("{valid}.{PRIVATE}.{PRIVATE}")),
        Case::bearer("too long", valid.repeat(100)),
        Case::lines("twice", &[&format!("Bearer {valid}"), &format!("Bearer {valid}")]),
        line("a list", "Bearer TOKEN, Bearer TOKEN"),
        line("a space inside", "Bearer TOKEN TOKEN"),
        line("not ASCII", "Bearer TOKEN\u{e4}"),
        line("quoted", "Bearer \"TOKEN\""),
        line("a parameter", "Bearer token=TOKEN"),
        line("no scheme", "TOKEN"),
        line("another scheme", "Token TOKEN"),
        line("Basic", &format!("Basic {BASIC}")),
        line("malformed Basic", "Basic TOKEN"),
        in_other_source("query", "/admin?access_token=TOKEN", &[]),
        in_other_source("query among others", "/admin?a=b&access_token=TOKEN&c=d", &[]),
        in_other_source("query, encoded", "/admin?%61ccess_token=TOKEN", &[]),
        in_other_source("query, twice", "/admin?access_token=TOKEN&access_token=TOKEN", &[]),
        in_other_source("query, absolute", "https://api.example/admin?access_token=TOKEN", &[]),
        in_other_source("cookie", "/admin", &[("cookie", "a=b; session=TOKEN")]),
        in_other_source("header", "/admin", &[("authentication", "Bearer TOKEN")]),
        in_other_source("both", "/admin?access_token=TOKEN", &[("authorization", "Bearer TOKEN")]),
        in_other_source(
            "WebSocket",
            "/admin",
            &[
                ("connection", "upgrade"),
                ("upgrade", "websocket"),
                ("sec-websocket-version", "13"),
                ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ("sec-websocket-protocol", "bearer, TOKEN"),
            ],
        ),
    ]
}

/// Sends every case to services of that kind, and searches responses and logs for its credentials. Returns how
/// many requests were rejected, and how many lines were logged.
async fn search(
    service: fn(&TestIssuer, ErrorBody) -> Router,
    issuer: &TestIssuer,
    capture: &Capture,
) -> (usize, usize) {
    let (mut rejected, mut logged) = (0, 0);
    for body in bodies() {
        let app = service(issuer, body);
        for case in cases(issuer) {
            let response = send(&app, case.request()).await;
            let name = format!("{}: {}", case.name, response.status);
            let secrets: Vec<_> = case.credentials.iter().flat_map(|one| traces(one)).collect();
            assert_clean(&shown(&response), &secrets, &name);
            let lines = capture.take_all().into_iter();
            let lines: Vec<_> =
                lines.map(|line| format!("{} {}", line.target, line.text)).collect();
            assert_clean(&lines, &secrets, &name);
            rejected += usize::from(!response.status.is_success());
            logged += lines.len();
        }
    }
    (rejected, logged)
}

// Verifies rfc7519-12-privacy, rfc7662-5-privacy, rfc9700-4.9.3-secrets.
#[tokio::test]
async fn rejections_show_no_credentials_in_responses_errors_or_events() {
    type Service = fn(&TestIssuer, ErrorBody) -> Router;
    let services: [(&str, Service, usize); 3] = [
        ("Authorization", plain, 43),
        ("all sources", with_all_sources, 43),
        // With introspection, token types and the custom check don't matter.
        ("introspection", introspecting, 30),
    ];
    let faults = [Fault::Unreachable, Fault::Status(401), Fault::Html, Fault::Garbage];
    for (name, service, least) in services {
        for fault in faults.into_iter().map(Some).chain([None]) {
            let issuer = TestIssuer::new();
            if let Some(fault) = fault {
                issuer.fail(fault);
            }
            let (capture, _guard) = Capture::start();
            let (rejected, logged) = search(service, &issuer, &capture).await;
            assert!(rejected >= least * bodies().len(), "{name}, {fault:?}: {rejected} rejected");
            assert!(logged >= rejected, "{name}, {fault:?}: {logged} lines");
        }
    }
}
