//! The examples, run as programs.
//!
//! `cargo test --workspace --all-features` builds them first, and so does
//! `cargo test --workspace --all-features --examples --test binary --test examples`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::match_wild_err_arm,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests report by panic"
)]

use std::{
    env::{self, consts::EXE_SUFFIX},
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use portcullis::{Algorithm, testing::TestIssuer};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// The audience of the server's tokens.
const API: &str = "https://api.example";
const OF_THE_ROOT_PACKAGE: [&str; 3] = ["axum", "minimal", "tour"];
/// The time-out of a program for operations that should take a moment.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_readme_shows_the_minimal_example() {
    let blocks = include_str!("../README.md").split("```rust\n").skip(1);
    let shown = blocks.map(|rest| rest.split_once("```").expect("the end of a block").0).next();
    assert_eq!(shown, Some(include_str!("../examples/minimal.rs")));
}

#[tokio::test]
async fn the_minimal_example_rejects_requests_without_a_valid_token() {
    let service = Server::start("minimal", &[]);
    for route in ["GET /orders", "GET /me"] {
        let missing = service.ask(route, None).await;
        assert_eq!(missing.status, 401, "{route}");
        assert_eq!(missing.challenge.as_deref(), Some("Bearer realm=\"orders\""), "{route}");
        let invalid = service.ask(route, Some("not-a-token")).await;
        assert_eq!(invalid.status, 401, "{route}");
        assert!(invalid.challenge.unwrap().contains("invalid_token"), "{route}");
    }
}

#[test]
fn the_tour_runs_as_documented() {
    let ended = Program::start("tour", &[]).end();
    let stdout = ended.stdout.join("\n");
    assert!(ended.status.success(), "{stdout}");
    assert_eq!(ended.stderr, [""; 0]);
    for part in [
        "> GET /orders\n    < 401 Unauthorized\n    < www-authenticate: Bearer realm=\"orders\"\n",
        "< 200 OK\n    < Orders of alice\n",
        "< 201 Created\n",
        "< 400 Bad Request\n",
        "< 403 Forbidden\n",
        "< 503 Service Unavailable\n    < retry-after: ",
        "scope=\"orders:read orders:write\"",
        "Token expired.",
        "Token signature invalid.",
        "Token algorithm not accepted.",
        "Token issuer not trusted.",
        "Token not intended for this audience.",
        "More than one set of credentials.",
    ] {
        assert!(stdout.contains(part), "no {part} in:\n{stdout}");
    }
    let requests = ended.stdout.iter().filter(|line| line.starts_with("    < 4")).count();
    assert!(requests >= 10, "{stdout}");
    assert!(stdout.ends_with("every answer as told."), "{stdout}");
}

#[cfg(feature = "tonic")]
#[test]
fn every_call_of_the_grpc_example_has_the_documented_outcome() {
    let ended = Program::start("tonic", &[]).end();
    let stdout = ended.stdout.join("\n");
    assert!(ended.status.success(), "{stdout}");
    assert_eq!(ended.stderr, [""; 0]);
    for code in [
        "Ok",
        "Unauthenticated",
        "InvalidArgument",
        "PermissionDenied",
        "ResourceExhausted",
        "Internal",
        "Unavailable",
    ] {
        assert!(stdout.contains(&format!("    {code}: ")), "no {code} in:\n{stdout}");
    }
    assert!(stdout.contains("www-authenticate: Bearer realm=\"orders\", error=\"invalid_token\""));
    assert!(stdout.ends_with("calls, every one as told."), "{stdout}");
}

#[tokio::test]
async fn each_route_of_the_server_requires_its_scopes() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = Server::start("server", &[("ISSUER", issuer.issuer()), ("AUDIENCE", API)]);
    let token = |scope: &str| issuer.token().audience(API).scope(scope).mint();
    let plain = issuer.token().audience(API).mint();
    let (read, write) = (token("api:read"), token("api:read api:write"));
    let other = issuer.token().audience("https://other.example").mint();

    let missing = r#"Bearer realm="restricted""#;
    let audience = "Bearer realm=\"restricted\", error=\"invalid_token\", \
        error_description=\"Token not intended for this audience.\"";
    let scope = |scope: &str| {
        format!(
            "Bearer realm=\"restricted\", error=\"insufficient_scope\", \
             error_description=\"Token lacks the required scope.\", scope=\"{scope}\""
        )
    };
    let (needs_read, needs_both) = (scope("api:read"), scope("api:read api:write"));
    for (route, token, status, challenge) in [
        ("GET /healthz", None, 200, None),
        ("GET /healthz", Some(&other), 200, None),
        ("GET /public", None, 200, None),
        ("GET /public", Some(&plain), 200, None),
        ("GET /public", Some(&other), 401, Some(audience)),
        ("GET /me", None, 401, Some(missing)),
        ("GET /me", Some(&plain), 200, None),
        ("GET /me", Some(&other), 401, Some(audience)),
        ("GET /read", None, 401, Some(missing)),
        ("GET /read", Some(&plain), 403, Some(&needs_read)),
        ("GET /read", Some(&read), 200, None),
        ("GET /read", Some(&other), 401, Some(audience)),
        ("POST /write", None, 401, Some(missing)),
        ("POST /write", Some(&read), 403, Some(&needs_both)),
        ("POST /write", Some(&write), 200, None),
        ("POST /write", Some(&other), 401, Some(audience)),
        ("GET /unknown", None, 404, None),
    ] {
        let response = server.ask(route, token.map(String::as_str)).await;
        assert_eq!(response.status, status, "{route} {token:?}");
        assert_eq!(response.challenge.as_deref(), challenge, "{route} {token:?}");
    }
}

