//! No spelling of a path requires less than the plain path.

use axum::{Router, body::Body, routing};
use http::{Method, Request};
use portcullis::{
    Access, AuthenticateLayer, BearerToken, Identity, Policies, Verification, Verify,
};
use proptest::prelude::*;

use crate::support::send;

/// Patterns of every kind, some of which overlap, and what the table requires for them.
const ROWS: [(&str, Access); 13] = [
    ("/", Access::Anonymous),
    ("/admin", Access::Deny),
    ("/admin/{page}", Access::Authenticated),
    ("/admin/secret", Access::Deny),
    ("/orders/{id}", Access::Anonymous),
    ("/orders/new", Access::Deny),
    ("/orders/{id}/lines", Access::Authenticated),
    ("/files/{*rest}", Access::Anonymous),
    ("/files/private/{*rest}", Access::Deny),
    ("/files/a@b", Access::Deny),
    ("/{tenant}/settings", Access::Deny),
    ("/{page}", Access::Anonymous),
    ("/orders.orders/create", Access::Deny),
];

fn policies() -> Policies {
    let rows = ROWS.into_iter();
    rows.fold(Policies::builder(), |table, (path, access)| table.any_method(path, access))
        .build()
        .unwrap()
}

/// Accepts every token.
struct AcceptAll;

impl Verify<BearerToken<'_>> for AcceptAll {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(Identity::assertion().build()))
    }
}

/// How a lenient service may read a path: decoded repeatedly, in lower case, without dots, empty segments,
/// and what follows a semicolon or a NUL.
fn read_leniently(path: &str) -> String {
    let mut path = path.to_lowercase();
    loop {
        let decoded = decoded(&path);
        if decoded == path {
            break;
        }
        path = decoded.to_uppercase().to_lowercase();
    }
    let path = path.replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    // Encoded as a client would, because a path with characters that must be encoded is denied anyway.
    let segments: Vec<_> = segments.into_iter().map(encoded).collect();
    format!("/{}", segments.join("/"))
}

fn encoded(segment: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    let code = |byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    segment.bytes().map(code).collect()
}

/// Decoded once. An overlong encoding of a slash counts as a slash.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
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
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if bytes.windows(2).any(|pair| pair == [0xc0, 0xaf]) {
        text.replace('\u{fffd}', "/")
    } else {
        text
    }
}

#[derive(Debug, Clone)]
enum Change {
    Capital,
    Code { lower: bool, times: u8 },
    Slash,
    Dot,
    Detour,
    CodedSlash,
    Overlong,
    Backslash,
    Letter(char),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Capital),
        (any::<bool>(), 1..3_u8).prop_map(|(lower, times)| Change::Code { lower, times }),
        Just(Change::Slash),
        Just(Change::Dot),
        Just(Change::Detour),
        Just(Change::CodedSlash),
        Just(Change::Overlong),
        Just(Change::Backslash),
        prop_oneof![Just('s'), Just('7'), Just('@'), Just(';'), Just('%'), Just('.')]
            .prop_map(Change::Letter),
    ]
}

/// A path with changes at arbitrary positions.
fn spelt() -> impl Strategy<Value = String> {
    let paths = prop::sample::select(vec![
        "/",
        "/admin",
        "/admin/secret",
        "/admin/x",
        "/orders/new",
        "/orders/7",
        "/orders/7/lines",
        "/files/private/x",
        "/files/a@b",
        "/files/a/b",
        "/acme/settings",
        "/orders.Orders/Create",
    ]);
    (paths, prop::collection::vec((any::<prop::sample::Index>(), change()), 0..4)).prop_map(
        |(path, changes)| {
            let mut path = path.to_owned();
            for (position, change) in changes {
                let position = position.index(path.len());
                if path.is_char_boundary(position) {
                    apply(&mut path, position, &change);
                }
            }
            path
        },
    )
}

fn apply(path: &mut String, position: usize, change: &Change) {
    let end = position + path[position..].chars().next().map_or(0, char::len_utf8);
    let here = path[position..end].to_owned();
    let text = match change {
        Change::Capital if here == "s" => "%C5%BF".to_owned(),
        Change::Capital => here.to_uppercase(),
        Change::Code { lower, times } => {
            let mut text = here;
            for _ in 0..*times {
                text = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            }
            if *lower { text.to_lowercase() } else { text }
        }
        Change::Slash => format!("{here}/"),
        Change::Dot => format!("{here}/./"),
        Change::Detour => format!("{here}/x/../"),
        Change::CodedSlash => format!("{here}%2F"),
        Change::Overlong => format!("{here}%C0%AF"),
        Change::Backslash => format!("{here}%5C"),
        Change::Letter(letter) => format!("{here}{letter}"),
    };
    path.replace_range(position..end, &text);
}

