//! Client certificates over sockets, with the server of docs/bound-tokens.md.

use portcullis::{
    Algorithm, AuthenticateLayer, binding::ClientCertificates, testing::CertificateClient,
};
use reqwest::{Certificate, Client, Identity, tls::Version};
use tokio::net::TcpListener;

use super::tls_server::serve;
use crate::support::{
    API,
    certificates::{Authority, Issued},
    issuer_with, whoami,
};

#[test]
fn the_documentation_shows_the_server() {
    let mut blocks = include_str!("../../../docs/bound-tokens.md").split("```rust\n").skip(1);
    let shown =
        blocks.find_map(|rest| rest.split_once("```").filter(|it| it.0.contains("TlsAcceptor")));
    assert_eq!(shown.unwrap().0, include_str!("tls_server.rs"));
}

fn client(authority: &Authority, certificate: Option<&Issued>, version: Version) -> Client {
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    // Each request has a connection of its own, which resumes the session of the one before.
    let mut client = Client::builder().no_proxy().tls_certs_only([root]).pool_max_idle_per_host(0);
    client = client.tls_version_min(version).tls_version_max(version);
    if let Some(certificate) = certificate {
        let pem = certificate.key_pem() + &certificate.certificate_pem;
        client = client.identity(Identity::from_pem(pem.as_bytes()).unwrap());
    }
    client.build().unwrap()
}

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
