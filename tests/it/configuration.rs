//! Issuers and policies as data.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use axum::{Router, body::Body, routing};
use http::{Method, Request};
use portcullis::{
    AuthenticateLayer, Identity, Verify,
    configuration::{Configuration, Configured, Problems},
    http_client::HttpError,
    issuers::IssuersHandle,
    testing::{TestClient, TestClock, TestIssuer},
    verify::Revocation,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{API, send, with_token};

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Two issuers with one clock, and a client that reaches both.
struct Issuers {
    one: TestIssuer,
    two: TestIssuer,
    client: TestClient,
}

impl Issuers {
    fn new() -> Self {
        let clock = TestClock::new();
        let one = TestIssuer::with_clock("https://one.example", clock.clone());
        let two = TestIssuer::with_clock("https://two.example", clock);
        let clients = Arc::new([
            (one.issuer().to_owned(), one.http_client()),
            (two.issuer().to_owned(), two.http_client()),
        ]);
        let client = TestClient::new(move |request| {
            let clients = Arc::clone(&clients);
            async move {
                let uri = request.uri().to_string();
                match clients.iter().find(|(issuer, _)| uri.starts_with(issuer)) {
                    Some((_, client)) => {
                        portcullis::http_client::HttpClient::send(client, request, 1 << 20).await
                    }
                    None => Err(HttpError::transport("no such host")),
                }
            }
        });
        Self { one, two, client }
    }

    fn build(&self, document: &Value) -> Result<Configured, Problems> {
        let configuration: Configuration = serde_json::from_value(document.clone()).unwrap();
        configuration.http_client(self.client.clone()).clock(self.one.clock()).build()
    }
}

fn handler() -> Router {
    Router::new().fallback(routing::any(async |identity: Option<Identity>| {
        identity.and_then(|it| it.subject().map(str::to_owned)).unwrap_or("nobody".to_owned())
    }))
}

fn service(configured: &Configured) -> Router {
    let layer = AuthenticateLayer::bearer(configured.issuers.clone());
    handler().layer(match &configured.policies {
        Some(policies) => layer.policies(policies.clone()),
        None => layer,
    })
}

async fn status(app: &Router, token: &str) -> u16 {
    send(app, with_token(token)).await.status.as_u16()
}

/// The problems of a document, as text.
fn problems(document: &Value) -> Vec<String> {
    let problems = Issuers::new().build(document).err();
    problems.iter().flat_map(Problems::iter).map(ToString::to_string).collect()
}

/// A file that is removed with this.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &str) -> Self {
        let name = format!("portcullis-configuration-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn each_issuer_has_its_own_rules() {
    let issuers = Issuers::new();
    let configured = issuers.build(&json!({
        "audience": API,
        "issuers": [
            { "issuer": "https://one.example", "required_claims": { "azp": "app" } },
            { "issuer": "https://two.example", "audience": ["https://a.example", "https://b.example"] },
        ],
    }));
    let app = service(&configured.unwrap());
    let one = || issuers.one.token().audience(API);
    assert_eq!(status(&app, &one().claim("azp", json!("app")).mint()).await, 200);
    assert_eq!(status(&app, &one().mint()).await, 401);
    for (audience, expected) in [("https://a.example", 200), ("https://b.example", 200), (API, 401)]
    {
        let token = issuers.two.token().audience(audience).mint();
        assert_eq!(status(&app, &token).await, expected, "{audience}");
    }
}

#[tokio::test]
async fn rows_decide_who_may_do_what() {
    let issuers = Issuers::new();
    let configured = issuers.build(&json!({
        "audience": API,
        "issuers": { "not": "read" },
    }));
    assert_eq!(configured.unwrap_err().to_string(), "issuers: must be a list, not a table");
    let configured = issuers.build(&json!({
        "audience": API,
        "issuers": [{ "issuer": "https://one.example", "role_claims": "roles" }],
        "policies": { "rows": [
            { "path": "/health", "access": "anonymous" },
            { "path": "/me", "access": "authenticated" },
            { "method": "GET", "path": "/orders", "scopes": ["read", "list"] },
            { "method": "POST", "path": "/orders", "any_scope": ["write", "admin"] },
            { "path": "/admin", "roles": "admin", "claims": { "tenant": "acme", "staff": true } },
            { "path": "/audit", "any_role": ["admin", "auditor"] },
            { "path": "/pay", "scopes": "pay", "acr": "mfa", "max_age_seconds": 300 },
            { "path": "/closed", "access": "deny" },
            { "grpc": "/orders.Orders/*", "scopes": "read" },
        ] },
    }));
    let app = service(&configured.unwrap());
    let now = portcullis::Clock::now(&issuers.one.clock());
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let token = |scope: &str, claims: Value| {
        let token = issuers.one.token().audience(API).scope(scope);
        let Value::Object(claims) = claims else { panic!("an object") };
        claims.into_iter().fold(token, |token, (name, value)| token.claim(&name, value)).mint()
    };
    let mfa = json!({ "acr": "mfa", "auth_time": now - 100 });
    for (method, path, token, expected) in [
        (Method::GET, "/health", None, 200),
        (Method::GET, "/me", None, 401),
        (Method::GET, "/me", Some(token("", json!({}))), 200),
        (Method::GET, "/orders", Some(token("read list", json!({}))), 200),
        (Method::GET, "/orders", Some(token("read", json!({}))), 403),
        (Method::POST, "/orders", Some(token("admin", json!({}))), 200),
        (Method::POST, "/orders", Some(token("read", json!({}))), 403),
        (Method::GET, "/audit", Some(token("", json!({ "roles": ["auditor"] }))), 200),
        (Method::GET, "/audit", Some(token("auditor", json!({}))), 403),
        (Method::GET, "/pay", Some(token("pay", mfa.clone())), 200),
        (Method::GET, "/pay", Some(token("read", mfa)), 403),
        (
            Method::GET,
            "/pay",
            Some(token("pay", json!({ "acr": "mfa", "auth_time": now - 400 }))),
            401,
        ),
        (Method::GET, "/closed", Some(token("", json!({}))), 403),
        (Method::GET, "/unlisted", Some(token("", json!({}))), 403),
        (
            Method::GET,
            "/admin",
            Some(token("", json!({ "roles": ["admin"], "tenant": "acme", "staff": true }))),
            200,
        ),
        (
            Method::GET,
            "/admin",
            Some(token("", json!({ "roles": ["admin"], "tenant": "acme" }))),
            403,
        ),
        (Method::GET, "/admin", Some(token("", json!({ "tenant": "acme", "staff": true }))), 403),
    ] {
        let mut request = token.map_or_else(|| Request::new(Body::empty()), |it| with_token(&it));
        *request.method_mut() = method.clone();
        *request.uri_mut() = path.parse().unwrap();
        let response = send(&app, request).await;
        assert_eq!(response.status, expected, "{method} {path} {}", response.body);
    }
}

#[test]
fn all_problems_are_reported_at_once_with_their_paths() {
    let document = json!({
        "audiences": API,
        "issuers": [
            {
                "issuer": "as.example",
                "algorithms": ["RS256", "none"],
                "leeway_seconds": -1,
                "max_lifetime_seconds": 0,
                "profile": "strict",
                "role_claims": ["scope"],
                "required_claims": { "azp": 1 },
                "dangerous": { "plain_https": true },
            },
            "https://two.example",
            { "audience": API, "jwks_uri": "http://as.example/jwks", "numeric_identifiers": "yes" },
        ],
        "introspection": {
            "endpoint": "http://as.example/introspect",
            "client_id": "orders",
            "client_secret_file": "/nowhere/secret",
            "authentication": "digest",
        },
        "policies": { "unlisted": "allow", "rows": [
            { "path": "orders", "scopes": "a" },
            { "path": "/a" },
            { "path": "/b", "scopes": ["a b"], "method": "get" },
            { "path": "/c", "access": "deny", "roles": ["admin"] },
            { "scopes": [] },
        ] },
    });
    let expected = [
        "issuers[0].algorithms: unknown JWS algorithm `none`",
        "issuers[0].profile: `strict`: must be one of `jwt-svid`, `relaxed`, `rfc9068`",
        "issuers[0].leeway_seconds: must be a non-negative integer, not a negative number",
        "issuers[0].required_claims.azp: must be a string, not an integer",
        "issuers[0].dangerous.plain_https: unknown; expected one of: \
         `accept_id_tokens`, `any_audience`, `plain_http`, `private_addresses`",
        "issuers[0].audience: must be set, here or at the top level",
    ];
    let found = problems(&document);
    assert_eq!(&found[..6], expected);
    let paths: Vec<_> = found.iter().map(|it| it.split_once(": ").unwrap().0).collect();
    assert_eq!(
        paths[6..],
        [
            "issuers[0].issuer",
            "issuers[0].max_lifetime_seconds",
            "issuers[0].role_claims",
            "issuers[1]",
            "issuers[2].issuer",
            "issuers[2].numeric_identifiers",
            "issuers[2].jwks_uri",
            "introspection.authentication",
            "introspection.client_secret_file",
            "introspection.audience",
            "introspection.endpoint",
            "policies.unlisted",
            "policies.rows[0]",
            "policies.rows[1].access",
            "policies.rows[2].method",
            "policies.rows[2].scopes",
            "policies.rows[3].access",
            "policies.rows[4].scopes",
            "policies.rows[4].path",
            "audiences",
        ]
    );
}

#[test]
fn combinations_that_mean_nothing_are_reported() {
    let issuer = |members: Value| {
        let mut issuer = json!({ "issuer": "https://one.example", "audience": API });
        issuer.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({ "issuers": [issuer] })
    };
    let rows = |row: Value| {
        let mut document = issuer(json!({}));
        document["policies"] = json!({ "rows": [row] });
        document
    };
    for (document, expected) in [
        (json!({}), "issuers: this or `introspection` must be set"),
        (json!([]), "must be a table, not a list"),
        (json!({ "issuers": [] }), "issuers: `[]`: at least one is needed"),
        (
            issuer(json!({ "audience": [] })),
            "issuers[0].audience: must not be empty; remove it instead",
        ),
        (
            issuer(json!({ "hmac_secret": "s" })),
            "issuers[0].hmac_algorithm: must be set with `hmac_secret`",
        ),
        (
            issuer(json!({ "hmac_algorithm": "HS256" })),
            "issuers[0].hmac_secret: must be set with `hmac_algorithm`",
        ),
        (
            issuer(json!({ "hmac_algorithm": "HS256", "hmac_secret": "too short" })),
            "issuers[0].hmac_secret: `HS256`: the key is too weak: it has 9 bytes, but at least 32 are required",
        ),
        (
            issuer(
                json!({ "introspection": { "endpoint": "https://one.example/i", "bearer_token": "t" } }),
            ),
            "issuers[0].audience: unknown; expected one of: `introspection`, `issuer`",
        ),
        (
            json!({ "audience": API, "introspection": {
                "endpoint": "https://one.example/i", "bearer_token": "t", "client_id": "a" } }),
            "introspection.client_id: can't be combined with `bearer_token`",
        ),
        (
            rows(json!({ "path": "/a", "any_role": [] })),
            "policies.rows[0].any_role: must not be empty; remove it instead",
        ),
        (
            rows(json!({ "path": "/a", "grpc": "/a.A/B", "access": "deny" })),
            "policies.rows[0].grpc: can't be combined with `path`",
        ),
    ] {
        assert_eq!(problems(&document)[..1], [expected], "{document}");
    }
}

#[test]
fn a_member_that_appears_twice_is_reported() {
    let text = r#"{"audience": "https://a.example", "audience": "https://b.example",
        "issuers": [{"issuer": "https://one.example", "leeway_seconds": 1, "leeway_seconds": 2}]}"#;
    let problems = serde_json::from_str::<Configuration>(text).unwrap().build().unwrap_err();
    let expected = "issuers[0].leeway_seconds: appears twice; audience: appears twice";
    assert_eq!(problems.to_string(), expected);
}

