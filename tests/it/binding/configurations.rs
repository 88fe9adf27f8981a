//! The configurations that docs/bound-tokens.md shows, with requests to them.

use std::{error::Error, time::Duration};

use axum::{Router, body::Body};
use http::{
    HeaderName, HeaderValue, Request, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind, JwtVerifier,
    binding::{CertificateHeader, ClientCertificates, Dpop, PeerAddress},
    error::{DpopFault, TokenFault},
    testing::{CertificateClient, DpopClient, TestIssuer},
};
use tower_http::cors::CorsLayer;

use crate::support::{API, issuer_with, send, whoami};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BINDING: Option<ErrorKind> = Some(ErrorKind::InvalidToken(TokenFault::Binding));
const URL: &str = "https://api.example/";
const SECRET: &str = "a secret of 32 bytes, the same on all replicas";

#[test]
fn nonces_have_bounds_that_errors_name() {
    let built = |secret: &str, seconds: u64| {
        let builder = Dpop::builder("https://api.example").nonces(secret);
        let dpop = builder.nonce_lifetime(Duration::from_secs(seconds)).build();
        dpop.map(drop).map_err(|error| error.to_string())
    };
    let day = 24 * 60 * 60;
    for (length, seconds, problem) in [
        (32, 10, None),
        (33, day, None),
        (31, 10, Some("nonce secret `31 bytes`: must have at least 32 bytes")),
        (0, 10, Some("nonce secret `0 bytes`: must have at least 32 bytes")),
        (32, 9, Some("nonce lifetime `9 s`: must be from 10 s to 24 h")),
        (32, day + 1, Some("nonce lifetime `86401 s`: must be from 10 s to 24 h")),
    ] {
        let outcome = built(&"x".repeat(length), seconds);
        assert_eq!(outcome.err().as_deref(), problem, "{length} {seconds}");
    }
}

fn issuer() -> (TestIssuer, JwtVerifier) {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    (issuer, verifier)
}

fn dpop(verifier: JwtVerifier) -> Result<AuthenticateLayer> {
    let dpop = Dpop::builder("https://api.example").build()?;
    let layer = AuthenticateLayer::bearer(verifier).dpop(dpop);
    Ok(layer)
}

fn required_dpop() -> Result<Dpop> {
    let dpop = Dpop::builder("https://api.example")
        .algorithms([Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa])
        .required()
        .build()?;
    Ok(dpop)
}

fn dpop_with_nonces(secret: &str) -> Result<Dpop> {
    let dpop = Dpop::builder("https://api.example").nonces(secret).build()?;
    Ok(dpop)
}

fn with_cors(app: Router, layer: AuthenticateLayer, origin: HeaderValue) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(origin)
        .allow_headers([AUTHORIZATION, HeaderName::from_static("dpop")])
        .expose_headers([WWW_AUTHENTICATE, HeaderName::from_static("dpop-nonce")]);
    let app = app.layer(layer).layer(cors);
    app.with_state(())
}

fn of_connections(verifier: JwtVerifier) -> Result<AuthenticateLayer> {
    let certificates = ClientCertificates::from_connection().build()?;
    let layer = AuthenticateLayer::bearer(verifier).client_certificates(certificates);
    Ok(layer)
}

fn of_a_proxy(verifier: JwtVerifier) -> Result<AuthenticateLayer> {
    let networks = ["10.0.0.0/8"];
    let certificates =
        ClientCertificates::from_proxy(networks, CertificateHeader::ClientCert).build()?;
    let layer = AuthenticateLayer::bearer(verifier).client_certificates(certificates);
    Ok(layer)
}

fn both(
    verifier: JwtVerifier,
    dpop: Dpop,
    certificates: ClientCertificates,
) -> Result<AuthenticateLayer> {
    let layer = AuthenticateLayer::bearer(verifier).dpop(dpop).client_certificates(certificates);
    Ok(layer)
}

fn request_with_a_proof(issuer: &TestIssuer) -> Result<Request<Body>> {
    let client = DpopClient::new(Algorithm::Es256, issuer.clock());
    let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();

    let mut request = Request::get("https://api.example/").body(Body::empty())?;
    client.authorize(&mut request, &token);
    Ok(request)
}

fn request_with_a_certificate(issuer: &TestIssuer) -> Result<Request<Body>> {
    let client = CertificateClient::new("alice");
    let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();

    let mut request = Request::get("https://api.example/").body(Body::empty())?;
    client.authorize(&mut request, &token);
    Ok(request)
}

