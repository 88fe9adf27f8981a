//! TLS to Redis.

use std::{
    fs,
    time::{Duration, Instant},
};

use portcullis::testing::TestIssuer;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;

use crate::{
    server::{RedisServer, free_port},
    three_servers::Server,
};

#[tokio::test]
#[ignore = "needs redis-server, and the server of the examples"]
async fn a_server_connects_by_tls_if_it_trusts_the_certificate() {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let directory = std::env::temp_dir().join(format!("portcullis-tls-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, text: String| {
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let (trusted, certificate) =
        (write("ca.pem", authority.pem()), write("server.pem", certificate.pem()));
    let key = write("key.pem", key.serialize_pem());
    let port = free_port();
    let tls_port = port.to_string();
    let _redis = RedisServer::start(&[
        "--tls-port",
        &tls_port,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &trusted,
        "--tls-auth-clients",
        "no",
    ]);

    let issuer = TestIssuer::serve().await.unwrap();
    let url = format!("rediss://localhost:{port}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (certificates, is_trusted) in [(Some(&trusted), true), (None, false)] {
        let mut variables = vec![("REDIS_URL", &*url), ("REDIS_OUTAGE", "refuse")];
        variables.extend(certificates.map(|path| ("SSL_CERT_FILE", &**path)));
        let server = Server::start(&issuer, &variables);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let response = client.get(format!("{}/readyz", server.url)).send().await.unwrap();
            let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
            let revocations = &body["revocations"];
            assert!(is_trusted || revocations["current"] == false, "{body}");
            if revocations["current"] == is_trusted
                && revocations["last_error"].is_null() == is_trusted
            {
                break;
            }
            assert!(Instant::now() < deadline, "{body}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    fs::remove_dir_all(&directory).unwrap();
}
