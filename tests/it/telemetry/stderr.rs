//! What is written to stderr without the feature `tracing`: that the service is misconfigured, and nothing else.

use std::process::Command;

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{RequireLayer, testing::TestIssuer};

use crate::support::{protected, send, with_token};

/// Runs in the process that the other test starts.
#[tokio::test]
async fn guards_without_a_layer_and_invalid_tokens() {
    let app = Router::new().route("/", get("in")).layer(RequireLayer::new(|_| Ok(())));
    for _ in 0..2 {
        assert_eq!(send(&app, Request::new(Body::empty())).await.status, 500);
    }
    assert_eq!(send(&protected(&TestIssuer::new()), with_token("a.b.c")).await.status, 401);
}

#[test]
fn a_misconfiguration_is_written_once_per_minute() {
    let test = "telemetry::stderr::guards_without_a_layer_and_invalid_tokens";
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--exact", test, "--nocapture"]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let expected = "portcullis: authentication is misconfigured: a guard needs an AuthenticateLayer outside it";
    assert_eq!(stderr.trim(), expected);
}