#[tokio::test]
async fn the_server_responds_with_the_subject() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = Server::start("server", &[("ISSUER", issuer.issuer()), ("AUDIENCE", API)]);
    let token = issuer.token().audience(API).scope("api:read api:write").claim("n", json!([1]));
    let token = token.mint();

    assert_eq!(server.ask("GET /healthz", None).await.body, "ok");
    assert_eq!(server.ask("GET /public", None).await.json(), json!({ "subject": null }));
    for route in ["GET /public", "GET /read", "POST /write"] {
        assert_eq!(server.ask(route, Some(&token)).await.json(), json!({ "subject": "alice" }));
    }
    let me = server.ask("GET /me", Some(&token)).await.json();
    assert_eq!(me["subject"], "alice");
    assert_eq!(me["scopes"], json!(["api:read", "api:write"]));
    assert_eq!(me["claims"]["iss"], issuer.issuer());
    assert_eq!(me["claims"]["n"], json!([1]));
}

#[tokio::test]
async fn the_server_reads_every_variable() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = Server::start(
        "server",
        &[
            ("LISTEN", "127.0.0.1:0"),
            ("ISSUER", issuer.issuer()),
            ("JWKS_URI", &issuer.jwks_uri()),
            ("AUDIENCE", API),
            ("ALGORITHMS", "ES256, EdDSA"),
            ("PROFILE", "rfc9068"),
            ("WORKER_THREADS", "1"),
        ],
    );
    let valid = || issuer.token().audience(API);
    // Both keys are published before the first fetch.
    issuer.publish(Algorithm::EdDsa);
    for (token, status) in [
        (valid(), 200),
        (valid().algorithm(Algorithm::EdDsa), 200),
        (valid().algorithm(Algorithm::Es384), 401),
        (valid().header("typ", json!("JWT")), 401),
        (valid().without_claim("jti"), 401),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(server.ask("GET /me", Some(&token.mint())).await.status, status, "{shown}");
    }
    assert_eq!(issuer.requests_to("/.well-known/openid-configuration"), 0);
    assert_eq!(issuer.requests_to("/jwks"), 1);
}

#[tokio::test]
async fn the_server_accepts_tokens_of_several_issuers() {
    let (one, other) = (TestIssuer::serve().await.unwrap(), TestIssuer::serve().await.unwrap());
    let untrusted = TestIssuer::serve().await.unwrap();
    let names = [one.issuer(), other.issuer()].join(",");
    let server = Server::start("server", &[("ISSUER", &names), ("AUDIENCE", API)]);
    for (issuer, status) in [(&one, 200), (&other, 200), (&untrusted, 401)] {
        let token = issuer.token().audience(API).mint();
        assert_eq!(server.ask("GET /me", Some(&token)).await.status, status);
    }
    assert_eq!(untrusted.requests_to("/jwks"), 0);
}

