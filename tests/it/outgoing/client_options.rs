//! The options of the default client.

use std::{
    io::{Read, Write},
    time::Duration,
};

use http::Request;
use portcullis::{
    JwtVerifier,
    http_client::{HttpClient, HttpError, ReqwestClient},
    testing::TestIssuer,
};

use crate::support::{
    API,
    host::{Host, Reply},
    outcome::{ACCEPTED, outcome},
};

#[test]
fn invalid_options_are_rejected_with_their_value() {
    let seconds = Duration::from_secs;
    let key =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n-----END PRIVATE KEY-----\n";
    let certificate = "-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n";
    let builder = ReqwestClient::builder;
    for (builder, message) in [
        (
            builder().ca_certificate("s3cret"),
            "CA certificate `…`: contains no certificate in PEM form",
        ),
        (builder().ca_certificate(""), "CA certificate `…`: contains no certificate in PEM form"),
        (builder().ca_certificate(key), "CA certificate `-----BEGIN PRIVATE KEY-----`: "),
        (builder().ca_certificate(certificate), "CA certificate `-----BEGIN CERTIFICATE-----`: "),
        (builder().client_certificate("s3cret"), "client certificate `…`: "),
        (builder().client_certificate(key), "client certificate `-----BEGIN PRIVATE KEY-----`: "),
        (
            builder().client_certificate(certificate),
            "client certificate `-----BEGIN CERTIFICATE-----`: ",
        ),
        (builder().proxy(""), "proxy ``: not an http or https URL of a host"),
        (
            builder().proxy("proxy.example:3128"),
            "proxy `proxy.example:3128`: not an http or https URL of a host",
        ),
        (
            builder().proxy("ftp://proxy.example"),
            "proxy `ftp://proxy.example`: not an http or https URL of a host",
        ),
        (
            builder().proxy("socks5://proxy.example"),
            "proxy `socks5://proxy.example`: not an http or https URL of a host",
        ),
        (
            builder().proxy("http://alice:s3cret@"),
            "proxy `http://…@`: not an http or https URL of a host",
        ),
        (
            builder().proxy("http://alice:s3cret@proxy.example/path"),
            "proxy `http://…@proxy.example/path`: not an http or https URL of a host",
        ),
        (builder().timeout(Duration::ZERO), "timeout `0ns`: must be longer than zero"),
        (
            builder().timeout(seconds(6)),
            "timeout `6s`: must be at most 5 s, because this crate aborts every request after that",
        ),
        (
            builder().connect_timeout(Duration::ZERO),
            "connect timeout `0ns`: must be longer than zero",
        ),
        (
            builder().connect_timeout(seconds(6)),
            "connect timeout `6s`: must be at most 5 s, because this crate aborts every request after that",
        ),
    ] {
        assert!(!format!("{builder:?}").contains("s3cret"));
        let error = builder.build().unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

/// A certificate that OpenSSL made (3.0, `req -x509`), and its private key, which is for this test only.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBgTCCASegAwIBAgIUOuDFnK1xj0Lxe0yE7dRhIzmSNgcwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKb3JkZXJzLWFwaTAgFw0yNjExMjcxNzQxMDFaGA8yMTI2MTEw
MzE3NDEwMVowFTETMBEGA1UEAwwKb3JkZXJzLWFwaTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABDYzVFgmisfhM/rxe1/AmyYf5YoW0/3cBf7Pyb4dHQuPUqhEWEV2
GuVRtQi6UN74WCtkzvIhL2nPBJEp6o3HYZmjUzBRMB0GA1UdDgQWBBTt806Rnd+2
le/FNJmgD4z7fEF8fTAfBgNVHSMEGDAWgBTt806Rnd+2le/FNJmgD4z7fEF8fTAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDtZfTmu+gLFXYmACpF
gQklVotoT7U1NUoWFrtQHVtGAgIgDfs/aTFRFzUYyjrMZMVsQ7DWjjkZbXQY7K9R
eU0qLME=
-----END CERTIFICATE-----
";
const PRIVATE_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQOpll3KLLTyjzOQ/
Nueb5HGn0AyedeQgKW3mtji4/i2hRANCAAQ2M1RYJorH4TP68XtfwJsmH+WKFtP9
3AX+z8m+HR0Lj1KoRFhFdhrlUbUIulDe+FgrZM7yIS9pzwSRKeqNx2GZ
-----END PRIVATE KEY-----
";

#[test]
fn valid_options_are_accepted() {
    let ten = Duration::from_millis(10);
    for builder in [
        ReqwestClient::builder(),
        ReqwestClient::builder().proxy("http://proxy.example:3128"),
        ReqwestClient::builder().proxy("https://alice:s3cret@proxy.example/"),
        ReqwestClient::builder().no_proxy(),
        ReqwestClient::builder().ca_certificate(CERTIFICATE),
        ReqwestClient::builder().ca_certificate([CERTIFICATE, CERTIFICATE].concat()),
        ReqwestClient::builder().client_certificate([CERTIFICATE, PRIVATE_KEY].concat()),
        ReqwestClient::builder().timeout(Duration::from_secs(5)).connect_timeout(ten),
    ] {
        let client = builder.build().unwrap();
        assert_eq!(format!("{client:?}"), "ReqwestClient { .. }");
    }
}

#[tokio::test]
async fn a_request_ends_after_its_time_limit() {
    let host = Host::up(Reply::Hang);
    let limit = Duration::from_millis(50);
    let client = ReqwestClient::builder().timeout(limit).build().unwrap();
    let request = Request::get(format!("{}/jwks", host.url())).body(Vec::new()).unwrap();
    let error = client.send(request, 1024).await.unwrap_err();
    assert!(matches!(error, HttpError::Transport(_)), "{error:?}");
    assert_eq!(host.requests(), 1);
}

/// A proxy that responds itself, and returns the first line of the request.
fn proxy() -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut buffer = [0; 4096];
            let len = stream.read(&mut buffer).unwrap();
            let text = String::from_utf8_lossy(&buffer[..len]).into_owned();
            sender.send(text.lines().next().unwrap_or_default().to_owned()).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (url, receiver)
}

#[tokio::test]
async fn requests_go_through_a_configured_proxy_except_to_loopback() {
    let (url, requests) = proxy();
    let client = ReqwestClient::builder().proxy(url).build().unwrap();
    let request = Request::get("http://as.example.test/jwks").body(Vec::new()).unwrap();
    assert_eq!(client.send(request, 1024).await.unwrap().status(), 404);
    assert_eq!(requests.recv().unwrap(), "GET http://as.example.test/jwks HTTP/1.1");

    let issuer = TestIssuer::serve().await.unwrap();
    let token = issuer.token().audience(API).mint();
    let builder = JwtVerifier::builder(issuer.issuer()).audience(API).clock(issuer.clock());
    let verifier = builder.http_client(client).build().unwrap();
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn a_policy_about_addresses_does_not_concern_the_proxy() {
    use portcullis::http_client::{AddressPolicy, PeerAddress};

    let (url, requests) = proxy();
    let client = ReqwestClient::builder().proxy(url).build().unwrap();
    let mut request = Request::get("http://keys.example.test/jwks").body(Vec::new()).unwrap();
    request.extensions_mut().insert(AddressPolicy::PUBLIC);
    let response = client.send(request, 1024).await.unwrap();
    assert_eq!(requests.recv().unwrap(), "GET http://keys.example.test/jwks HTTP/1.1");
    // The address of the proxy says nothing about the issuer.
    assert!(response.extensions().get::<PeerAddress>().is_none());
}