fn unbound(issuer: &TestIssuer) -> Request<Body> {
    let token = issuer.token().audience(API).mint();
    let request = Request::get(URL).header(AUTHORIZATION, format!("Bearer {token}"));
    request.body(Body::empty()).unwrap()
}

/// The outcomes of an unbound token, one with a proof, and one with a certificate.
async fn outcomes(layer: AuthenticateLayer, issuer: &TestIssuer) -> [Option<ErrorKind>; 3] {
    let app = whoami().layer(layer);
    [
        send(&app, unbound(issuer)).await.kind(),
        send(&app, request_with_a_proof(issuer).unwrap()).await.kind(),
        send(&app, request_with_a_certificate(issuer).unwrap()).await.kind(),
    ]
}

#[tokio::test]
async fn each_configuration_accepts_what_the_page_says() {
    let certificates = || ClientCertificates::from_connection().build().unwrap();
    let new = || Dpop::builder("https://api.example").build().unwrap();
    let missing = Some(ErrorKind::MissingCredentials);

    // A test issuer has a separate clock, which shows the system time until the test changes it.
    let (issuer, verifier) = issuer();
    let verifier = || verifier.clone();
    for (case, layer, expected) in [
        ("nothing", AuthenticateLayer::bearer(verifier()), [None, missing, BINDING]),
        ("DPoP", dpop(verifier()).unwrap(), [None, None, BINDING]),
        (
            "DPoP alone",
            AuthenticateLayer::bearer(verifier()).dpop(required_dpop().unwrap()),
            [missing, None, missing],
        ),
        (
            "nonces",
            AuthenticateLayer::bearer(verifier()).dpop(dpop_with_nonces(SECRET).unwrap()),
            [None, Some(ErrorKind::UseDpopNonce), BINDING],
        ),
        ("certificates", of_connections(verifier()).unwrap(), [None, missing, None]),
        ("both", both(verifier(), new(), certificates()).unwrap(), [None, None, None]),
    ] {
        assert_eq!(outcomes(layer, &issuer).await, expected, "{case}");
    }
}

#[tokio::test]
async fn proofs_with_unconfigured_algorithms_are_rejected() {
    let (issuer, verifier) = issuer();
    let app = whoami().layer(AuthenticateLayer::bearer(verifier).dpop(required_dpop().unwrap()));
    for (algorithm, expected) in [
        (Algorithm::Es256, None),
        (Algorithm::EdDsa, None),
        (Algorithm::Es384, Some(DpopFault::Algorithm.into())),
        (Algorithm::Rs256, Some(DpopFault::Algorithm.into())),
    ] {
        let client = DpopClient::new(algorithm, issuer.clock());
        let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
        let mut request = Request::get(URL).body(Body::empty()).unwrap();
        client.authorize(&mut request, &token);
        assert_eq!(send(&app, request).await.kind(), expected, "{algorithm}");
    }
}

#[tokio::test]
async fn a_proxy_passes_on_the_certificate() {
    let (issuer, verifier) = issuer();
    let app = whoami().layer(of_a_proxy(verifier).unwrap());
    let client = CertificateClient::new("alice");
    for (peer, expected) in [("10.1.2.3", None), ("192.0.2.1", BINDING)] {
        let mut request = request_with_a_certificate(&issuer).unwrap();
        let value = client.header_value(&CertificateHeader::ClientCert);
        request.headers_mut().insert("client-cert", value);
        request.extensions_mut().insert(PeerAddress(peer.parse().unwrap()));
        assert_eq!(send(&app, request).await.kind(), expected, "{peer}");
    }
}

#[tokio::test]
async fn scripts_of_browsers_can_read_the_nonce() {
    const ORIGIN: HeaderValue = HeaderValue::from_static("https://app.example");
    let (issuer, verifier) = issuer();
    let layer = AuthenticateLayer::bearer(verifier).dpop(dpop_with_nonces(SECRET).unwrap());
    let app = with_cors(whoami(), layer, ORIGIN);

    let preflight = Request::options(URL)
        .header("origin", ORIGIN)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,dpop");
    let response = send(&app, preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.headers["access-control-allow-headers"], "authorization,dpop");

    let mut request = request_with_a_proof(&issuer).unwrap();
    request.headers_mut().insert("origin", ORIGIN);
    let response = send(&app, request).await;
    assert_eq!(response.kind(), Some(ErrorKind::UseDpopNonce));
    assert!(response.headers.contains_key("dpop-nonce"));
    let exposed = &response.headers["access-control-expose-headers"];
    assert_eq!(exposed, "www-authenticate,dpop-nonce");
}
