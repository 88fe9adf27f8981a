//! The default HTTP client against servers on loopback.

use std::{sync::Arc, time::Duration};

use http::Response;
use portcullis::{
    JwtVerifier,
    testing::{Fault, TestIssuer},
};
use tokio::{net::TcpStream, time::Instant};

use crate::support::{
    API,
    host::{Host, Reply, wire_format},
    outcome::{ACCEPTED, DAY, Outcome, UNAVAILABLE, UNKNOWN_KEY, outcome, seconds},
};

/// An issuer whose URL is that of `host`, a verifier that fetches from there, and a token.
fn set_up(host: &Host) -> (TestIssuer, JwtVerifier, String) {
    let issuer = TestIssuer::named(host.url());
    let verifier = JwtVerifier::builder(host.url()).audience(API).clock(issuer.clock());
    let token = token(&issuer);
    (issuer, verifier.build().unwrap(), token)
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).mint()
}

/// A response with these headers, in wire format.
fn bytes(status: u16, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Reply::Bytes(Arc::from(wire_format(&response.body(body).unwrap())))
}

#[tokio::test]
async fn keys_are_fetched_by_discovery_or_from_a_configured_address() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = token(&issuer);
    let builder = || JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    assert_eq!(outcome(&builder().build().unwrap(), &token).await, ACCEPTED);
    let fixed = builder().jwks_uri(issuer.jwks_uri()).build().unwrap();
    assert_eq!(outcome(&fixed, &token).await, ACCEPTED);
    assert_eq!(issuer.requests_to("/.well-known/openid-configuration"), 1);
    assert_eq!(issuer.requests_to("/jwks"), 2);
}

/// The environment is that of the whole process, so this runs another test in a process whose environment
/// names a proxy.
#[test]
fn a_proxy_from_the_environment_is_not_used_for_loopback() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let (sender, requests) = std::sync::mpsc::channel();
    // It closes every connection.
    std::thread::spawn(move || {
        while let Ok((connection, _)) = proxy.accept() {
            sender.send(()).ok();
            drop(connection);
        }
    });
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "http_client::over_sockets::behind_a_proxy", "--ignored"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    {
        child.env(name, &address);
    }
    let output = child.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
    assert!(requests.try_recv().is_ok(), "the proxy was not used for the other address");
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn behind_a_proxy() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = token(&issuer);
    let builder = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    assert_eq!(outcome(&builder.build().unwrap(), &token).await, ACCEPTED);
    let other = TestIssuer::named("http://as.example.test");
    let builder = JwtVerifier::builder(other.issuer()).audience(API).dangerous().plain_http();
    let verifier = builder.jwks_uri(other.jwks_uri()).build().unwrap();
    assert_eq!(outcome(&verifier, &self::token(&other)).await, UNAVAILABLE);
}

#[tokio::test]
async fn an_unchanged_key_set_is_a_304() {
    let issuer = TestIssuer::serve().await.unwrap();
    let verifier = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let (verifier, token) = (verifier.build().unwrap(), token(&issuer));
    for fetches in 1..=3 {
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        assert_eq!(issuer.requests_to("/jwks"), fetches);
        issuer.clock().advance(seconds(600));
    }
    issuer.rotate_keys(false);
    assert_eq!(outcome(&verifier, &self::token(&issuer)).await, ACCEPTED);
    assert_eq!(outcome(&verifier, &token).await, UNKNOWN_KEY);
}

#[tokio::test]
async fn a_service_that_starts_before_its_issuer_recovers() {
    let mut host = Host::down();
    let (issuer, verifier, token) = set_up(&host);
    for _ in 0..3 {
        assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
        issuer.clock().advance(seconds(60));
    }
    host.start(Reply::Issuer(issuer));
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
}

#[tokio::test]
async fn cached_keys_are_used_while_the_issuer_is_down() {
    let mut host = Host::down();
    let (issuer, verifier, old) = set_up(&host);
    host.start(Reply::Issuer(issuer.clone()));
    assert_eq!(outcome(&verifier, &old).await, ACCEPTED);

    host.kill().await;
    issuer.rotate_keys(false);
    let new = token(&issuer);
    for _ in 0..3 {
        assert_eq!(outcome(&verifier, &old).await, ACCEPTED, "its keys are cached");
        assert_eq!(outcome(&verifier, &new).await, UNAVAILABLE);
        issuer.clock().advance(seconds(3600));
    }
    // Two days later, the cached keys have expired.
    issuer.clock().advance(2 * DAY);
    assert_eq!(outcome(&verifier, &old).await, UNAVAILABLE);

    host.start(Reply::Issuer(issuer.clone()));
    issuer.clock().advance(seconds(60));
    assert_eq!(outcome(&verifier, &new).await, ACCEPTED);
    assert_eq!(outcome(&verifier, &old).await, UNKNOWN_KEY);
}

