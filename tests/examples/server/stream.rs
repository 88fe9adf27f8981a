//! `GET /stream`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis::testing::{ServedIssuer, TestIssuer};
use serde_json::json;

use super::{API, serve};
use crate::program::Server;

/// A token that is rejected from this many seconds on: `exp` was a minute before, which is the leeway.
fn token(issuer: &ServedIssuer, seconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    issuer.token().audience(API).claim("exp", json!(now + seconds - 60)).mint()
}

async fn events(server: &Server, token: &str) -> usize {
    let response = server.ask("GET /stream", Some(token)).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    let events: Vec<_> = response.body.split_terminator("\n\n").collect();
    for (event, number) in events.iter().zip(1..) {
        assert_eq!(*event, format!("data: {number}"));
    }
    events.len()
}

#[tokio::test]
async fn the_stream_goes_on_until_its_token_expires() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[]);
    assert_eq!(server.ask("GET /stream", None).await.status, 401);
    // The body is complete when the stream ends, which takes 2 to 3 seconds.
    let count = events(&server, &token(&issuer, 3)).await;
    assert!(count >= 1, "{count} events");
}

#[cfg(unix)]
#[tokio::test]
async fn a_stream_does_not_keep_the_server_from_shutting_down() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[("RUST_LOG", "error")]);
    let stream = reqwest::Client::builder().no_proxy().build().unwrap();
    let stream = stream.get(format!("{}/stream", server.url)).bearer_auth(token(&issuer, 3600));
    let mut response = stream.timeout(Duration::from_secs(60)).send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    assert!(server.stop_by("TERM").status.success());
    while let Ok(Some(_)) = response.chunk().await {}
}
