//! Tables of services that forward requests: no other server reads a path that is let through as another one.

use axum::{Router, body::Body, routing::any};
use http::{Method, Request};
use portcullis::{
    Access, AuthenticateLayer, BearerToken, Identity, Policies, Verification, Verify,
    policies::PoliciesBuilder,
};
use proptest::prelude::*;

use super::READ;
use crate::support::send;

fn rows() -> PoliciesBuilder {
    Policies::builder()
        .any_method("/", Access::Anonymous)
        .any_method("/files/{*rest}", Access::Anonymous)
        .any_method("/files/private/{*rest}", Access::Deny)
        .any_method("/users/{id}", Access::Anonymous)
        .any_method("/users/{id}/keys", Access::Deny)
        .any_method("/users/me", Access::Deny)
}

fn gateway() -> Policies {
    rows().forwarding().build().unwrap()
}

#[test]
fn paths_that_servers_may_parse_differently_are_denied() {
    let (gateway, plain) = (gateway(), rows().build().unwrap());
    let lenient = Policies::builder().unlisted_authenticated().forwarding().build().unwrap();
    for segment in [
        // parameters of a segment
        ";",
        "a;b",
        "a;v=1",
        "..;",
        ".;",
        "..;x=y",
        "a%3Bb",
        "a%3b",
        "..%3B",
        // the beginning of a query or a fragment
        "a%3Fb",
        "a%3f",
        "a%23b",
        "a%26b%3D",
        // spaces and dots at the end
        "a%20",
        "%20",
        "a%20b",
        "a.",
        "a..",
        "...",
        "a+",
        "a%2B",
        "a%C2%A0",
        "a%E3%80%80",
        // encoded delimiters, quotes, brackets
        "a%25",
        "a%40b",
        "a%3Ab",
        "a%22b",
        "a%7Cb",
        "%5B%5D",
        // what Unicode or a code page maps to a delimiter
        "a%EF%BC%8Fb",
        "%EF%BC%8E%EF%BC%8E",
        "a%EF%BC%9Bb",
        "a%CD%BEb",
        "a%E2%81%84b",
        "a%E2%88%95b",
        "a%E2%80%A5b",
        "a%E2%80%8Bb",
    ] {
        for path in [
            format!("/files/{segment}"),
            format!("/files/{segment}/b"),
            format!("/files/a/{segment}"),
            format!("/users/{segment}"),
            format!("/{segment}"),
        ] {
            assert_eq!(*gateway.access(&Method::GET, &path), Access::Deny, "{path}");
            assert_eq!(*lenient.access(&Method::GET, &path), Access::Deny, "{path}");
        }
    }
    // Without the option, these are ordinary characters of a segment.
    for path in ["/files/a;v=1", "/files/a%20b", "/files/a%3Fb", "/files/a."] {
        assert_eq!(*plain.access(&Method::GET, path), Access::Anonymous, "{path}");
    }
    for path in ["/files/a\\b", "/files/a%5Cb", "/files/a%2Fb", "/files/..", "/files//b"] {
        assert_eq!(*plain.access(&Method::GET, path), Access::Deny, "{path}");
        assert_eq!(*gateway.access(&Method::GET, path), Access::Deny, "{path}");
    }
}

#[test]
fn plain_paths_are_found_as_without_the_option() {
    let (gateway, plain) = (gateway(), rows().build().unwrap());
    for path in [
        "/",
        "/files/a.txt",
        "/files/.well-known/x",
        "/files/a/b-c_d~e/f!$&'()*,=:@",
        "/files/1.0+build.7",
        "/files/caf%C3%A9",
        "/files/%E6%96%87%E6%9B%B8",
        "/files/%F0%9F%98%80",
        "/files/private/a",
        "/users/7",
        "/users/me",
        "/users/7/keys",
        "/elsewhere",
    ] {
        let expected = plain.access(&Method::GET, path);
        assert_eq!(gateway.access(&Method::GET, path), expected, "{path}");
    }
    assert_eq!(*gateway.access(&Method::GET, "/files/caf%C3%A9"), Access::Anonymous);
}

