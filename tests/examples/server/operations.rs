//! What operators see: the log, `/readyz`, `/metrics`; and how the server ends.

use portcullis::testing::{Fault, TestIssuer};
use serde_json::{Value, json};

use super::{API, serve};

#[tokio::test]
async fn readyz_fetches_the_keys_and_reports_them() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[]);
    let response = server.ask("GET /readyz", Some("not-a-token")).await;
    assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")));
    let readiness = response.json();
    assert_eq!(readiness["ready"], true);
    assert_eq!(readiness["revocations"], json!({ "entries": 0, "evicted": 0 }));
    let reported = &readiness["issuers"][0];
    assert_eq!(reported["issuer"], issuer.issuer());
    assert_eq!((&reported["keys"], &reported["last_error"]), (&json!(1), &Value::Null));
    assert!(reported["age"].is_u64() && reported["next_try"].is_u64(), "{reported}");
    assert_eq!(issuer.requests_to("/jwks"), 1);
}

#[tokio::test]
async fn readyz_is_503_while_an_issuer_has_no_keys() {
    let (issuer, other) = (TestIssuer::serve().await.unwrap(), TestIssuer::serve().await.unwrap());
    let names = [issuer.issuer(), other.issuer()].join(",");
    for fault in [Fault::Status(500), Fault::Hang] {
        issuer.fail(fault);
        let server = serve(&other, &[("ISSUER", &names)]);
        let response = server.ask("GET /readyz", None).await;
        assert_eq!(response.status, 503);
        let readiness = response.json();
        assert_eq!(readiness["ready"], false);
        let ready = [&readiness["issuers"][0]["ready"], &readiness["issuers"][1]["ready"]];
        assert_eq!(ready, [false, true]);
        assert_eq!(server.ask("GET /healthz", None).await.status, 200, "liveness");
    }
    issuer.fail(Fault::Status(500));
    let server = serve(&issuer, &[]);
    let readiness = server.ask("GET /readyz", None).await.json();
    let error = readiness["issuers"][0]["last_error"].as_str().unwrap();
    assert!(error.contains("500"), "{error}");
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[]);
    server.ask("GET /me", Some(&issuer.token().audience(API).mint())).await;
    server.ask("GET /me", Some("not-a-token")).await;
    let response = server.ask("GET /metrics", None).await;
    assert_eq!(response.status, 200);
    assert!(response.header("content-type").unwrap().starts_with("text/plain"));
    for line in [
        "# TYPE portcullis_requests_total counter",
        "portcullis_requests_total{outcome=\"authenticated\"} 1",
    ] {
        assert!(response.body.lines().any(|it| it == line), "no {line} in:\n{}", response.body);
    }
}

#[tokio::test]
async fn the_log_says_why_a_token_was_rejected() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = issuer.token().audience("https://other.example").mint();
    for (filter, format) in [("", ""), ("portcullis=debug", "text"), ("portcullis=trace", "json")] {
        let server = serve(&issuer, &[("RUST_LOG", filter), ("LOG_FORMAT", format)]);
        assert_eq!(server.ask("GET /me", Some(&token)).await.status, 401);
        let line = server.program.logged("token_audience");
        assert!(!line.contains(&token), "{line}");
        if format == "json" {
            let event: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(event["fields"]["reason"], "token_audience");
        } else {
            assert!(!line.contains('\u{1b}'), "colours: {line}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_server_shuts_down_gracefully_with_one_line_on_stdout() {
    let issuer = TestIssuer::serve().await.unwrap();
    for signal in ["INT", "TERM"] {
        let server = serve(&issuer, &[("RUST_LOG", "error")]);
        assert_eq!(server.ask("GET /healthz", None).await.status, 200);
        assert_eq!(server.ask("GET /me", Some("no-token")).await.status, 401);
        let ended = server.stop_by(signal);
        assert!(ended.status.success(), "{signal}");
        assert_eq!(ended.stdout, [""; 0], "{signal}");
        assert_eq!(ended.stderr, [""; 0], "{signal}");
    }
}