/// What is required for each pattern, if it has a row, and whether unlisted requests are let through.
type Table = (Vec<Option<Access>>, bool);

fn table() -> impl Strategy<Value = Table> {
    let access =
        prop_oneof![Just(Access::Deny), Just(Access::Anonymous), Just(Access::Authenticated)];
    (prop::collection::vec(prop::option::weighted(0.8, access), ROWS.len()), any::<bool>())
}

/// The table, and a router with the same patterns, which responds with the pattern that matched.
fn built((rows, lenient): Table) -> (Policies, Router) {
    let mut table = Policies::builder();
    if lenient {
        table = table.unlisted_authenticated();
    }
    let mut router = Router::new();
    for ((path, _), access) in ROWS.into_iter().zip(rows) {
        if let Some(access) = access {
            table = table.any_method(path, access);
            router = router.route(path, routing::any(async move || path));
        }
    }
    let policies = table.build().unwrap();
    (policies.clone(), router.layer(AuthenticateLayer::bearer(AcceptAll).policies(policies)))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1500, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn no_spelling_requires_less_than_what_a_lenient_service_reads(
        path in spelt(), table in table()
    ) {
        let (policies, _) = built(table);
        for policies in [policies, self::policies()] {
            let access = policies.access(&Method::GET, &path);
            let read = read_leniently(&path);
            let expected = policies.access(&Method::GET, &read);
            prop_assert!(
                access == expected || *access == Access::Deny,
                "{path} is {access}, but {read} is {expected}"
            );
        }
    }

    #[test]
    fn a_request_is_authorized_by_the_row_of_the_route_it_takes(path in spelt(), table in table()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let request = Request::get(&path).header("authorization", "Bearer x").body(Body::empty());
        let Ok(request) = request else { return Ok(()) };
        let (policies, router) = built(table);
        let response = runtime.block_on(send(&router, request));
        if response.status == 200 {
            let row = policies.rows().iter().find(|row| row.path() == response.body).unwrap();
            prop_assert!(*row.access() != Access::Deny, "{path} was let through to {row}");
            prop_assert_eq!(policies.access(&Method::GET, &path), row.access());
        } else {
            prop_assert!(response.status == 403 || response.status == 404, "{}", response.status);
        }
    }
}

#[test]
fn every_spelling_of_a_denied_path_is_denied() {
    let policies = policies();
    for path in [
        "/admin",
        "/ADMIN",
        "/Admin",
        "/admin/",
        "//admin",
        "/admin//",
        "/./admin",
        "/admin/.",
        "/x/../admin",
        "/%61dmin",
        "/%61%64%6D%69%6E",
        "/admi%6e",
        "/admin%2F",
        "/%2Fadmin",
        "/%2fadmin",
        "/admin%5C",
        "/\u{0}admin",
        "/admin%00",
        "/%2561dmin",
        "/%C0%AFadmin",
        "/admin/secret",
        "/admin/SECRET",
        "/ADMIN/secret",
        "/admin/secret/",
        "/admin//secret",
        "/admin/./secret",
        "/admin/x/../secret",
        "/admin/%73ecret",
        "/admin/%C5%BFecret",
        "/admin%2Fsecret",
        "/orders/New",
        "/orders/new/",
        "/orders/ne%77",
        "/files/a%40b",
        "/files/A@b",
        "/files/A%40B",
        "/files/a@b/",
        "/files/Private/x",
        "/files/private/",
        "/files/x/../private/y",
        "/acme/Settings",
        "/acme/settings/",
        "/orders.orders/create",
        "/orders.Orders/create",
        "/orders.orders/create/",
    ] {
        assert_eq!(*policies.access(&Method::GET, path), Access::Deny, "{path}");
    }
    for path in
        ["/", "/about", "/orders/7", "/orders/a%40b", "/files/x/y", "/files/x%20y", "/files/A"]
    {
        assert_eq!(*policies.access(&Method::GET, path), Access::Anonymous, "{path}");
    }
}
