//! Tokens that are bound to a client certificate (RFC 8705), with a router and a request.

use std::{
    net::{IpAddr, SocketAddr},
    sync::LazyLock,
};

use axum::{Router, body::Body, extract::ConnectInfo, routing::any};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header::AUTHORIZATION};
use portcullis::{
    Access, Algorithm, AuthenticateLayer, ErrorKind, Identity, Policies, Scope,
    binding::{
        CertificateHeader, ClientCertificate, ClientCertificates, ClientCertificatesBuilder,
        PeerAddress,
    },
    error::TokenFault,
    identity::Confirmation,
    testing::{CertificateClient, TestIssuer},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::support::{API, TestResponse, issuer_with, send};

const BINDING: Option<ErrorKind> = Some(ErrorKind::InvalidToken(TokenFault::Binding));
const PROXY: &str = "10.1.2.3";
const PEM: CertificateHeader = CertificateHeader::Pem(HeaderName::from_static("x-client-cert"));
const HEADERS: [CertificateHeader; 3] =
    [CertificateHeader::ClientCert, CertificateHeader::ForwardedClientCert, PEM];

/// The certificate of RFC 8705 appendix A, figure 6.
const RFC_8705: &str = "\
    MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVow\
    DzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ\
    /Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+\
    hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=";

/// An issuer, two clients, and a service.
struct Setting {
    issuer: TestIssuer,
    alice: CertificateClient,
    mallory: CertificateClient,
    app: Router,
}

/// Responds with the subject, and the names of the headers that reached the handler.
fn app(layer: AuthenticateLayer) -> Router {
    let handler = async |identity: Option<Identity>, headers: HeaderMap| {
        let subject = identity.as_ref().and_then(Identity::subject).unwrap_or("nobody").to_owned();
        headers.keys().fold(subject, |text, name| format!("{text} {name}"))
    };
    Router::new().fallback(any(handler)).layer(layer)
}

impl Setting {
    fn new(certificates: ClientCertificatesBuilder) -> Self {
        Self::with(certificates, |layer| layer)
    }

    fn with(
        certificates: ClientCertificatesBuilder,
        configure: impl FnOnce(AuthenticateLayer) -> AuthenticateLayer,
    ) -> Self {
        let issuer = issuer_with([Algorithm::Es256]);
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let layer = AuthenticateLayer::bearer(verifier);
        let layer = configure(layer.client_certificates(certificates.build().unwrap()));
        let [alice, mallory] = ["alice", "mallory"].map(CertificateClient::new);
        Self { issuer, alice, mallory, app: app(layer) }
    }

    fn behind_proxy(header: &CertificateHeader) -> Self {
        Self::new(ClientCertificates::from_proxy(["10.0.0.0/8", "2001:db8::7"], header.clone()))
    }

    /// A token of Alice that is bound to her certificate.
    fn bound(&self) -> String {
        self.bound_to(self.alice.confirmation())
    }

    fn bound_to(&self, confirmation: Value) -> String {
        self.issuer.token().audience(API).claim("cnf", confirmation).mint()
    }

    fn unbound(&self) -> String {
        self.issuer.token().audience(API).mint()
    }

    async fn send(&self, request: Request<Body>) -> TestResponse {
        send(&self.app, request).await
    }

    async fn kind(&self, request: Request<Body>) -> Option<ErrorKind> {
        let response = self.send(request).await;
        if response.kind() == BINDING {
            assert_eq!(response.status, StatusCode::UNAUTHORIZED);
            let challenge = response.challenge().unwrap();
            assert!(challenge.starts_with("Bearer "), "{challenge}");
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        }
        response.kind()
    }
}

fn request(token: &str) -> Request<Body> {
    let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"));
    request.body(Body::empty()).unwrap()
}

/// A request on a connection with that certificate.
fn with_certificate(token: &str, client: &CertificateClient) -> Request<Body> {
    let mut request = Request::get("/").body(Body::empty()).unwrap();
    client.authorize(&mut request, token);
    request
}

fn from(mut request: Request<Body>, peer: &str) -> Request<Body> {
    let address = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 40_000)));
    request
}