#[test]
fn a_row_for_an_ambiguous_path_is_an_error() {
    for path in ["/a%20b", "/a;b", "/files/a./{*rest}", "/a%40b/{id}"] {
        let rows = || Policies::builder().route(Method::GET, path, READ);
        assert!(rows().build().is_ok(), "{path}");
        // Wherever the option is given.
        let first = Policies::builder().forwarding().route(Method::GET, path, READ);
        for builder in [rows().forwarding(), first] {
            let error = builder.build().unwrap_err().to_string();
            let expected = format!(
                "policy `GET {path}`: ambiguous, so a table with `forwarding()` always denies it"
            );
            assert_eq!(error, expected);
        }
    }
}

/// Accepts every token.
struct Yes;

impl Verify<BearerToken<'_>> for Yes {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(Identity::assertion().build()))
    }
}

#[tokio::test]
async fn the_layer_rejects_such_a_request_with_and_without_a_token() {
    let layer = AuthenticateLayer::bearer(Yes).policies(gateway());
    let app = Router::new().fallback(any(async || "forwarded")).layer(layer);
    for (path, anonymous, authenticated) in [
        ("/files/a", 200, 200),
        ("/files/x/..;/private/a", 401, 403),
        ("/files/private;/a", 401, 403),
        ("/files/private%20/a", 401, 403),
        ("/users/me;v=1", 401, 403),
        ("/users/7%2Fkeys", 401, 403),
    ] {
        for (token, status) in [(None, anonymous), (Some("Bearer x"), authenticated)] {
            let mut request = Request::get(path);
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            let response = send(&app, request.body(Body::empty()).unwrap()).await;
            assert_eq!(response.status, status, "{path} {token:?}");
        }
    }
}

/// The segments of a path as a careless server reads them: decoded once or twice, with other slashes, and without
/// parameters, queries, and dots and spaces at the end.
fn careless(path: &str, decodings: usize, parameters_first: bool) -> String {
    let without_parameters = |path: &str| {
        let parts = path.split('/').map(|it| it.split(';').next().unwrap_or_default());
        parts.collect::<Vec<_>>().join("/")
    };
    let mut path = if parameters_first { without_parameters(path) } else { path.to_owned() };
    for _ in 0..decodings {
        path = decoded(&path);
    }
    let path = path.replace(['\\', '\u{ff0f}', '\u{2044}', '\u{2215}'], "/");
    let path =
        path.replace('\u{ff0e}', ".").replace(['\u{ff1b}', '\u{37e}'], ";").replace('+', " ");
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = Vec::new();
    for segment in without_parameters(path).split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => {
                segments.push(segment.trim_end_matches(['.', ' ', '\u{a0}']).to_lowercase());
            }
        }
    }
    format!("/{}", segments.join("/"))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = rest.get(1..3).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) if code.is_some_and(|code| !code.starts_with('+')) => {
                bytes.push(byte);
                rest = &rest[3..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Paths made of parts that are read in different ways.
fn path() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "/",
        "files",
        "private",
        "users",
        "me",
        "7",
        "keys",
        "a",
        "..",
        ".",
        ";",
        "%3B",
        "%3b",
        "%2F",
        "%2e",
        "%20",
        "+",
        "%3F",
        "%23",
        "%5C",
        "\\",
        "%25",
        "%00",
        "%EF%BC%8F",
        "%EF%BC%8E",
        "%EF%BC%9B",
        "%CD%BE",
        "%C2%A0",
        "%C3%A9",
        "x=1",
    ]);
    prop::collection::vec(parts, 0..9).prop_map(|parts| format!("/{}", parts.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn no_path_that_is_let_through_is_read_as_one_that_is_denied(path in path()) {
        let gateway = gateway();
        if *gateway.access(&Method::GET, &path) == Access::Anonymous {
            for (decodings, parameters_first) in [(0, true), (1, true), (1, false), (2, true), (2, false)] {
                let read = careless(&path, decodings, parameters_first);
                let is_denied = read.starts_with("/files/private/")
                    || read == "/users/me"
                    || (read.starts_with("/users/") && read.ends_with("/keys"));
                prop_assert!(!is_denied, "{path} is read as {read}");
            }
        }
    }
}
