//! Client certificates over sockets, with the server of docs/bound-tokens.md.

use std::{io, net::SocketAddr};

use axum::Router;
use portcullis::{
    Algorithm, AuthenticateLayer,
    binding::{CertificateHeader, ClientCertificates},
    testing::CertificateClient,
};
use reqwest::{Certificate, Client, Identity, tls::Version};
use tokio::net::TcpListener;

use super::tls_server::serve;
use crate::support::{
    API,
    certificates::{Authority, Issued},
    issuer_with, whoami,
};

fn client(authority: &Authority, certificate: Option<&Issued>, version: Version) -> Client {
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    // Each request uses a new connection, which resumes the previous session.
    let mut client = Client::builder().no_proxy().tls_certs_only([root]).pool_max_idle_per_host(0);
    client = client.tls_version_min(version).tls_version_max(version);
    if let Some(certificate) = certificate {
        let pem = certificate.key_pem() + &certificate.certificate_pem;
        client = client.identity(Identity::from_pem(pem.as_bytes()).unwrap());
    }
    client.build().unwrap()
}

// Verifies rfc8705-3-obtain.
#[tokio::test]
async fn a_token_is_accepted_over_the_connections_of_its_client_only() {
    let issuer = issuer_with([Algorithm::Es256]);
    let authority = Authority::new();
    let [alice, mallory] = ["alice", "mallory"].map(|name| authority.issue(name));
    let confirmation = CertificateClient::from_der(alice.der.to_vec()).confirmation();
    let bound = issuer.token().audience(API).claim("cnf", confirmation).mint();
    let unbound = issuer.token().audience(API).mint();

    let verifier = issuer.verifier().audience(API).build().unwrap();
    let certificates = ClientCertificates::from_connection().build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier).client_certificates(certificates);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let server = serve(listener, authority.server_config(), whoami().layer(layer));
    let server = tokio::spawn(server);

    for version in [Version::TLS_1_2, Version::TLS_1_3] {
        for (certificate, token, status) in [
            (Some(&alice), &bound, 200),
            (Some(&mallory), &bound, 401),
            (None, &bound, 401),
            (Some(&mallory), &unbound, 200),
            (None, &unbound, 200),
        ] {
            let client = client(&authority, certificate, version);
            for _ in 0..3 {
                let response = client.get(&url).bearer_auth(token).send().await.unwrap();
                assert_eq!(response.status(), status, "{version:?}");
            }
        }
    }
    server.abort();
}

async fn serve_with_addresses(listener: TcpListener, app: Router) -> io::Result<()> {
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
}

/// The proxy is this test.
#[tokio::test]
async fn axum_provides_the_address_of_the_proxy() {
    let issuer = issuer_with([Algorithm::Es256]);
    let [alice, mallory] = ["alice", "mallory"].map(CertificateClient::new);
    let token = issuer.token().audience(API).claim("cnf", alice.confirmation()).mint();
    let client = Client::builder().no_proxy().build().unwrap();
    let header = CertificateHeader::ClientCert;
    for (trusted, sender, status) in
        [("127.0.0.0/8", &alice, 200), ("127.0.0.0/8", &mallory, 401), ("10.0.0.0/8", &alice, 401)]
    {
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let certificates = ClientCertificates::from_proxy([trusted], header.clone());
        let layer = AuthenticateLayer::bearer(verifier);
        let layer = layer.client_certificates(certificates.build().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(serve_with_addresses(listener, whoami().layer(layer)));
        let request = client.get(&url).bearer_auth(&token);
        let request = request
            .header("client-cert", sender.header_value(&header))
            .header("x-forwarded-for", "10.1.2.3")
            .header("forwarded", "for=10.1.2.3");
        assert_eq!(request.send().await.unwrap().status(), status, "{trusted}");
        server.abort();
    }
}