fn with_header(
    mut request: Request<Body>,
    name: &HeaderName,
    value: impl TryInto<HeaderValue>,
) -> Request<Body> {
    let value = value.try_into().ok().expect("a header value");
    request.headers_mut().append(name, value);
    request
}

/// A request with the header that the proxy adds for that client.
fn forwarded(token: &str, client: &CertificateClient, header: &CertificateHeader) -> Request<Body> {
    with_header(request(token), header.name(), client.header_value(header))
}

// Verifies rfc9701-8.1-replay, rfc8705-3-match, rfc8705-3-reject, rfc9700-2.2.1-sender.
#[tokio::test]
async fn a_bound_token_is_accepted_with_its_certificate_only() {
    let setting = Setting::new(ClientCertificates::from_connection());
    let (alice, mallory) = (&setting.alice, &setting.mallory);
    let (bound, unbound) = (setting.bound(), setting.unbound());
    // The second time, the tokens are cached.
    for _ in 0..2 {
        for (case, request, expected) in [
            ("bound, with its certificate", with_certificate(&bound, alice), None),
            ("bound, with another certificate", with_certificate(&bound, mallory), BINDING),
            ("bound, without a certificate", request(&bound), BINDING),
            ("unbound, with a certificate", with_certificate(&unbound, mallory), None),
            ("unbound, without a certificate", request(&unbound), None),
        ] {
            assert_eq!(setting.kind(request).await, expected, "{case}");
        }
    }
}

