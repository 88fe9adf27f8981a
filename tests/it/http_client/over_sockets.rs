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
    host::{Host, Talk, wire_format},
    verdict::{ACCEPTED, DAY, UNAVAILABLE, UNKNOWN_KEY, Verdict, seconds, verdict},
};

/// An issuer that believes to be at `host`, a verifier that goes there, and a token.
fn set_up(host: &Host) -> (TestIssuer, JwtVerifier, String) {
    let issuer = TestIssuer::named(host.url());
    let verifier = JwtVerifier::builder(host.url()).audience(API).clock(issuer.clock());
    let token = token(&issuer);
    (issuer, verifier.build().unwrap(), token)
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(10 * DAY).mint()
}

/// A response with these headers, over the wire.
fn bytes(status: u16, headers: &[(&str, &str)], body: Vec<u8>) -> Talk {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Talk::Bytes(Arc::from(wire_format(&response.body(body).unwrap())))
}

#[tokio::test]
async fn keys_come_over_a_socket_by_discovery_or_from_a_fixed_address() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = token(&issuer);
    let builder = || JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    assert_eq!(verdict(&builder().build().unwrap(), &token).await, ACCEPTED);
    let fixed = builder().jwks_uri(issuer.jwks_uri()).build().unwrap();
    assert_eq!(verdict(&fixed, &token).await, ACCEPTED);
    assert_eq!(issuer.requests_to("/.well-known/openid-configuration"), 1);
    assert_eq!(issuer.requests_to("/jwks"), 2);
}

/// The environment belongs to the whole process, so this one is run again, in an environment that names
/// a proxy.
#[test]
fn a_proxy_that_the_environment_names_is_not_asked_for_loopback() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let (asked, requests) = std::sync::mpsc::channel();
    // It hangs up on everyone.
    std::thread::spawn(move || {
        while let Ok((connection, _)) = proxy.accept() {
            asked.send(()).ok();
            drop(connection);
        }
    });
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "http_client::over_sockets::behind_a_proxy", "--ignored"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    {
        again.env(name, &address);
    }
    let output = again.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    assert!(requests.try_recv().is_ok(), "it was not asked for the address that is elsewhere");
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn behind_a_proxy() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = token(&issuer);
    let builder = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    assert_eq!(verdict(&builder.build().unwrap(), &token).await, ACCEPTED);
    let elsewhere = TestIssuer::named("http://as.example.test");
    let builder = JwtVerifier::builder(elsewhere.issuer()).audience(API).dangerous().plain_http();
    let verifier = builder.jwks_uri(elsewhere.jwks_uri()).build().unwrap();
    assert_eq!(verdict(&verifier, &self::token(&elsewhere)).await, UNAVAILABLE);
}

#[tokio::test]
async fn an_unchanged_set_comes_over_a_socket_as_a_304() {
    let issuer = TestIssuer::serve().await.unwrap();
    let verifier = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let (verifier, token) = (verifier.build().unwrap(), token(&issuer));
    for fetches in 1..=3 {
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
        assert_eq!(issuer.requests_to("/jwks"), fetches);
        issuer.clock().advance(seconds(600));
    }
    issuer.rotate_keys(false);
    assert_eq!(verdict(&verifier, &self::token(&issuer)).await, ACCEPTED);
    assert_eq!(verdict(&verifier, &token).await, UNKNOWN_KEY);
}

#[tokio::test]
async fn a_service_that_starts_before_its_issuer_serves_once_that_is_up() {
    let mut host = Host::down();
    let (issuer, verifier, token) = set_up(&host);
    for _ in 0..3 {
        assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE);
        issuer.clock().advance(seconds(60));
    }
    host.start(Talk::Issuer(issuer));
    assert_eq!(verdict(&verifier, &token).await, ACCEPTED);
}

#[tokio::test]
async fn an_issuer_may_be_killed_and_restarted() {
    let mut host = Host::down();
    let (issuer, verifier, old) = set_up(&host);
    host.start(Talk::Issuer(issuer.clone()));
    assert_eq!(verdict(&verifier, &old).await, ACCEPTED);

    host.kill().await;
    issuer.rotate_keys(false);
    let new = token(&issuer);
    for _ in 0..3 {
        assert_eq!(verdict(&verifier, &old).await, ACCEPTED, "its keys are known");
        assert_eq!(verdict(&verifier, &new).await, UNAVAILABLE);
        issuer.clock().advance(seconds(3600));
    }
    // Long after: nothing is known any more.
    issuer.clock().advance(2 * DAY);
    assert_eq!(verdict(&verifier, &old).await, UNAVAILABLE);

    host.start(Talk::Issuer(issuer.clone()));
    issuer.clock().advance(seconds(60));
    assert_eq!(verdict(&verifier, &new).await, ACCEPTED);
    assert_eq!(verdict(&verifier, &old).await, UNKNOWN_KEY);
}

