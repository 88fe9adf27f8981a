//! The configuration as a whole, and invalid ones.

use portcullis::testing::TestIssuer;

use super::{API, serve, status};
use crate::program::Program;

#[tokio::test]
async fn the_server_listens_on_the_given_address() {
    let issuer = TestIssuer::serve().await.unwrap();
    for (listen, begins) in [("127.0.0.1:0", "http://127.0.0.1:"), ("[::1]:0", "http://[::1]:")] {
        let server = serve(&issuer, &[("LISTEN", listen), ("WORKER_THREADS", "1")]);
        assert!(server.url.starts_with(begins), "{}", server.url);
        assert_eq!(status(&server, issuer.token().audience(API)).await, 200, "{listen}");
    }
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset() {
    const ALL: [&str; 34] = [
        "ADMIN_TOKEN",
        "ALGORITHMS",
        "BASIC_SCOPES",
        "BASIC_USERS",
        "CLIENT_CERT_HEADER",
        "CONFIG",
        "COOKIE",
        "DPOP",
        "DPOP_NONCE_SECRET",
        "INTROSPECTION_AUDIENCE",
        "INTROSPECTION_AUTH",
        "INTROSPECTION_CLIENT_ID",
        "INTROSPECTION_CLIENT_SECRET",
        "INTROSPECTION_URL",
        "JWKS_URI",
        "LISTEN",
        "LOG_FORMAT",
        "MAX_LIFETIME",
        "PROFILE",
        "PUBLIC_URL",
        "QUERY_TOKEN",
        "REDIS_OUTAGE",
        "REDIS_URL",
        "REQUIRE_CLAIM",
        "RESOURCE",
        "ROLES_CLAIM",
        "RUST_LOG",
        "SCOPE_CLAIM",
        "SCOPE_HIERARCHY",
        "SECURITY_EVENTS",
        "SECURITY_EVENTS_AUDIENCE",
        "TOKEN_HEADER",
        "TOKEN_SCHEME",
        "TRUSTED_PROXIES",
    ];
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &ALL.map(|name| (name, "")));
    assert_eq!(status(&server, issuer.token().audience(API)).await, 200);
}