/// The outcome while `host` keeps the client waiting. The paused clock advances only when no data is
/// transferred.
async fn outcome_after_time_out(host: &Host, verifier: &JwtVerifier, token: &str) -> Outcome {
    let before = host.requests();
    let (verifier, token) = (verifier.clone(), token.to_owned());
    let waiting = tokio::spawn(async move { outcome(&verifier, &token).await });
    host.has_read(before + 1).await;
    tokio::time::pause();
    let outcome = tokio::time::timeout(seconds(60), waiting).await.expect("an end").unwrap();
    tokio::time::resume();
    outcome
}

#[tokio::test]
async fn a_fetch_that_hangs_or_trickles_times_out() {
    for reply in [Reply::Hang, Reply::Drip] {
        let mut host = Host::down();
        let (issuer, verifier, token) = set_up(&host);
        host.start(reply.clone());
        assert_eq!(outcome_after_time_out(&host, &verifier, &token).await, UNAVAILABLE);

        host.kill().await;
        host.start(Reply::Issuer(issuer.clone()));
        issuer.clock().advance(seconds(1));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);

        // Also when the key set is stale and the request waits only briefly.
        host.kill().await;
        host.start(reply);
        issuer.clock().advance(seconds(600));
        assert_eq!(outcome_after_time_out(&host, &verifier, &token).await, ACCEPTED);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connecting_times_out_after_two_seconds() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    // A short backlog, from which no connection is accepted.
    let _listener = socket.listen(1).unwrap();
    let mut connections = Vec::new();
    while let Ok(connected) =
        tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        connections.push(connected.unwrap());
    }
    let issuer = TestIssuer::named(format!("http://{address}"));
    let verifier = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let (verifier, token) = (verifier.build().unwrap(), token(&issuer));
    tokio::time::pause();
    let start = Instant::now();
    assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
    // The clock is paused, so this measures time-outs, not the machine.
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test]
async fn an_invalid_key_set_is_503_and_cached_keys_are_retained() {
    let json = ("content-type", "application/json");
    let html = ("content-type", "text/html; charset=utf-8");
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nA00000\r\n".to_vec();
    for (case, reply) in [
        ("10 MiB", bytes(200, &[json], vec![b' '; 10 * 1024 * 1024])),
        (
            "10 MiB of unknown length",
            Reply::Bytes([chunked, vec![b' '; 0xA0_0000]].concat().into()),
        ),
        ("HTML at 200", bytes(200, &[html], b"<!doctype html>".to_vec())),
        ("garbage", bytes(200, &[json], b"{\"keys\":[".to_vec())),
        ("an error", bytes(500, &[json], b"{}".to_vec())),
        ("no HTTP", Reply::Bytes(Arc::from(*b"SSH-2.0-OpenSSH_9.2\r\n"))),
        (
            "a truncated body",
            Reply::Bytes(Arc::from(*b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")),
        ),
        ("nothing at all", Reply::Bytes(Arc::from([]))),
    ] {
        let mut host = Host::down();
        let (issuer, verifier, token) = set_up(&host);
        host.start(reply.clone());
        assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE, "{case}");

        host.kill().await;
        host.start(Reply::Issuer(issuer.clone()));
        issuer.clock().advance(seconds(1));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{case}");

        host.kill().await;
        host.start(reply);
        issuer.clock().advance(seconds(600));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{case}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let mut host = Host::down();
        let (issuer, verifier, token) = set_up(&host);
        let other = Host::up(Reply::Issuer(issuer.clone()));
        let location = format!("{}/jwks", other.url());
        host.start(bytes(status, &[("location", &location)], Vec::new()));
        let fixed = JwtVerifier::builder(host.url()).audience(API).clock(issuer.clock());
        let fixed = fixed.jwks_uri(issuer.jwks_uri()).build().unwrap();
        assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE, "{status}");
        assert_eq!(outcome(&fixed, &token).await, UNAVAILABLE, "{status}");
        assert_eq!(host.requests(), 2 + 1, "{status}: two metadata locations, and the keys");
        assert_eq!(other.requests(), 0, "{status}");
    }
}

#[tokio::test]
async fn concurrent_first_requests_share_one_discovery_and_key_fetch() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = token(&issuer);
    let verifier = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let verifier = verifier.build().unwrap();
    let requests = (0..1000).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { outcome(&verifier, &token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), ACCEPTED);
    }
    assert_eq!(issuer.requests_to("/.well-known/openid-configuration"), 1);
    assert_eq!(issuer.requests_to("/jwks"), 1);
}

#[tokio::test]
async fn every_fault_of_the_test_issuer_works_over_a_socket() {
    for fault in [
        Fault::Garbage,
        Fault::Html,
        Fault::Huge,
        Fault::Redirect,
        Fault::Status(404),
        Fault::Status(503),
        Fault::Unreachable,
    ] {
        let issuer = TestIssuer::serve().await.unwrap();
        let token = token(&issuer);
        issuer.fail(fault);
        let verifier = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
        let verifier = verifier.build().unwrap();
        assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE, "{fault:?}");
        issuer.recover();
        issuer.clock().advance(seconds(1));
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{fault:?}");
    }
}
