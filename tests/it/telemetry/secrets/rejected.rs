//! Rejections of every kind, and what is overheard of them.

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

/// A request with that target and these headers, and the credentials that it bears.
struct Case {
    what: &'static str,
    target: String,
    headers: Vec<(HeaderName, String)>,
    credentials: Vec<String>,
}

impl Case {
    fn bearer(what: &'static str, token: impl Into<String>) -> Self {
        let token = token.into();
        let headers = vec![(AUTHORIZATION, format!("Bearer {token}"))];
        Self { what, target: "/".to_owned(), headers, credentials: vec![token] }
    }

    fn lines(what: &'static str, lines: &[&str]) -> Self {
        let headers = lines.iter().map(|&line| (AUTHORIZATION, line.to_owned()));
        let credentials = lines.iter().map(|&line| line.to_owned()).collect();
        Self { what, target: "/admin".to_owned(), headers: headers.collect(), credentials }
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

/// Requests that are rejected, one way or another: for their token, their header, or by the route.
fn cases(issuer: &TestIssuer) -> Vec<Case> {
    let token = || issuer.token().audience(API).claim("note", json!(PRIVATE));
    let of = |what, token: TokenBuilder| Case::bearer(what, token.mint());
    let good = token().mint();
    let elsewhere = |what, target: &str, headers: &[(&'static str, &str)]| {
        let fill = |text: &str| text.replace("TOKEN", &good);
        let header =
            |&(name, value): &(&'static str, &str)| (HeaderName::from_static(name), fill(value));
        let headers = headers.iter().map(header).collect();
        Case { what, target: fill(target), headers, credentials: vec![good.clone()] }
    };
    let line = |what, line: &str| Case::lines(what, &[&line.replace("TOKEN", &good)]);
    vec![
        of("expired", token().claim("exp", json!(0))),
        of("not yet valid", token().claim("nbf", json!(1e11))),
        of("another audience", token().audience(PRIVATE)),
        of("another issuer", token().claim("iss", json!(PRIVATE))),
        of("a claim of the wrong type", token().claim("sub", json!([PRIVATE]))),
        of("a scope of the wrong type", token().claim("scope", json!({ PRIVATE: 1 }))),
        of("an ID token", token().claim("at_hash", json!(PRIVATE))),
        of("another type", token().header("typ", json!(PRIVATE))),
        of("another algorithm", token().header("alg", json!(PRIVATE))),
        of("no algorithm", token().header("alg", json!("none"))),
        of("a critical extension", token().header("crit", json!([PRIVATE]))),
        of("an unknown key", token().header("kid", json!(PRIVATE))),
        of("a secret for a key", token().algorithm(Algorithm::Hs256)),
        of("rejected by the service", token().subject("mallory")),
        of("signed by another", TestIssuer::new().token().audience(API)),
        of("claims of another type", token().claim("number", json!(PRIVATE))).at("/staff"),
        Case::bearer("a scope too few", &*good).at("/admin"),
        Case::bearer("a changed signature", format!("{}AAAA", &good[..good.len() - 4])),
        Case::bearer("claims that are no JSON", token().mint_raw(PRIVATE)),
        Case::bearer("a header that is no JSON", token().mint_with_raw_header(PRIVATE)),
        Case::bearer("opaque", "ya29.0paque-t0ken-0f-s0me-0ther-k1nd"),
        Case::bearer("known to introspection alone", token().mint_opaque()).at("/admin"),
        Case::bearer("five parts", format!("{good}.{PRIVATE}.{PRIVATE}")),
        Case::bearer("too long", good.repeat(100)),
        Case::lines("twice", &[&format!("Bearer {good}"), &format!("Bearer {good}")]),
        line("a list", "Bearer TOKEN, Bearer TOKEN"),
        line("a space inside", "Bearer TOKEN TOKEN"),
        line("not ASCII", "Bearer TOKEN\u{e4}"),
        line("quoted", "Bearer \"TOKEN\""),
        line("a parameter", "Bearer token=TOKEN"),
        line("no scheme", "TOKEN"),
        line("another scheme", "Token TOKEN"),
        line("Basic", &format!("Basic {BASIC}")),
        line("Basic that is none", "Basic TOKEN"),
        elsewhere("query", "/admin?access_token=TOKEN", &[]),
        elsewhere("query among others", "/admin?a=b&access_token=TOKEN&c=d", &[]),
        elsewhere("query, encoded", "/admin?%61ccess_token=TOKEN", &[]),
        elsewhere("query, twice", "/admin?access_token=TOKEN&access_token=TOKEN", &[]),
        elsewhere("query, absolute", "https://api.example/admin?access_token=TOKEN", &[]),
        elsewhere("cookie", "/admin", &[("cookie", "a=b; session=TOKEN")]),
        elsewhere("header", "/admin", &[("authentication", "Bearer TOKEN")]),
        elsewhere("both", "/admin?access_token=TOKEN", &[("authorization", "Bearer TOKEN")]),
        elsewhere(
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

/// Sends every case to services of that kind, and looks for what it bears in all that is shown and
/// said. Gives how many were rejected, and how many lines were said.
async fn search(
    service: fn(&TestIssuer, ErrorBody) -> Router,
    issuer: &TestIssuer,
    capture: &Capture,
) -> (usize, usize) {
    let (mut rejected, mut said) = (0, 0);
    for body in bodies() {
        let app = service(issuer, body);
        for case in cases(issuer) {
            let answer = send(&app, case.request()).await;
            let what = format!("{}: {}", case.what, answer.status);
            let secrets: Vec<_> = case.credentials.iter().flat_map(|one| traces(one)).collect();
            assert_clean(&shown(&answer), &secrets, &what);
            let lines = capture.take_all().into_iter();
            let lines: Vec<_> =
                lines.map(|line| format!("{} {}", line.target, line.text)).collect();
            assert_clean(&lines, &secrets, &what);
            rejected += usize::from(!answer.status.is_success());
            said += lines.len();
        }
    }
    (rejected, said)
}

#[tokio::test]
async fn no_rejection_shows_the_credentials_in_answer_error_or_any_event_down_to_trace() {
    type Service = fn(&TestIssuer, ErrorBody) -> Router;
    let services: [(&str, Service, usize); 3] = [
        ("Authorization", plain, 43),
        ("all sources", with_all_sources, 43),
        // A server that introspects knows nothing of types of tokens, nor of our check.
        ("introspection", introspecting, 30),
    ];
    let faults = [Fault::Unreachable, Fault::Status(401), Fault::Html, Fault::Garbage];
    for (name, service, least) in services {
        for fault in faults.into_iter().map(Some).chain([None]) {
            let issuer = TestIssuer::new();
            if let Some(fault) = fault {
                issuer.fail(fault);
            }
            let (capture, _guard) = Capture::begin();
            let (rejected, said) = search(service, &issuer, &capture).await;
            assert!(rejected >= least * bodies().len(), "{name}, {fault:?}: {rejected} rejected");
            assert!(said >= rejected, "{name}, {fault:?}: {said} lines");
        }
    }
}