#[test]
fn invalid_configuration_prints_one_line_and_exits_with_2() {
    const ISSUER: (&str, &str) = ("ISSUER", "https://as.example");
    const AUDIENCE: (&str, &str) = ("AUDIENCE", API);
    const ENDPOINT: (&str, &str) = ("INTROSPECTION_URL", "https://as.example/introspect");
    const CLIENT: (&str, &str) = ("INTROSPECTION_CLIENT_ID", "rs");
    const SECRET: (&str, &str) = ("INTROSPECTION_CLIENT_SECRET", "s3cret");
    let with = |variable| vec![ISSUER, AUDIENCE, variable];
    // The last value of a variable counts.
    let introspection = |variable| vec![AUDIENCE, ENDPOINT, CLIENT, SECRET, variable];
    for (variables, names) in [
        (vec![], ["ISSUER", "must be set"]),
        (vec![AUDIENCE], ["ISSUER", "must be set"]),
        (vec![ISSUER], ["AUDIENCE", "must be set"]),
        (vec![ISSUER, ("AUDIENCE", "")], ["AUDIENCE", "must be set"]),
        (vec![AUDIENCE, ("ISSUER", "as.example")], ["ISSUER", "`as.example`"]),
        (vec![AUDIENCE, ("ISSUER", "http://as.example")], ["ISSUER", "`http://as.example`"]),
        (vec![AUDIENCE, ("ISSUER", "https://as.example,")], ["ISSUER", "``"]),
        (
            vec![AUDIENCE, ("ISSUER", "https://as.example,https://as.example")],
            ["ISSUER", "`https://as.example`"],
        ),
        (
            vec![
                AUDIENCE,
                ("ISSUER", "https://a.example,https://b.example"),
                ("JWKS_URI", "https://a.example/jwks"),
            ],
            ["JWKS_URI", "`https://a.example/jwks`"],
        ),
        (with(("JWKS_URI", "/jwks")), ["JWKS_URI", "`/jwks`"]),
        (with(("JWKS_URI", "http://as.example/jwks")), ["JWKS_URI", "`http://as.example/jwks`"]),
        (with(("BASIC_USERS", "alice")), ["BASIC_USERS", "user:password"]),
        (with(("QUERY_TOKEN", "yes")), ["QUERY_TOKEN", "`yes`"]),
        (with(("INTROSPECTION_URL", "/introspect")), ["INTROSPECTION_CLIENT_ID", "must be set"]),
        (with(("LISTEN", "8080")), ["LISTEN", "`8080`"]),
        (with(("LISTEN", "192.0.2.1:80")), ["LISTEN", "`192.0.2.1:80`"]),
        (with(("ALGORITHMS", "ES256,RS257")), ["ALGORITHMS", "`RS257`"]),
        (with(("ALGORITHMS", "none")), ["ALGORITHMS", "`none`"]),
        (with(("ALGORITHMS", "HS256")), ["ALGORITHMS", "`HS256`"]),
        (with(("PROFILE", "strict")), ["PROFILE", "`strict`"]),
        (with(("PROFILE", "str\nict")), ["PROFILE", "`str ict`"]),
        (with(("REQUIRE_CLAIM", "tenant")), ["REQUIRE_CLAIM", "`tenant`"]),
        (with(("SCOPE_CLAIM", "a,,b")), ["SCOPE_CLAIM", "``"]),
        (with(("SCOPE_CLAIM", "/a~2")), ["SCOPE_CLAIM", "`/a~2`"]),
        (with(("ROLES_CLAIM", "/a~2")), ["ROLES_CLAIM", "`/a~2`"]),
        (with(("ROLES_CLAIM", "roles,scope")), ["ROLES_CLAIM", "`/scope`"]),
        (with(("MAX_LIFETIME", "1h")), ["MAX_LIFETIME", "`1h`"]),
        (with(("MAX_LIFETIME", "0")), ["MAX_LIFETIME", "`0s`"]),
        (with(("COOKIE", "a b")), ["COOKIE", "`a b`"]),
        (with(("TOKEN_HEADER", "a b")), ["TOKEN_HEADER", "`a b`"]),
        (with(("ADMIN_TOKEN", "s3 cret")), ["ADMIN_TOKEN", "Bearer"]),
        (with(("BASIC_USERS", "alice:a,bob")), ["BASIC_USERS", "user:password"]),
        (with(("TOKEN_SCHEME", "on")), ["TOKEN_SCHEME", "`on`"]),
        (with(("RUST_LOG", "portcullis=loud")), ["RUST_LOG", "`portcullis=loud`"]),
        (with(("LOG_FORMAT", "xml")), ["LOG_FORMAT", "`xml`"]),
        (
            introspection(("INTROSPECTION_URL", "/introspect")),
            ["INTROSPECTION_URL", "`/introspect`"],
        ),
        (introspection(("INTROSPECTION_AUTH", "jwt")), ["INTROSPECTION_AUTH", "`jwt`"]),
        (introspection(("INTROSPECTION_AUDIENCE", "any")), ["INTROSPECTION_AUDIENCE", "`any`"]),
        (vec![ENDPOINT, CLIENT, SECRET], ["AUDIENCE", "must be set"]),
        (vec![AUDIENCE, ENDPOINT, CLIENT], ["INTROSPECTION_CLIENT_SECRET", "must be set"]),
        (with(("WORKER_THREADS", "0")), ["WORKER_THREADS", "`0`"]),
        (with(("WORKER_THREADS", "many")), ["WORKER_THREADS", "`many`"]),
    ] {
        let ended = Program::start("server", &variables).end();
        assert_eq!(ended.status.code(), Some(2), "{variables:?}");
        assert_eq!(ended.stdout, [""; 0], "{variables:?}");
        let [line] = &*ended.stderr else { panic!("{variables:?}: {:?}", ended.stderr) };
        for name in names {
            assert!(line.contains(name), "{variables:?}: {line}");
        }
    }
}

#[test]
fn no_password_is_shown_in_an_error() {
    let variables =
        [("ISSUER", "https://as.example"), ("AUDIENCE", API), ("BASIC_USERS", "a:s3cret,s3cret")];
    let ended = Program::start("server", &variables).end();
    assert!(!ended.stderr.join("").contains("s3cret"), "{:?}", ended.stderr);
}
