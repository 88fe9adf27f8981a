//! `server explain` and `server doctor`.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use portcullis::{Algorithm, testing::TestIssuer};
use serde_json::json;

use super::API;
use crate::program;

/// Runs the server with these arguments, variables, and text on stdin.
fn run(arguments: &[&str], variables: &[(&str, &str)], stdin: &str) -> Output {
    let mut child = Command::new(program::path("server"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_prints_what_each_rule_says_and_never_the_token() {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.publish(Algorithm::Es256);
    let variables = [("ISSUER", issuer.issuer()), ("AUDIENCE", API)];
    let token = || issuer.token().subject("alice").claim("note", json!("pr1vate"));
    let valid = token().audience(API).mint();
    let slashed = token().audience("https://api.example/").mint();
    for (arguments, token, status, parts) in [
        (&["explain"][..], &valid, 0, ["accepted\n", "signature: passed", "clock of this service"]),
        (
            &["explain"],
            &slashed,
            1,
            ["rejected: access token rejected", "found https://api.example/; hint", "exp: passed"],
        ),
        (&["explain", "--claims"], &valid, 0, ["accepted\n", "alice", "pr1vate"]),
    ] {
        for stdin in [format!("{token}\n"), format!("Bearer {token}")] {
            let output = run(arguments, &variables, &stdin);
            let page = text(&output.stdout);
            assert_eq!(output.status.code(), Some(status), "{page}{}", text(&output.stderr));
            for part in parts {
                assert!(page.contains(part), "{part} in {page}");
            }
            assert_eq!(page.contains("alice"), arguments.len() == 2, "{page}");
            for secret in token.split('.').skip(1) {
                assert!(!page.contains(secret), "{page}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_prints_what_is_right_and_what_will_fail() {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.publish(Algorithm::Es256);
    issuer.register_client("orders-api", "s3cret");
    let introspection = format!("{}/introspect", issuer.issuer());
    let with_secret = |secret| {
        [
            ("ISSUER", issuer.issuer()),
            ("AUDIENCE", API),
            ("INTROSPECTION_URL", &*introspection),
            ("INTROSPECTION_CLIENT_ID", "orders-api"),
            ("INTROSPECTION_CLIENT_SECRET", secret),
        ]
    };
    let output = run(&["doctor"], &with_secret("s3cret"), "");
    let page = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{page}{}", text(&output.stderr));
    for part in ["metadata: passed", "keys: passed", "introspection: passed", "no problems found"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let output = run(&["doctor"], &with_secret("wr0ng"), "");
    let page = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{page}");
    assert!(page.contains("check the client id, the secret"), "{page}");
    assert!(!page.contains("wr0ng"), "{page}");
}

#[test]
fn another_argument_is_an_error_with_status_2() {
    for (arguments, variables, part) in [
        (&["explian"][..], vec![], "the arguments are none, `doctor`, `explain`"),
        (&["doctor"], vec![], "ISSUER"),
    ] {
        let output = run(arguments, &variables, "");
        assert_eq!(output.status.code(), Some(2));
        let error = text(&output.stderr);
        assert!(error.contains(part) && error.lines().count() == 1, "{error}");
    }
}