#[tokio::test]
async fn the_server_accepts_every_kind_of_credentials_at_every_route() {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.register_client("rs", "rs-secret");
    let introspection = format!("{}/introspect", issuer.issuer());
    let server = Server::start(
        "server",
        &[
            ("ISSUER", issuer.issuer()),
            ("AUDIENCE", API),
            ("INTROSPECTION_URL", &introspection),
            ("INTROSPECTION_CLIENT_ID", "rs"),
            ("INTROSPECTION_CLIENT_SECRET", "rs-secret"),
            ("BASIC_USERS", "bob:builder,alice:wonder:land"),
            ("QUERY_TOKEN", "1"),
            ("TOKEN_SCHEME", "1"),
        ],
    );
    let valid = || issuer.token().audience(API).scope("api:read api:write");
    let (jwt, opaque) = (valid().mint(), valid().mint_opaque());
    let in_query = |token: &str| format!("?access_token={token}");
    for (query, authorization, status) in [
        (String::new(), Some(format!("Bearer {jwt}")), 200),
        (String::new(), Some(format!("Bearer {opaque}")), 200),
        (String::new(), Some(format!("token {opaque}")), 200),
        (String::new(), Some("Basic YWxpY2U6d29uZGVyOmxhbmQ=".to_owned()), 200),
        (in_query(&jwt), None, 200),
        (in_query(&opaque), None, 200),
        (in_query(&jwt), Some(format!("Bearer {jwt}")), 400),
        (String::new(), Some("Basic YWxpY2U6d3Jvbmc=".to_owned()), 401),
        (String::new(), Some("Bearer opaque-unknown".to_owned()), 401),
    ] {
        for route in ["GET /public", "GET /me", "GET /read", "POST /write"] {
            let response = server.ask_with(&format!("{route}{query}"), authorization.clone()).await;
            assert_eq!(response.status, status, "{route} {query} {authorization:?}");
            if status == 200 {
                assert_eq!(
                    response.json()["subject"],
                    "alice",
                    "{route} {query} {authorization:?}"
                );
            }
        }
    }
}

#[test]
fn invalid_configuration_prints_one_line_and_exits_with_2() {
    const ISSUER: (&str, &str) = ("ISSUER", "https://as.example");
    const AUDIENCE: (&str, &str) = ("AUDIENCE", API);
    let with = |variable| vec![ISSUER, AUDIENCE, variable];
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
        (with(("ALGORITHMS", "ES256,RS257")), ["ALGORITHM", "`RS257`"]),
        (with(("ALGORITHMS", "none")), ["ALGORITHM", "`none`"]),
        (with(("ALGORITHMS", "HS256")), ["ALGORITHM", "`HS256`"]),
        (with(("PROFILE", "strict")), ["PROFILE", "`strict`"]),
        (with(("PROFILE", "str\nict")), ["PROFILE", "`str ict`"]),
        (with(("WORKER_THREADS", "0")), ["WORKER_THREADS", "`0`"]),
        (with(("WORKER_THREADS", "many")), ["WORKER_THREADS", "`many`"]),
    ] {
        let ended = Program::start("server", &variables).end();
        assert_eq!(ended.status.code(), Some(2), "{variables:?}");
        assert_eq!(ended.stdout, [""; 0], "{variables:?}");
        let [line] = &*ended.stderr else { panic!("{variables:?}: {:?}", ended.stderr) };
        let [variable, value] = names;
        assert!(line.to_uppercase().contains(variable), "{variables:?}: {line}");
        assert!(line.contains(value), "{variables:?}: {line}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_server_shuts_down_gracefully_without_further_output() {
    for signal in ["INT", "TERM"] {
        let variables = [("ISSUER", "https://as.example"), ("AUDIENCE", API)];
        let server = Server::start("server", &variables);
        assert_eq!(server.ask("GET /healthz", None).await.status, 200);
        assert_eq!(server.ask("GET /me", Some("no-token")).await.status, 401);
        let ended = server.stop_by(signal);
        assert!(ended.status.success(), "{signal}");
        assert_eq!(ended.stdout, [""; 0], "{signal}");
        assert_eq!(ended.stderr, [""; 0], "{signal}");
    }
}

#[tokio::test]
async fn the_order_service_accepts_the_token_that_it_prints() {
    let service = Server::start("axum", &[]);
    let command = service.program.line();
    let (_, token) = command.split_once("Bearer ").expect("a token");
    let token = token.trim_end_matches('"');

    let response = service.ask("GET /orders", None).await;
    assert_eq!(response.status, 401);
    assert_eq!(response.challenge.as_deref(), Some("Bearer realm=\"orders\""));
    let order = json!({ "id": 1, "owner": "alice", "item": "a teapot", "quantity": 1 });
    for (route, status, body) in [
        ("GET /health", 200, None),
        ("GET /orders", 200, Some(json!([order]))),
        ("GET /orders/1", 200, Some(order)),
        ("GET /orders/2", 403, None),
        ("DELETE /orders/2", 403, None),
        ("DELETE /orders/1", 204, None),
        ("GET /orders/1", 404, None),
        ("GET /me", 200, Some(json!({ "sub": "alice", "tenant": "acme", "name": null }))),
    ] {
        let response = service.ask(route, Some(token)).await;
        assert_eq!(response.status, status, "{route}");
        if let Some(body) = body {
            assert_eq!(response.json(), body, "{route}");
        }
    }
    let others = service.ask("GET /orders/2", Some(token)).await.challenge;
    assert!(others.is_some_and(|challenge| challenge.contains("scope=\"orders:admin\"")));
    let forbidden = service.ask("DELETE /orders/2", Some(token)).await;
    assert_eq!(forbidden.challenge, None);
    assert_eq!(forbidden.json()["message"], "Access denied.");
}

#[test]
fn the_demonstration_of_personal_access_tokens_succeeds() {
    let ended = Program::start("personal_access_tokens", &[]).end();
    let stdout = ended.stdout.join("\n");
    assert!(ended.status.success(), "{stdout}\n{:?}", ended.stderr);
    assert_eq!(ended.stderr, [""; 0]);
    for part in ["\"event\":\"used\"", "\"event\":\"revoked\"", "Token revoked.", "Token expired."]
    {
        assert!(stdout.contains(part), "no {part} in:\n{stdout}");
    }
    // One token for the laptop and one for the backup job. Each is shown once, on creation.
    assert_eq!(stdout.matches("demo_pat_").count(), 2, "{stdout}");
    assert!(stdout.ends_with("All went as it should."), "{stdout}");
}

#[tokio::test]
async fn the_content_service_accepts_the_login_that_it_prints() {
    let service = Server::start("personal_access_tokens", &[("LISTEN", "127.0.0.1:0")]);
    let line = service.program.line();
    let login = line.strip_prefix("LOGIN=").expect("a login");
    for (route, status) in [
        ("GET /posts", 200),
        ("POST /posts", 201),
        ("GET /tokens", 200),
        ("GET /tokens/1/audit", 404),
        ("DELETE /tokens/1", 404),
    ] {
        assert_eq!(service.ask(route, Some(login)).await.status, status, "{route}");
        assert_eq!(service.ask(route, None).await.status, 401, "{route}");
    }
}

/// An example that runs as a server. It is killed when it is dropped.
struct Server {
    program: Program,
    url: String,
    client: Client,
}

struct Response {
    status: u16,
    challenge: Option<String>,
    body: String,
}

impl Server {
    fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let program = Program::start(name, variables);
        let line = program.line();
        let url = line.strip_prefix("listening on ").expect("the address first").to_owned();
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { program, url, client }
    }

    /// Sends a request such as `GET /me`.
    async fn ask(&self, route: &str, token: Option<&str>) -> Response {
        self.ask_with(route, token.map(|token| format!("Bearer {token}"))).await
    }

    /// Sends a request with that `Authorization` header.
    async fn ask_with(&self, route: &str, authorization: Option<String>) -> Response {
        let (method, path) = route.split_once(' ').unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.send().await.unwrap();
        let challenge = response.headers().get("www-authenticate");
        Response {
            status: response.status().as_u16(),
            challenge: challenge.map(|challenge| challenge.to_str().unwrap().to_owned()),
            body: response.text().await.unwrap(),
        }
    }

    #[cfg(unix)]
    fn stop_by(self, signal: &str) -> Ended {
        let pid = self.program.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        assert!(sent.success());
        self.program.end()
    }
}