// Verifies rfc8705-3-match.
#[tokio::test]
async fn the_example_of_rfc_8705_is_accepted_with_its_certificate() {
    let der = base64_simd::STANDARD.decode_to_vec(RFC_8705).unwrap();
    let client = CertificateClient::from_der(der);
    let cnf = json!({ "x5t#S256": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0" });
    assert_eq!(client.confirmation(), cnf);
    // Section 3.1, figure 2. The claims other than `cnf` don't matter here.
    let setting = Setting::new(ClientCertificates::from_connection());
    let token = setting.bound_to(cnf.clone());
    assert_eq!(setting.kind(with_certificate(&token, &client)).await, None);
    assert_eq!(setting.kind(with_certificate(&token, &setting.alice)).await, BINDING);
    for header in HEADERS {
        let setting = Setting::behind_proxy(&header);
        let token = setting.bound_to(cnf.clone());
        let request = from(forwarded(&token, &client, &header), PROXY);
        assert_eq!(setting.kind(request).await, None, "{header:?}");
    }
}

#[tokio::test]
async fn a_confirmation_with_anything_else_is_rejected() {
    let setting = Setting::new(ClientCertificates::from_connection());
    for (name, value) in [("kid", json!("a")), ("jkt", json!("A".repeat(43))), ("x5t", json!("a"))]
    {
        let mut confirmation = setting.alice.confirmation();
        confirmation[name] = value;
        let token = setting.bound_to(confirmation);
        assert_eq!(setting.kind(with_certificate(&token, &setting.alice)).await, BINDING, "{name}");
    }
    for confirmation in [json!({}), json!({ "x5t#S256": "" }), json!({ "x5t#S256": null })] {
        let token = setting.bound_to(confirmation.clone());
        let request = with_certificate(&token, &setting.alice);
        assert_eq!(setting.kind(request).await, BINDING, "{confirmation}");
    }
}

#[tokio::test]
async fn required_rejects_unbound_tokens() {
    let certificates = ClientCertificates::from_connection().required();
    let setting = Setting::with(certificates, AuthenticateLayer::allow_anonymous);
    for request in [
        request(&setting.unbound()),
        with_certificate(&setting.unbound(), &setting.alice),
        with_certificate(&setting.bound(), &setting.mallory),
        request(&setting.bound()),
    ] {
        assert_eq!(setting.kind(request).await, BINDING);
    }
    let accepted = with_certificate(&setting.bound(), &setting.alice);
    assert_eq!(setting.kind(accepted).await, None);
    let anonymous = Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(setting.kind(anonymous).await, None);
}

// Verifies rfc8705-6.5-proxy, rfc9700-4.13-headers.
#[tokio::test]
async fn a_header_is_used_for_connections_of_a_trusted_proxy() {
    for header in HEADERS {
        let setting = Setting::behind_proxy(&header);
        let (bound, unbound) = (setting.bound(), setting.unbound());
        for peer in [PROXY, "10.0.0.0", "::ffff:10.1.2.3", "2001:db8::7"] {
            let case = format!("{header:?} from {peer}");
            let ask = async |request| setting.kind(from(request, peer)).await;
            assert_eq!(ask(forwarded(&bound, &setting.alice, &header)).await, None, "{case}");
            assert_eq!(ask(forwarded(&bound, &setting.mallory, &header)).await, BINDING, "{case}");
            assert_eq!(ask(forwarded(&unbound, &setting.mallory, &header)).await, None, "{case}");
            assert_eq!(ask(request(&bound)).await, BINDING, "{case}");
            let empty = with_header(request(&bound), header.name(), "");
            assert_eq!(ask(empty).await, BINDING, "{case}");
        }
        for peer in ["11.1.2.3", "::10.1.2.3", "2001:db8::8", "127.0.0.1", "::1"] {
            let request = from(forwarded(&bound, &setting.alice, &header), peer);
            assert_eq!(setting.kind(request).await, BINDING, "{header:?} from {peer}");
        }
    }
}

#[tokio::test]
async fn no_header_says_where_the_connection_comes_from() {
    for header in HEADERS {
        let setting = Setting::behind_proxy(&header);
        let mut request = from(forwarded(&setting.bound(), &setting.alice, &header), "11.1.2.3");
        for (name, value) in [
            ("x-forwarded-for", PROXY),
            ("x-real-ip", PROXY),
            ("forwarded", "for=10.1.2.3"),
            ("x-envoy-external-address", PROXY),
        ] {
            request = with_header(request, &HeaderName::from_static(name), value);
        }
        assert_eq!(setting.kind(request).await, BINDING, "{header:?}");
    }
}

#[tokio::test]
async fn the_extension_of_this_crate_precedes_that_of_axum() {
    let header = CertificateHeader::ClientCert;
    let setting = Setting::behind_proxy(&header);
    for (own, axum, expected) in [(PROXY, "11.1.2.3", None), ("11.1.2.3", PROXY, BINDING)] {
        let mut request = from(forwarded(&setting.bound(), &setting.alice, &header), axum);
        request.extensions_mut().insert(PeerAddress(own.parse::<IpAddr>().unwrap()));
        assert_eq!(setting.kind(request).await, expected, "{own}");
    }
}

#[tokio::test]
async fn a_server_without_the_peer_address_is_misconfigured() {
    let header = CertificateHeader::ClientCert;
    let setting = Setting::behind_proxy(&header);
    let response = setting.send(forwarded(&setting.bound(), &setting.alice, &header)).await;
    assert_eq!(response.kind(), Some(ErrorKind::Misconfigured));
    assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
    let source = std::error::Error::source(response.error.as_ref().unwrap()).unwrap().to_string();
    assert!(source.contains("into_make_service_with_connect_info"), "{source}");
    // Only the tokens that need it are affected.
    let request = forwarded(&setting.unbound(), &setting.alice, &header);
    assert_eq!(setting.kind(request).await, None);
}

#[tokio::test]
async fn certificates_of_proxies_and_connections_are_not_mixed() {
    let setting = Setting::new(ClientCertificates::from_connection());
    for header in HEADERS {
        let request = from(forwarded(&setting.bound(), &setting.alice, &header), PROXY);
        assert_eq!(setting.kind(request).await, BINDING, "{header:?}");
    }
    let setting = Setting::behind_proxy(&PEM);
    let request = from(with_certificate(&setting.bound(), &setting.alice), PROXY);
    assert_eq!(setting.kind(request).await, BINDING);
    for header in &HEADERS[..2] {
        let request = from(forwarded(&setting.bound(), &setting.alice, header), PROXY);
        assert_eq!(setting.kind(request).await, BINDING, "{header:?}");
    }
}

// Verifies rfc8705-6.5-proxy.
#[tokio::test]
async fn inner_services_never_see_the_header() {
    for header in HEADERS {
        let certificates = ClientCertificates::from_proxy([PROXY], header.clone());
        let setting = Setting::with(certificates, AuthenticateLayer::allow_anonymous);
        let anonymous = || Request::get("/").body(Body::empty()).unwrap();
        let unbound = || request(&setting.unbound());
        let value = || setting.alice.header_value(&header);
        let add = |request| with_header(request, header.name(), value());
        for (case, request) in [
            ("anonymous, trusted", from(add(anonymous()), PROXY)),
            ("anonymous, untrusted", from(add(anonymous()), "11.1.2.3")),
            ("anonymous, unknown peer", add(anonymous())),
            ("anonymous, twice", from(add(add(anonymous())), PROXY)),
            ("unbound, trusted", from(add(unbound()), PROXY)),
            ("unbound, untrusted", from(add(unbound()), "11.1.2.3")),
            ("unbound, twice", from(add(add(unbound())), PROXY)),
            ("bound", from(add(request(&setting.bound())), PROXY)),
        ] {
            let response = setting.send(request).await;
            assert_eq!(response.status, StatusCode::OK, "{header:?} {case}");
            let seen: Vec<_> = response.body.split(' ').skip(1).collect();
            let expected = if case.starts_with("anonymous") { &[][..] } else { &["authorization"] };
            assert_eq!(seen, expected, "{header:?} {case}");
        }
        // The certificates above the client's (RFC 9440 §2.3) can be forged in the same way.
        let chain = HeaderName::from_static("client-cert-chain");
        let response = setting.send(with_header(anonymous(), &chain, ":YQ==:")).await;
        let is_removed = header == CertificateHeader::ClientCert;
        assert_eq!(!response.body.contains(chain.as_str()), is_removed, "{header:?}");
    }
}

// Verifies rfc8705-3.2-introspection.
#[tokio::test]
async fn introspected_tokens_are_bound_alike() {
    let issuer = TestIssuer::new();
    let [alice, mallory] = ["alice", "mallory"].map(CertificateClient::new);
    let token = issuer.token().audience(API).claim("cnf", alice.confirmation()).mint_opaque();
    for header in HEADERS {
        let verifier = issuer.introspection().audience(API).build().unwrap();
        let certificates = ClientCertificates::from_proxy([PROXY], header.clone());
        let layer = AuthenticateLayer::bearer(verifier);
        let app = app(layer.client_certificates(certificates.build().unwrap()));
        // The first time, the response of the endpoint is awaited.
        for _ in 0..2 {
            let response = send(&app, from(forwarded(&token, &alice, &header), PROXY)).await;
            assert_eq!((response.kind(), &*response.body), (None, "alice authorization"));
            let response = send(&app, from(forwarded(&token, &mallory, &header), PROXY)).await;
            assert_eq!(response.kind(), BINDING);
            let response = send(&app, from(request(&token), PROXY)).await;
            assert_eq!(response.kind(), BINDING);
        }
    }
}

#[tokio::test]
async fn a_token_is_bound_wherever_it_was_read() {
    let setting = Setting::with(ClientCertificates::from_connection(), |layer| {
        layer.query_parameter().cookie("at").token_scheme()
    });
    let bound = setting.bound();
    for (uri, name, value) in [
        (&*format!("/?access_token={bound}"), "accept", "*/*"),
        ("/", "cookie", &format!("at={bound}")),
        ("/", "authorization", &format!("token {bound}")),
    ] {
        for (client, expected) in [(&setting.alice, None), (&setting.mallory, BINDING)] {
            let request = Request::get(uri).header(name, value);
            let mut request = request.body(Body::empty()).unwrap();
            request.extensions_mut().insert(client.certificate());
            assert_eq!(setting.send(request).await.kind(), expected, "{uri} {name}");
        }
    }
}

#[tokio::test]
async fn policies_follow_the_binding() {
    let policies = Policies::builder()
        .any_method("/", Scope::from_static("orders:read"))
        .any_method("/open", Access::Anonymous)
        .build()
        .unwrap();
    let certificates = ClientCertificates::from_connection();
    let setting = Setting::with(certificates, |layer| layer.policies(policies));
    let request = with_certificate(&setting.bound(), &setting.alice);
    assert_eq!(setting.kind(request).await, Some(ErrorKind::InsufficientScope));
    let request = with_certificate(&setting.bound(), &setting.mallory);
    assert_eq!(setting.kind(request).await, BINDING);
}

#[tokio::test]
async fn dangerous_accepts_bound_tokens_without_a_certificate() {
    let setting = Setting::with(ClientCertificates::from_proxy([PROXY], PEM).required(), |layer| {
        layer.dangerous().without_binding_verification()
    });
    assert_eq!(setting.kind(request(&setting.bound())).await, None);
    assert_eq!(setting.kind(request(&setting.unbound())).await, BINDING);
    let request = forwarded(&setting.bound(), &setting.mallory, &PEM);
    let response = setting.send(from(request, "11.1.2.3")).await;
    assert_eq!(&*response.body, "alice authorization");
}

#[tokio::test]
async fn a_custom_verifier_can_bind_its_identities() {
    use portcullis::{BearerToken, Verification, Verify};

    #[derive(Debug)]
    struct Custom(ClientCertificate);

    impl Verify<BearerToken<'_>> for Custom {
        fn verify(&self, _: BearerToken<'_>) -> Verification {
            let confirmation = Confirmation::certificate(*self.0.thumbprint());
            let identity = Identity::assertion().subject("alice").confirmation(confirmation);
            Verification::ready(Ok(identity.build()))
        }
    }

    let [alice, mallory] = ["alice", "mallory"].map(CertificateClient::new);
    let certificates = ClientCertificates::from_connection().build().unwrap();
    let layer = AuthenticateLayer::bearer(Custom(alice.certificate()));
    let app = app(layer.client_certificates(certificates));
    assert_eq!(send(&app, with_certificate("a", &alice)).await.kind(), None);
    assert_eq!(send(&app, with_certificate("a", &mallory)).await.kind(), BINDING);
}

#[tokio::test]
async fn a_repeated_header_is_malformed_unless_it_is_a_list() {
    for header in HEADERS {
        let setting = Setting::behind_proxy(&header);
        for (lines, expected) in [
            ([&setting.alice, &setting.alice], header != CertificateHeader::ForwardedClientCert),
            ([&setting.mallory, &setting.alice], header != CertificateHeader::ForwardedClientCert),
            ([&setting.alice, &setting.mallory], true),
        ] {
            let mut request = request(&setting.bound());
            for client in lines {
                request = with_header(request, header.name(), client.header_value(&header));
            }
            let is_rejected = setting.kind(from(request, PROXY)).await == BINDING;
            assert_eq!(is_rejected, expected, "{header:?} {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_header_of_16_kib_is_read_and_a_longer_one_is_not() {
    const LIMIT: usize = 16 * 1024;
    for header in HEADERS {
        let setting = Setting::behind_proxy(&header);
        let fits = |length: &usize| {
            let client = CertificateClient::from_der(vec![7; *length]);
            client.header_value(&header).len() <= LIMIT
        };
        let lengths: Vec<_> = (0..LIMIT).collect();
        let length = lengths.partition_point(fits) - 1;
        for (length, expected) in [(length, None), (length + 12, BINDING)] {
            let client = CertificateClient::from_der(vec![7; length]);
            let token = setting.bound_to(client.confirmation());
            let request = from(forwarded(&token, &client, &header), PROXY);
            assert_eq!(setting.kind(request).await, expected, "{header:?} {length}");
        }
    }
    // Of a chain, only the first certificate is decoded.
    let setting = Setting::behind_proxy(&PEM);
    let certificate = setting.alice.header_value(&PEM).to_str().unwrap().to_owned();
    let chain = format!("{certificate}{}", "%zz".repeat(5_000));
    let request = with_header(request(&setting.bound()), PEM.name(), chain);
    assert_eq!(setting.kind(from(request, PROXY)).await, None);
}

#[test]
fn invalid_networks_are_named_and_none_trusts_nobody() {
    for network in ["", "10.0.0.0/33", "proxy.example", "10.0.0.1:80", "10.0.0.0/8,::1"] {
        let error = ClientCertificates::from_proxy(["::1", network], PEM).build().unwrap_err();
        assert_eq!((error.what(), error.value()), ("trusted proxy", network));
    }
    assert!(ClientCertificates::from_proxy([""; 0], PEM).build().is_ok());
}

#[cfg(feature = "dpop")]
mod with_dpop {
    use portcullis::{
        binding::{Dpop, DpopBuilder},
        error::DpopFault,
        testing::DpopClient,
    };

    use super::*;

    const URL: &str = "https://api.example/";

    struct Both {
        setting: Setting,
        key: DpopClient,
    }

    fn both(
        certificates: ClientCertificatesBuilder,
        configure: impl FnOnce(DpopBuilder) -> DpopBuilder,
    ) -> Both {
        let dpop = configure(Dpop::builder("https://api.example")).build().unwrap();
        let setting = Setting::with(certificates, |layer| layer.dpop(dpop));
        let key = DpopClient::new(Algorithm::Es256, portcullis::clock::SystemClock);
        Both { setting, key }
    }

    impl Both {
        fn confirmation(&self) -> Value {
            let mut confirmation = self.key.confirmation();
            confirmation["x5t#S256"] = self.setting.alice.confirmation()["x5t#S256"].clone();
            confirmation
        }

        fn with_proof(&self, token: &str, client: Option<&CertificateClient>) -> Request<Body> {
            let mut request = Request::get(URL).body(Body::empty()).unwrap();
            self.key.authorize(&mut request, token);
            if let Some(client) = client {
                request.extensions_mut().insert(client.certificate());
            }
            request
        }

        async fn kind(&self, request: Request<Body>) -> Option<ErrorKind> {
            self.setting.send(request).await.kind()
        }
    }

    #[tokio::test]
    async fn every_binding_of_a_token_is_verified() {
        let both = both(ClientCertificates::from_connection(), |dpop| dpop);
        let (alice, mallory) = (&both.setting.alice, &both.setting.mallory);
        let bound = |confirmation| both.setting.bound_to(confirmation);
        let (by_both, by_key) = (bound(both.confirmation()), bound(both.key.confirmation()));
        let by_certificate = both.setting.bound();
        let other_key = DpopClient::new(Algorithm::Es256, portcullis::clock::SystemClock);
        let mut other_proof = both.with_proof(&by_both, Some(alice));
        other_key.authorize(&mut other_proof, &by_both);
        let mut no_proof = both.with_proof(&by_both, Some(alice));
        no_proof.headers_mut().remove("dpop");
        for (case, request, expected) in [
            ("both", both.with_proof(&by_both, Some(alice)), None),
            ("both, another certificate", both.with_proof(&by_both, Some(mallory)), BINDING),
            ("both, no certificate", both.with_proof(&by_both, None), BINDING),
            ("both, another key", other_proof, BINDING),
            ("both, no proof", no_proof, Some(DpopFault::Missing.into())),
            ("both, as Bearer", with_certificate(&by_both, alice), BINDING),
            ("key", both.with_proof(&by_key, None), None),
            ("key, with a certificate", both.with_proof(&by_key, Some(mallory)), None),
            ("key, as Bearer", with_certificate(&by_key, alice), BINDING),
            ("certificate", with_certificate(&by_certificate, alice), None),
            ("certificate, as DPoP", both.with_proof(&by_certificate, Some(alice)), BINDING),
            ("unbound", request(&both.setting.unbound()), None),
        ] {
            assert_eq!(both.kind(request).await, expected, "{case}");
        }
    }

    #[tokio::test]
    async fn a_proof_is_not_used_up_by_a_request_with_another_certificate() {
        let both = both(ClientCertificates::from_connection(), |dpop| dpop);
        let token = both.setting.bound_to(both.confirmation());
        let mut request = both.with_proof(&token, Some(&both.setting.mallory));
        let headers = request.headers().clone();
        assert_eq!(both.kind(request).await, BINDING);
        request = both.with_proof(&token, Some(&both.setting.alice));
        *request.headers_mut() = headers;
        assert_eq!(both.kind(request).await, None);
    }

    #[tokio::test]
    async fn a_required_binding_may_be_either() {
        let both = both(ClientCertificates::from_connection().required(), |dpop| dpop);
        let by_key = both.setting.bound_to(both.key.confirmation());
        assert_eq!(both.kind(both.with_proof(&by_key, None)).await, None);
        let by_certificate = with_certificate(&both.setting.bound(), &both.setting.alice);
        assert_eq!(both.kind(by_certificate).await, None);
        assert_eq!(both.kind(request(&both.setting.unbound())).await, BINDING);
    }

    #[tokio::test]
    async fn a_required_proof_leaves_nothing_to_certificates() {
        let both = both(ClientCertificates::from_connection(), DpopBuilder::required);
        let request = with_certificate(&both.setting.bound(), &both.setting.alice);
        assert_eq!(both.kind(request).await, Some(ErrorKind::MissingCredentials));
        let token = both.setting.bound_to(both.confirmation());
        let request = both.with_proof(&token, Some(&both.setting.alice));
        assert_eq!(both.kind(request).await, None);
    }
}

fn ask(app: &Router, request: Request<Body>) -> TestResponse {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());
    RUNTIME.block_on(send(app, request))
}

/// A header, its service, and a token that is bound to the certificate of another client than the parts contain.
static SETTINGS: LazyLock<Vec<(CertificateHeader, Setting, String)>> = LazyLock::new(|| {
    let settings = HEADERS.map(|header| {
        let setting = Setting::behind_proxy(&header);
        let token = setting.bound_to(CertificateClient::new("unknown").confirmation());
        (header, setting, token)
    });
    settings.into()
});

/// The parts of valid header values, and arbitrary bytes.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let mut known: Vec<Vec<u8>> = [
        ":",
        ";",
        ",",
        "=",
        "\"",
        "\\",
        "%",
        "%0A",
        " ",
        "Hash=",
        "Cert=",
        "By=",
        "Chain=\"",
        "-----BEGIN%20CERTIFICATE-----",
        "-----END%20CERTIFICATE-----",
        "YQ==",
        "YWJj",
        "0a",
        "%zz",
    ]
    .map(|part| part.as_bytes().to_vec())
    .into();
    let alice = CertificateClient::new("alice");
    known.extend(HEADERS.map(|header| alice.header_value(&header).as_bytes().to_vec()));
    let byte = prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xff_u8];
    let part = prop_oneof![3 => prop::sample::select(known), 1 => vec(byte, 0..10)];
    vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_bytes_in_a_header_are_rejected(lines in vec(line(), 0..3), which in 0..3_usize) {
        let (header, setting, token) = &SETTINGS[which];
        let mut request = from(request(token), PROXY);
        for line in lines {
            request = with_header(request, header.name(), HeaderValue::from_bytes(&line).unwrap());
        }
        let response = ask(&setting.app, request);
        prop_assert_eq!(response.status, StatusCode::UNAUTHORIZED);
        prop_assert_eq!(response.kind(), BINDING);
    }

    #[test]
    fn any_bytes_before_the_element_of_the_proxy_change_nothing(client in line()) {
        let header = CertificateHeader::ForwardedClientCert;
        let (_, setting, _) = &SETTINGS[1];
        // What Envoy appends to a header that the client sent.
        let proxy = setting.mallory.header_value(&header);
        let value = [&client[..], b",", proxy.as_bytes()].concat();
        let token = setting.bound();
        let request = with_header(request(&token), header.name(), HeaderValue::from_bytes(&value).unwrap());
        prop_assert_eq!(ask(&setting.app, from(request, PROXY)).kind(), BINDING);
    }
}
