//! Whatever a stranger puts wherever credentials may stand: 200, 400 or 401, and no panic.

use std::sync::LazyLock;

use axum::{Router, body::Body};
use http::{HeaderName, HeaderValue, Request};
use proptest::{collection::vec, prelude::*};
use tokio::runtime::{Builder, Runtime};

use super::{GOOD, PLACES, Place, RIGHT, behind, everywhere};
use crate::support::{Answer, send};

static SERVICE: LazyLock<Router> = LazyLock::new(|| behind(everywhere()));
static ANONYMOUS: LazyLock<Router> = LazyLock::new(|| behind(everywhere().allow_anonymous()));

fn ask(app: &Router, request: Request<Body>) -> Answer {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_current_thread().build().unwrap());
    RUNTIME.block_on(send(app, request))
}

/// The headers that are looked at, and some beside them.
const HEADERS: [&str; 7] = [
    "authorization",
    "authentication",
    "cookie",
    "sec-websocket-protocol",
    "upgrade",
    "x-api-key",
    "x-other",
];

/// Parts that lines are made of where they are good, and any bytes.
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
        GOOD,
        RIGHT,
        "made-up",
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

/// A query of any characters that a URI may have.
fn query() -> impl Strategy<Value = String> {
    let known = ["access_token=", "access%5Ftoken=", "&", "=", "%", "%zz", "%00", "+", GOOD, "a"];
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_request_is_answered_cleanly(
        method in prop::sample::select(vec!["GET", "HEAD"]),
        query in query(),
        lines in vec((prop::sample::select(HEADERS.to_vec()), line()), 0..4),
    ) {
        for app in [&*SERVICE, &*ANONYMOUS] {
            let Some(request) = request(method, &query, &lines) else { continue };
            let answer = ask(app, request);
            let status = answer.status.as_u16();
            prop_assert!([200, 400, 401].contains(&status), "{}", status);
            prop_assert_eq!(answer.headers.contains_key("www-authenticate"), status != 200);
            // No header is shown to anybody; a parameter of another name in the query is.
            let shows = answer.body.contains(GOOD) || answer.body.contains(RIGHT);
            prop_assert!(!shows || query.contains(GOOD));
            let somebody = answer.body == "alice" || method == "HEAD" || status != 200;
            prop_assert!(somebody || std::ptr::eq(app, &raw const *ANONYMOUS));
        }
    }

    #[test]
    fn of_two_places_none_is_ever_let_in(
        one in prop::sample::select(PLACES.to_vec()),
        other in prop::sample::select(PLACES.to_vec()),
        text in "[A-Za-z0-9%=._-]{0,20}",
    ) {
        prop_assume!(one != other);
        let mut request = super::with(&[one]);
        other.put(&mut request, &text);
        let answer = ask(&ANONYMOUS, request);
        prop_assert_eq!(answer.status.as_u16(), 400, "{:?} {:?}", one, other);
    }
}

#[test]
fn what_strangers_send_here_includes_what_is_let_in() {
    let lines = vec![("authorization", format!("Bearer {GOOD}").into_bytes())];
    let answer = ask(&SERVICE, request("GET", "a", &lines).unwrap());
    assert_eq!(answer.body, "alice");
    let query = format!("access%5Ftoken={GOOD}&a");
    assert_eq!(ask(&SERVICE, request("GET", &query, &[]).unwrap()).body, "alice");
    assert_eq!(ask(&SERVICE, super::with(&[Place::Cookie])).body, "alice");
}