impl Response {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

/// A running example. It is killed when it is dropped.
struct Program {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

/// The result of an example: its exit status, and the lines that were not read yet.
struct Ended {
    status: ExitStatus,
    stdout: Vec<String>,
    stderr: Vec<String>,
}

impl Program {
    /// Runs the example with these variables, and without others that may be set in this environment.
    fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        const ALL: [&str; 14] = [
            "ALGORITHMS",
            "AUDIENCE",
            "BASIC_USERS",
            "DATABASE",
            "INTROSPECTION_CLIENT_ID",
            "INTROSPECTION_CLIENT_SECRET",
            "INTROSPECTION_URL",
            "ISSUER",
            "JWKS_URI",
            "LISTEN",
            "PROFILE",
            "QUERY_TOKEN",
            "TOKEN_SCHEME",
            "WORKER_THREADS",
        ];
        let mut command = Command::new(path(name));
        for variable in ALL {
            command.env_remove(variable);
        }
        command.envs(variables.iter().copied()).env("NO_PROXY", "127.0.0.1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the example runs");
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// The next line of its standard output.
    fn line(&self) -> String {
        match self.stdout.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(error) => panic!("{error}: {:?}", self.stderr.try_iter().collect::<Vec<_>>()),
        }
    }

    /// Waits until the example ends.
    fn end(mut self) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it doesn't end");
            thread::sleep(Duration::from_millis(10));
        };
        Ended { status, stdout: self.stdout.iter().collect(), stderr: self.stderr.iter().collect() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, which isn't an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of an example of the root package, or of the binary of another package.
fn path(example: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let mut path = tests.ancestors().nth(2).expect("a folder above `deps`").to_owned();
    if OF_THE_ROOT_PACKAGE.contains(&example) {
        path.push("examples");
    }
    path.push(format!("{example}{EXE_SUFFIX}"));
    assert!(path.exists(), "{} is missing: see the head of this file", path.display());
    path
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    receiver
}
