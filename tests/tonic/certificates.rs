//! Client certificates (RFC 8705) over tonic's TLS, and from a proxy in front of tonic.

use std::net::SocketAddr;

use portcullis::{
    AuthenticateLayer,
    binding::{CertificateHeader, ClientCertificate, ClientCertificates},
    testing::{CertificateClient, TestIssuer},
};
use tokio::net::TcpListener;
use tonic::{
    Code, Request, Status,
    transport::{
        Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig,
        server::{TcpConnectInfo, TcpIncoming, TlsConnectInfo},
    },
};
use tower::util::MapRequestLayer;

use crate::{
    certificates_of_tls::{Authority, Issued},
    orders::{Order, Wish, orders_client::OrdersClient},
    support::{API, layer, serve, shop, wish, with},
};

/// What docs/bound-tokens.md and `ClientCertificates::from_connection` show.
type TlsInfo = TlsConnectInfo<TcpConnectInfo>;

fn translate<B>(mut request: http::Request<B>) -> http::Request<B> {
    let chain = request.extensions().get().and_then(TlsInfo::peer_certs);
    if let Some(der) = chain.as_ref().and_then(|chain| chain.first()) {
        request.extensions_mut().insert(ClientCertificate::from_der(der));
    }
    request
}

/// A server with TLS, which clients reach with a certificate and without.
struct TlsServer {
    authority: Authority,
    address: SocketAddr,
}

impl TlsServer {
    async fn start(layer: AuthenticateLayer) -> Self {
        let authority = Authority::new();
        let server = authority.issue("localhost");
        let tls = ServerTlsConfig::new()
            .identity(Identity::from_pem(&server.certificate_pem, server.key_pem()))
            .client_ca_root(Certificate::from_pem(authority.pem()))
            .client_auth_optional(true);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::builder().tls_config(tls).unwrap();
        let routes = shop();
        let server = server.layer(MapRequestLayer::new(translate)).layer(layer).add_routes(routes);
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        Self { authority, address }
    }

    async fn connect(&self, certificate: Option<&Issued>) -> Channel {
        let root = Certificate::from_pem(self.authority.pem());
        let mut tls = ClientTlsConfig::new().ca_certificate(root).domain_name("localhost");
        if let Some(certificate) = certificate {
            let pem = (&certificate.certificate_pem, certificate.key_pem());
            tls = tls.identity(Identity::from_pem(pem.0, pem.1));
        }
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address)).unwrap();
        endpoint.tls_config(tls).unwrap().connect().await.unwrap()
    }
}

fn token(issuer: &TestIssuer, client: &CertificateClient) -> String {
    let token = issuer.token().audience(API).scope("orders:write");
    token.claim("cnf", client.confirmation()).mint()
}

fn outcome(response: Result<tonic::Response<Order>, Status>) -> Code {
    response.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn a_token_is_accepted_over_the_connections_of_its_client_only() {
    let issuer = TestIssuer::new();
    let certificates = ClientCertificates::from_connection().build().unwrap();
    let server = TlsServer::start(layer(&issuer).client_certificates(certificates)).await;
    let [alice, mallory] = ["alice", "mallory"].map(|name| server.authority.issue(name));
    let token = token(&issuer, &CertificateClient::from_der(alice.der.to_vec()));
    for (certificate, expected) in [
        (Some(&alice), Code::Ok),
        (Some(&mallory), Code::Unauthenticated),
        (None, Code::Unauthenticated),
    ] {
        let mut orders = OrdersClient::new(server.connect(certificate).await);
        for _ in 0..2 {
            let response = orders.create(with(&format!("Bearer {token}"), wish("tea"))).await;
            assert_eq!(outcome(response), expected);
        }
    }
}

/// The proxy is this test, and its header is metadata.
#[tokio::test]
async fn tonic_provides_the_address_of_the_proxy() {
    let issuer = TestIssuer::new();
    let [alice, mallory] = ["alice", "mallory"].map(CertificateClient::new);
    let token = token(&issuer, &alice);
    let header = CertificateHeader::ForwardedClientCert;
    for (trusted, client, expected) in [
        ("127.0.0.1", &alice, Code::Ok),
        ("127.0.0.1", &mallory, Code::Unauthenticated),
        ("10.0.0.0/8", &alice, Code::Unauthenticated),
    ] {
        let certificates = ClientCertificates::from_proxy([trusted], header.clone());
        let layer = layer(&issuer).client_certificates(certificates.build().unwrap());
        let mut orders = OrdersClient::new(serve(layer, shop()).await);
        let mut request: Request<Wish> = with(&format!("Bearer {token}"), wish("tea"));
        let value = client.header_value(&header).to_str().unwrap().parse().unwrap();
        request.metadata_mut().insert("x-forwarded-client-cert", value);
        assert_eq!(outcome(orders.create(request).await), expected, "{trusted}");
    }
}