#[tokio::test]
async fn secrets_are_read_from_files_and_never_shown() {
    let issuers = Issuers::new();
    let secret = "a secret of 32 bytes, and not one fewer";
    let (right, wrong) =
        (File::new("right", &format!("{secret}\n")), File::new("wrong", "hunter2"));
    issuers.one.register_client("orders", secret);
    let document = |file: &File| {
        json!({ "introspection": {
            "endpoint": "https://one.example/introspect",
            "audience": API,
            "client_id": "orders",
            "client_secret_file": file.path(),
        } })
    };
    let token = issuers.one.token().audience(API).subject("alice").mint_opaque();
    for (file, expected) in [(&right, 200), (&wrong, 500)] {
        let configured = issuers.build(&document(file)).unwrap();
        assert_eq!(status(&service(&configured), &token).await, expected);
        assert!(!format!("{configured:?}").contains("secret of"), "{configured:?}");
    }
    let inline = json!({ "issuers": [{ "issuer": 1, "hmac_algorithm": "HS256", "hmac_secret": "hunter2" }] });
    let configuration: Configuration = serde_json::from_value(inline).unwrap();
    let problems = configuration.build().unwrap_err();
    for text in [format!("{configuration:?}"), format!("{problems:?}"), problems.to_string()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_replacement_keeps_equal_entries_with_their_keys_and_caches() {
    let issuers = Issuers::new();
    let document = |leeway: u64| {
        json!({ "audience": API, "issuers": [
            { "issuer": "https://one.example", "algorithms": "ES256" },
            { "leeway_seconds": leeway, "issuer": "https://two.example" },
        ] })
    };
    let handle = IssuersHandle::new(issuers.build(&document(30)).unwrap().issuers);
    let app = handler().layer(AuthenticateLayer::bearer(handle.clone()));
    let tokens = [&issuers.one, &issuers.two].map(|issuer| issuer.token().audience(API).mint());
    let fetches = || [&issuers.one, &issuers.two].map(|issuer| issuer.requests_to(DISCOVERY));
    let cached = || tokens.each_ref().map(|token| handle.cached(token.as_bytes()).is_some());
    for token in &tokens {
        assert_eq!(status(&app, token).await, 200);
    }
    for _ in 0..3 {
        handle.replace(&issuers.build(&document(30)).unwrap().issuers);
        assert_eq!(cached(), [true, true]);
    }
    handle.replace(&issuers.build(&document(31)).unwrap().issuers);
    assert_eq!(cached(), [true, false]);
    for token in &tokens {
        assert_eq!(status(&app, token).await, 200);
    }
    assert_eq!(fetches(), [1, 2]);

    // A revocation survives every reload.
    handle.revoke(&Revocation::token(&*tokens[1])).await.unwrap();
    handle.replace(&issuers.build(&document(32)).unwrap().issuers);
    assert_eq!(status(&app, &tokens[1]).await, 401);
    let one = json!({ "audience": API, "issuers": [{ "issuer": "https://one.example", "algorithms": "ES256" }] });
    handle.replace(&issuers.build(&one).unwrap().issuers);
    assert_eq!(status(&app, &tokens[0]).await, 200);
    assert_eq!(handle.readiness().len(), 1);
    assert_eq!(fetches(), [1, 3]);
}

#[tokio::test]
async fn changed_files_and_default_audiences_change_the_entry() {
    let issuers = Issuers::new();
    let file = File::new("key-set", &issuers.one.jwk_set());
    let document = |audience: &str| {
        json!({ "audience": audience, "issuers": [
            { "issuer": "https://one.example", "jwk_set_file": file.path() },
        ] })
    };
    let handle = IssuersHandle::new(issuers.build(&document(API)).unwrap().issuers);
    let app = handler().layer(AuthenticateLayer::bearer(handle.clone()));
    let before = issuers.one.token().audience(API).mint();
    assert_eq!(status(&app, &before).await, 200);

    issuers.one.rotate_keys(false);
    fs::write(file.path(), issuers.one.jwk_set()).unwrap();
    handle.replace(&issuers.build(&document(API)).unwrap().issuers);
    assert_eq!(status(&app, &before).await, 401);
    let after = issuers.one.token().audience(API).mint();
    assert_eq!(status(&app, &after).await, 200);

    handle.replace(&issuers.build(&document("https://other.example")).unwrap().issuers);
    assert_eq!(status(&app, &after).await, 401);
}

#[tokio::test]
async fn the_documented_example_is_valid_toml() {
    let source = include_str!("../../src/configuration/mod.rs");
    let (_, block) = source.split_once("//! ```toml\n").unwrap();
    let (block, _) = block.split_once("//! ```").unwrap();
    let lines = block.lines().map(|line| line.trim_start_matches("//!").trim_start());
    let text = lines.collect::<Vec<_>>().join("\n");
    let secret = File::new("documented", "s3cret");
    let text = text.replace("/run/secrets/introspection", secret.path());
    let configured = toml::from_str::<Configuration>(&text).unwrap().build().unwrap();
    assert_eq!(configured.issuers.readiness().len(), 2);
    assert_eq!(configured.policies.unwrap().rows().len(), 3);
}

/// Every member that the documentation of the module lists is known, and the other way round.
#[test]
fn the_documentation_lists_every_member() {
    let source = include_str!("../../src/configuration/mod.rs");
    let (_, tables) = source.split_once("//! # Members\n").unwrap();
    let unknown = "policies.rows[0].x: ";
    let document = json!({
        "x": 1,
        "issuers": [{ "x": 1, "dangerous": { "x": 1 } }],
        "introspection": { "x": 1, "dangerous": { "x": 1 } },
        "policies": { "x": 1, "rows": [{ "x": 1 }] },
    });
    let found = problems(&document);
    assert!(found.iter().any(|problem| problem.starts_with(unknown)), "{found:?}");
    let listed =
        found.iter().filter_map(|problem| problem.split_once("unknown; expected one of: "));
    let known: BTreeMap<_, Vec<_>> = listed
        .map(|(path, names)| (path, names.split(", ").map(|it| it.trim_matches('`')).collect()))
        .collect();
    assert_eq!(known.len(), 7);
    for name in known.values().flatten() {
        let name =
            name.strip_suffix("_file").filter(|it| it.contains("secret") || it.contains("token"));
        let Some(name) = name else { continue };
        assert!(tables.contains(&format!("`{name}`")), "{name} is not documented");
    }
    for name in known.values().flatten().filter(|name| !name.ends_with("_file")) {
        assert!(tables.contains(&format!("`{name}`")), "{name} is not documented");
    }
}

fn any_document() -> impl Strategy<Value = Value> {
    let names = [
        "issuers",
        "issuer",
        "audience",
        "introspection",
        "endpoint",
        "policies",
        "rows",
        "path",
        "scopes",
        "claims",
        "dangerous",
        "algorithms",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        proptest::prelude::any::<bool>().prop_map(Value::from),
        proptest::prelude::any::<i64>().prop_map(Value::from),
        proptest::prelude::any::<u64>().prop_map(Value::from),
        proptest::prelude::any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("https://one.example")),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let name = proptest::sample::select(names.to_vec()).prop_map(str::to_owned);
        let members = proptest::collection::vec((name, inner.clone()), 0..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_documents_are_configured_or_rejected(document in any_document()) {
        if let Err(problems) = Issuers::new().build(&document) {
            prop_assert!(problems.iter().count() > 0);
        }
    }
}
