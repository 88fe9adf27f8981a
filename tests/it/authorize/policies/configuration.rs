//! Which tables can be built.

use http::Method;
use portcullis::{Access, Policies, policies::PoliciesBuilder};

use super::{READ, WRITE};

const GET: Method = Method::GET;
const POST: Method = Method::POST;

#[test]
fn duplicate_and_contradicting_rows_are_rejected_by_name() {
    let cases: [(PoliciesBuilder, &str); 10] = [
        (
            Policies::builder().route(GET, "/orders", READ).route(GET, "/orders", READ),
            "policy `GET /orders`: duplicate of `GET /orders: orders:read`",
        ),
        (
            Policies::builder().route(GET, "/orders/{id}", READ).route(
                GET,
                "/orders/{name}",
                WRITE,
            ),
            "policy `GET /orders/{name}`: conflicts with `GET /orders/{id}: orders:read`",
        ),
        (
            Policies::builder()
                .any_method("/files/{*rest}", Access::Deny)
                .any_method("/files/{*path}", Access::Anonymous),
            "policy `any method /files/{*path}`: conflicts with `any method /files/{*rest}: denied`",
        ),
        (
            Policies::builder()
                .grpc("/orders.Orders/*", READ)
                .grpc("/orders.Orders/*", READ.or(WRITE)),
            "policy `POST /orders.Orders/*`: conflicts with `POST /orders.Orders/*: orders:read`",
        ),
        (
            Policies::builder().grpc("/orders.Orders/Create", READ).route(
                POST,
                "/orders.Orders/Create",
                Access::Anonymous,
            ),
            "policy `POST /orders.Orders/Create`: conflicts with `POST /orders.Orders/Create: orders:read`",
        ),
        (
            Policies::builder().route(GET, "/orders", READ).route(
                GET,
                "/orders/",
                Access::Anonymous,
            ),
            "policy `GET /orders/`: conflicts with `GET /orders: orders:read`: the paths differ only by a trailing slash",
        ),
        (
            Policies::builder().route(GET, "/Orders/{id}", READ).route(POST, "/orders/{id}", READ),
            "policy `POST /orders/{id}`: differs from segment `Orders` of another row only in its spelling",
        ),
        (
            Policies::builder().route(GET, "/a%40b", READ).route(POST, "/a@b", READ),
            "policy `POST /a@b`: differs from segment `a%40b` of another row only in its spelling",
        ),
        (
            Policies::builder().grpc("/o.Orders/Create", READ).grpc("/o.Orders/create", READ),
            "policy `POST /o.Orders/create`: differs from segment `Create` of another row only in its spelling",
        ),
        (
            Policies::builder().route(GET, "/orders/../admin", READ),
            "policy `GET /orders/../admin`: not in normal form, so no request can match it",
        ),
    ];
    for (builder, message) in cases {
        assert_eq!(builder.build().unwrap_err().to_string(), message);
    }
}

#[test]
fn an_invalid_path_is_rejected_by_name() {
    for (builder, message) in [
        (
            Policies::builder().route(GET, "/orders/:id", READ),
            "policy `GET /orders/:id`: parameters are written `{name}` or `{*name}`",
        ),
        (
            Policies::builder().route(GET, "/orders/{id}.json", READ),
            "policy `GET /orders/{id}.json`: a parameter must be a whole segment: `{name}` or `{*name}`",
        ),
        (
            Policies::builder().any_method("/{*rest}/end", READ),
            "policy `any method /{*rest}/end`: `{*…}` must be the last segment",
        ),
        (
            Policies::builder().route(GET, "orders", READ),
            "policy `GET orders`: must begin with `/`",
        ),
        (
            Policies::builder().grpc("/orders.Orders", READ),
            "policy `POST /orders.Orders`: must be `/package.Service/Method` or `/package.Service/*`",
        ),
    ] {
        assert_eq!(builder.build().unwrap_err().to_string(), message);
    }
}

#[test]
fn more_specific_rows_take_precedence() {
    let policies = Policies::builder()
        .any_method("/{*rest}", Access::Deny)
        .any_method("/orders/{*rest}", Access::Authenticated)
        .any_method("/orders/{id}", READ)
        .route(GET, "/orders/{id}", Access::Anonymous)
        .route(GET, "/orders/new", WRITE)
        .grpc("/orders.Orders/*", READ)
        .grpc("/orders.Orders/Create", WRITE)
        .build()
        .unwrap();
    let read = Access::from(READ);
    let write = Access::from(WRITE);
    for (method, path, access) in [
        ("GET", "/orders/new", &write),
        ("HEAD", "/orders/new", &write),
        ("GET", "/orders/7", &Access::Anonymous),
        ("HEAD", "/orders/7", &Access::Anonymous),
        ("PUT", "/orders/7", &read),
        ("get", "/orders/7", &read),
        ("GET", "/orders/7/lines", &Access::Authenticated),
        ("GET", "/orders", &Access::Deny),
        // The most specific path has no row for the method.
        ("POST", "/orders/new", &Access::Deny),
        ("POST", "/orders.Orders/Create", &write),
        ("POST", "/orders.Orders/List", &read),
        ("GET", "/orders.Orders/List", &Access::Deny),
        ("PUT", "/other", &Access::Deny),
        ("GET", "/", &Access::Deny),
    ] {
        let method = method.parse().unwrap();
        assert_eq!(policies.access(&method, path), access, "{method} {path}");
    }
}

#[test]
fn unlisted_requests_are_denied_unless_configured_otherwise() {
    let builder = || {
        Policies::builder().route(GET, "/orders", READ).any_method("/private/{*rest}", Access::Deny)
    };
    let denying = builder().build().unwrap();
    let lenient = builder().unlisted_authenticated().build().unwrap();
    for (method, path) in [(GET, "/"), (GET, "/x"), (POST, "/orders"), (GET, "/orders/1")] {
        assert_eq!(*denying.access(&method, path), Access::Deny, "{method} {path}");
        assert_eq!(*lenient.access(&method, path), Access::Authenticated, "{method} {path}");
    }
    // Ambiguous paths are denied nevertheless.
    for path in
        ["/Orders", "/orders/", "//orders", "/%6Frders", "/x/../orders", "*", "", "/private/x/"]
    {
        assert_eq!(*lenient.access(&GET, path), Access::Deny, "{path}");
    }
}

#[test]
fn display_shows_the_table() {
    let policies = Policies::builder()
        .grpc("/orders.Orders/Create", READ.and(WRITE))
        .route(GET, "/orders/{id}", READ)
        .any_method("/public/{*rest}", Access::Anonymous)
        .unlisted_authenticated()
        .build()
        .unwrap();
    assert_eq!(
        policies.to_string(),
        "POST /orders.Orders/Create: orders:read and orders:write\n\
         GET /orders/{id}: orders:read\n\
         any method /public/{*rest}: anonymous\n\
         unlisted: authenticated"
    );
    let scopes: Vec<_> = policies.scopes().map(portcullis::Scope::as_str).collect();
    assert_eq!(scopes, ["orders:read", "orders:write"]);
    let row = &policies.rows()[1];
    assert_eq!(
        (row.method(), row.path(), row.access()),
        (Some(&GET), "/orders/{id}", &READ.into())
    );
}