/// The verdict while `host` keeps the client waiting. The clock of time-outs stands while data
/// move, and leaps while nothing does.
async fn verdict_of_patience(host: &Host, verifier: &JwtVerifier, token: &str) -> Verdict {
    let before = host.requests();
    let (verifier, token) = (verifier.clone(), token.to_owned());
    let waiting = tokio::spawn(async move { verdict(&verifier, &token).await });
    host.has_read(before + 1).await;
    tokio::time::pause();
    let verdict = tokio::time::timeout(seconds(60), waiting).await.expect("an end").unwrap();
    tokio::time::resume();
    verdict
}

#[tokio::test]
async fn an_issuer_that_hangs_or_drips_is_given_up() {
    for talk in [Talk::Hang, Talk::Drip] {
        let mut host = Host::down();
        let (issuer, verifier, token) = set_up(&host);
        host.start(talk.clone());
        assert_eq!(verdict_of_patience(&host, &verifier, &token).await, UNAVAILABLE);

        host.kill().await;
        host.start(Talk::Issuer(issuer.clone()));
        issuer.clock().advance(seconds(1));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED);

        // Past its freshness too, where a known key is waited for a moment only.
        host.kill().await;
        host.start(talk);
        issuer.clock().advance(seconds(600));
        assert_eq!(verdict_of_patience(&host, &verifier, &token).await, ACCEPTED);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_accepts_no_connection_is_given_up_after_two_seconds() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    // A queue that takes few, none of whom is ever let in.
    let _listener = socket.listen(1).unwrap();
    let mut queue = Vec::new();
    while let Ok(connected) =
        tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        queue.push(connected.unwrap());
    }
    let issuer = TestIssuer::named(format!("http://{address}"));
    let verifier = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let (verifier, token) = (verifier.build().unwrap(), token(&issuer));
    tokio::time::pause();
    let start = Instant::now();
    assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE);
    // The clock is paused, so this measures time-outs, not the machine.
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test]
async fn what_is_no_key_set_is_503_and_leaves_the_known_keys() {
    let json = ("content-type", "application/json");
    let html = ("content-type", "text/html; charset=utf-8");
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nA00000\r\n".to_vec();
    for (what, talk) in [
        ("10 MiB", bytes(200, &[json], vec![b' '; 10 * 1024 * 1024])),
        ("10 MiB of unknown length", Talk::Bytes([chunked, vec![b' '; 0xA0_0000]].concat().into())),
        ("HTML at 200", bytes(200, &[html], b"<!doctype html>".to_vec())),
        ("garbage", bytes(200, &[json], b"{\"keys\":[".to_vec())),
        ("an error", bytes(500, &[json], b"{}".to_vec())),
        ("no HTTP", Talk::Bytes(Arc::from(*b"SSH-2.0-OpenSSH_9.2\r\n"))),
        (
            "a body that is cut off",
            Talk::Bytes(Arc::from(*b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")),
        ),
        ("nothing at all", Talk::Bytes(Arc::from([]))),
    ] {
        let mut host = Host::down();
        let (issuer, verifier, token) = set_up(&host);
        host.start(talk.clone());
        assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE, "{what}");

        host.kill().await;
        host.start(Talk::Issuer(issuer.clone()));
        issuer.clock().advance(seconds(1));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED, "{what}");

        host.kill().await;
        host.start(talk);
        issuer.clock().advance(seconds(600));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED, "{what}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let mut host = Host::down();
        let (issuer, verifier, token) = set_up(&host);
        let elsewhere = Host::up(Talk::Issuer(issuer.clone()));
        let location = format!("{}/jwks", elsewhere.url());
        host.start(bytes(status, &[("location", &location)], Vec::new()));
        let fixed = JwtVerifier::builder(host.url()).audience(API).clock(issuer.clock());
        let fixed = fixed.jwks_uri(issuer.jwks_uri()).build().unwrap();
        assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE, "{status}");
        assert_eq!(verdict(&fixed, &token).await, UNAVAILABLE, "{status}");
        assert_eq!(host.requests(), 2 + 1, "{status}: two places of metadata, and the keys");
        assert_eq!(elsewhere.requests(), 0, "{status}");
    }
}

#[tokio::test]
async fn a_thousand_first_requests_over_a_socket_are_one_discovery_and_one_fetch_of_keys() {
    let issuer = TestIssuer::serve().await.unwrap();
    let token = token(&issuer);
    let verifier = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let verifier = verifier.build().unwrap();
    let requests = (0..1000).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { verdict(&verifier, &token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), ACCEPTED);
    }
    assert_eq!(issuer.requests_to("/.well-known/openid-configuration"), 1);
    assert_eq!(issuer.requests_to("/jwks"), 1);
}

#[tokio::test]
async fn every_fault_of_the_test_issuer_is_one_over_a_socket_too() {
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
        assert_eq!(verdict(&verifier, &token).await, UNAVAILABLE, "{fault:?}");
        issuer.recover();
        issuer.clock().advance(seconds(1));
        assert_eq!(verdict(&verifier, &token).await, ACCEPTED, "{fault:?}");
    }
}
