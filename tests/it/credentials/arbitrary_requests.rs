//! Arbitrary bytes in every source of credentials: the status is 200, 400 or 401, and nothing panics.

use std::sync::LazyLock;

use axum::{Router, body::Body};
use http::{HeaderName, HeaderValue, Request};
use proptest::{collection::vec, prelude::*};
use tokio::runtime::{Builder, Runtime};

use super::{SOURCES, Source, VALID_BASIC, VALID_TOKEN, all_sources, are_too_many, service};
use crate::support::{TestResponse, send};

static SERVICE: LazyLock<Router> = LazyLock::new(|| service(all_sources()));
static ANONYMOUS: LazyLock<Router> = LazyLock::new(|| service(all_sources().allow_anonymous()));

fn ask(app: &Router, request: Request<Body>) -> TestResponse {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_current_thread().build().unwrap());
    RUNTIME.block_on(send(app, request))
}

/// The headers that may hold credentials, and others.
const HEADERS: [&str; 7] = [
    "authorization",
    "authentication",
    "cookie",
    "sec-websocket-protocol",
    "upgrade",
    "x-api-key",
    "x-other",
];

/// The parts of valid header values, and arbitrary bytes.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "Bearer ",
        "Basic ",
        "token ",
        "bearer",
        "websocket",
        "at=",
        "; ",
        ", ",
        " ",
        "\"",
        "=",
        ":",
        VALID_TOKEN,
        VALID_BASIC,
        "unknown",
    ];
    let byte = prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xff_u8];
    prop_oneof![
        3 => prop::sample::select(known.to_vec()).prop_map(|part| part.as_bytes().to_vec()),
        1 => vec(byte, 0..10),
    ]
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    vec(part(), 0..6).prop_map(|parts| parts.concat())
}

/// A query of arbitrary characters that are allowed in a URI.
fn query() -> impl Strategy<Value = String> {
    let known =
        ["access_token=", "access%5Ftoken=", "&", "=", "%", "%zz", "%00", "+", VALID_TOKEN, "a"];
    let character = prop::char::range('!', '~').prop_map(String::from);
    let part = prop_oneof![
        3 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => character,
    ];
    vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn request(method: &str, query: &str, lines: &[(&'static str, Vec<u8>)]) -> Option<Request<Body>> {
    let request = Request::builder().method(method).uri(format!("/?{query}"));
    let mut request = request.body(Body::empty()).ok()?;
    for (name, line) in lines {
        let line = HeaderValue::from_bytes(line).expect("a header value");
        request.headers_mut().append(HeaderName::from_static(name), line);
    }
    Some(request)
}

fn too_many() -> Vec<(Source, Source)> {
    let pairs = SOURCES.iter().flat_map(|one| SOURCES.iter().map(move |other| (*one, *other)));
    pairs.filter(|(one, other)| one != other && are_too_many(*one, *other)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_request_gets_200_400_or_401(
        method in prop::sample::select(vec!["GET", "HEAD"]),
        query in query(),
        lines in vec((prop::sample::select(HEADERS.to_vec()), line()), 0..4),
    ) {
        for app in [&*SERVICE, &*ANONYMOUS] {
            let Some(request) = request(method, &query, &lines) else { continue };
            let response = ask(app, request);
            let status = response.status.as_u16();
            prop_assert!([200, 400, 401].contains(&status), "{}", status);
            prop_assert_eq!(response.headers.contains_key("www-authenticate"), status != 200);
            // A body shows no header. It may show parameters of other names in the query.
            let shows = response.body.contains(VALID_TOKEN) || response.body.contains(VALID_BASIC);
            prop_assert!(!shows || query.contains(VALID_TOKEN));
            let authenticated = response.body == "alice" || method == "HEAD" || status != 200;
            prop_assert!(authenticated || std::ptr::eq(app, &raw const *ANONYMOUS));
        }
    }

    #[test]
    fn a_request_with_two_credentials_of_rfc_6750_is_never_accepted(
        (one, other) in prop::sample::select(too_many()),
        text in "[A-Za-z0-9%=._-]{0,20}",
    ) {
        let mut request = super::with(&[one]);
        other.put(&mut request, &text);
        let response = ask(&ANONYMOUS, request);
        prop_assert_eq!(response.status.as_u16(), 400, "{:?} {:?}", one, other);
    }
}

#[test]
fn the_generated_requests_can_include_accepted_ones() {
    let lines = vec![("authorization", format!("Bearer {VALID_TOKEN}").into_bytes())];
    let response = ask(&SERVICE, request("GET", "a", &lines).unwrap());
    assert_eq!(response.body, "alice");
    let query = format!("access%5Ftoken={VALID_TOKEN}&a");
    assert_eq!(ask(&SERVICE, request("GET", &query, &[]).unwrap()).body, "alice");
    assert_eq!(ask(&SERVICE, super::with(&[Source::Cookie])).body, "alice");
}
