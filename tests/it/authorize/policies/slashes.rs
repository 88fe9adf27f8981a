//! Rows for paths that differ by a slash at the end, each for its own methods.

use http::Method;
use portcullis::{Access, Policies, policies::PoliciesBuilder};

use super::{READ, WRITE};

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const DELETE: Method = Method::DELETE;

fn table() -> PoliciesBuilder {
    Policies::builder()
}

#[test]
fn a_trailing_slash_grants_no_method_more_access() {
    for (builder, message) in [
        (
            table().any_method("/a", WRITE).route(POST, "/a/", READ).unlisted_authenticated(),
            "policy `POST /a/`: conflicts with `any method /a: orders:write` for POST: the paths differ only by a trailing slash",
        ),
        (
            table().any_method("/a", WRITE).route(POST, "/a/", WRITE).unlisted_authenticated(),
            "policy `any method /a`: conflicts with `other methods /a/`, which has no row and is authenticated: the \
             paths differ only by a trailing slash",
        ),
        (
            table().route(DELETE, "/a", Access::Deny).any_method("/a/", Access::Anonymous),
            "policy `any method /a/`: conflicts with `DELETE /a: denied` for DELETE: the paths differ only by a trailing slash",
        ),
        (
            table().route(DELETE, "/a/", Access::Deny).any_method("/a", Access::Anonymous),
            "policy `DELETE /a/`: conflicts with `any method /a: anonymous` for DELETE: the paths differ only by a trailing slash",
        ),
        (
            table().route(GET, "/a", READ).route(Method::HEAD, "/a/", Access::Anonymous),
            "policy `HEAD /a/`: conflicts with `GET /a: orders:read` for HEAD: the paths differ only by a trailing slash",
        ),
        // The names of parameters don't matter.
        (
            table().any_method("/o/{id}", READ).any_method("/o/{name}/", Access::Anonymous),
            "policy `any method /o/{name}/`: conflicts with `any method /o/{id}: orders:read`: the paths differ only by a trailing slash",
        ),
        (
            table()
                .route(GET, "/a/", Access::Anonymous)
                .any_method("/a", READ)
                .unlisted_authenticated(),
            "policy `GET /a/`: conflicts with `any method /a: orders:read` for GET: the paths differ only by a trailing slash",
        ),
        (
            table()
                .route(POST, "/a/", READ)
                .route(GET, "/a", Access::Authenticated)
                .unlisted_authenticated(),
            "policy `POST /a/`: conflicts with `POST /a`, which has no row and is authenticated: the paths differ \
             only by a trailing slash",
        ),
    ] {
        assert_eq!(builder.build().unwrap_err().to_string(), message);
    }
}

#[test]
fn equal_rows_and_missing_rows_that_deny_are_accepted() {
    let same = table()
        .any_method("/a", WRITE)
        .route(GET, "/a", READ)
        .any_method("/a/", WRITE)
        .route(GET, "/a/", READ)
        .route(POST, "/a/", WRITE)
        .unlisted_authenticated()
        .build()
        .unwrap();
    for method in [GET, Method::HEAD, POST, DELETE] {
        assert_eq!(same.access(&method, "/a"), same.access(&method, "/a/"), "{method}");
    }
    let separate = table().route(GET, "/a/", Access::Anonymous).route(POST, "/a", WRITE).build();
    let separate = separate.unwrap();
    for (method, path, access) in [
        (GET, "/a/", Access::Anonymous),
        (GET, "/a", Access::Deny),
        (POST, "/a", WRITE.into()),
        (POST, "/a/", Access::Deny),
    ] {
        assert_eq!(*separate.access(&method, path), access, "{method} {path}");
    }
}

#[test]
fn a_row_whose_policy_has_no_scopes_is_an_error() {
    use portcullis::scope::ScopePolicy;
    for policy in [ScopePolicy::all([]), ScopePolicy::any([]), ScopePolicy::all([]).and(READ)] {
        let error = table().route(GET, "/a", policy).build().unwrap_err();
        assert_eq!(error.to_string(), "policy `GET /a`: must name at least one scope");
    }
}
