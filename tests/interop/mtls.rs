//! Client certificates that real proxies pass on: nginx, HAProxy and Envoy. `mtls/install.sh` installs them; each test
//! starts its
//! proxy, with the configuration in `mtls`, and ends it.

use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, routing::get};
use http::{HeaderMap, HeaderName, Request, header::AUTHORIZATION};
use portcullis::{
    AuthenticateLayer, Identity, Issuers,
    binding::{CertificateHeader, ClientCertificates},
    testing::{CertificateClient, TestIssuer},
};
use reqwest::{Certificate, Client, ClientBuilder, Identity as ClientIdentity, tls::Version};
use tokio::{net::TcpListener, task::JoinHandle};
use tower::ServiceExt;

use crate::{
    certificates::{Authority, Issued},
    servers::{OidcProvider, RESOURCE},
    service::service_with,
};

const API: &str = "https://api.example";
const PEM: CertificateHeader = CertificateHeader::Pem(HeaderName::from_static("x-client-cert"));

/// A proxy with TLS in front of a service.
struct Proxy {
    process: Child,
    service: JoinHandle<()>,
    directory: PathBuf,
    port: u16,
    service_port: u16,
    header: CertificateHeader,
    issuer: TestIssuer,
    authority: Authority,
    alice: Issued,
    mallory: Issued,
}

impl Proxy {
    /// Starts a service, and a proxy with this configuration. `command` gets the path of the configuration last.
    async fn start(name: &str, header: CertificateHeader, config: &str, command: &[&str]) -> Self {
        let issuer = TestIssuer::new();
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let certificates = ClientCertificates::from_proxy(["127.0.0.1"], header.clone());
        let layer = AuthenticateLayer::bearer(verifier);
        let layer = layer.client_certificates(certificates.build().unwrap());
        let name_of_header = header.name().clone();
        let handler = async move |identity: Identity, headers: HeaderMap| {
            assert!(!headers.contains_key(&name_of_header));
            identity.subject().unwrap_or("nobody").to_owned()
        };
        let app = Router::new().route("/", get(handler)).layer(layer);
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service_port = listener.local_addr().unwrap().port();
        let service = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });

        let authority = Authority::new();
        let server = authority.issue("localhost");
        let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = env::temp_dir().join(format!("portcullis-{name}-{port}"));
        fs::create_dir(&directory).unwrap();
        let write = |file: &str, text: &str| fs::write(directory.join(file), text).unwrap();
        write("server.pem", &server.certificate_pem);
        write("server.key", &server.key_pem());
        write("server-and-key.pem", &[&*server.certificate_pem, &server.key_pem()].concat());
        write("clients.pem", &authority.pem());
        let config = config
            .replace("@DIR@", directory.to_str().unwrap())
            .replace("@PORT@", &port.to_string())
            .replace("@SERVICE@", &service_port.to_string());
        let file = if name == "envoy" { "envoy.yaml" } else { name };
        write(file, &config);
        let (program, arguments) = command.split_first().unwrap();
        let process = Command::new(program)
            .args(arguments)
            .arg(directory.join(file))
            .current_dir(&directory)
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}: run `mtls/install.sh`"));
        let [alice, mallory] = ["alice", "mallory"].map(|name| authority.issue(name));
        let mut proxy = Self {
            process,
            service,
            directory,
            port,
            service_port,
            header,
            issuer,
            authority,
            alice,
            mallory,
        };
        proxy.wait_until_it_listens();
        proxy
    }

    fn wait_until_it_listens(&mut self) {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = self.process.try_wait().unwrap();
            assert_eq!(ended, None, "the proxy ended");
            assert!(start.elapsed() < Duration::from_secs(20), "the proxy doesn't listen");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Each request uses a new connection, which resumes the previous session.
    fn client(&self, certificate: Option<&Issued>, version: Version) -> Client {
        let root = Certificate::from_pem(self.authority.pem().as_bytes()).unwrap();
        let client = direct().tls_certs_only([root]).pool_max_idle_per_host(0);
        let client = client.tls_version_min(version).tls_version_max(version);
        let with_certificate = |certificate: &Issued| {
            let pem = certificate.key_pem() + &certificate.certificate_pem;
            ClientIdentity::from_pem(pem.as_bytes()).unwrap()
        };
        match certificate {
            Some(certificate) => client.identity(with_certificate(certificate)),
            None => client,
        }
        .build()
        .unwrap()
    }

    /// What the proxy would send for this client.
    fn forged(&self, certificate: &Issued) -> (HeaderName, http::HeaderValue) {
        let client = CertificateClient::from_der(certificate.der.to_vec());
        (self.header.name().clone(), client.header_value(&self.header))
    }

    async fn passes_on_the_certificate_of_the_connection(&self) {
        let client = CertificateClient::from_der(self.alice.der.to_vec());
        let token = self.issuer.token().audience(API);
        let (bound, unbound) =
            (token.clone().claim("cnf", client.confirmation()).mint(), token.mint());
        let url = format!("https://localhost:{}/", self.port);
        let forged = self.forged(&self.alice);
        for version in [Version::TLS_1_2, Version::TLS_1_3] {
            for (case, certificate, token, forged, status) in [
                ("bound, with its certificate", Some(&self.alice), &bound, None, 200),
                ("bound, with another one", Some(&self.mallory), &bound, None, 401),
                (
                    "bound, with another one, forged",
                    Some(&self.mallory),
                    &bound,
                    Some(&forged),
                    401,
                ),
                ("bound, with none", None, &bound, None, 401),
                ("bound, with none, forged", None, &bound, Some(&forged), 401),
                ("unbound, with a certificate", Some(&self.mallory), &unbound, None, 200),
                ("unbound, with none", None, &unbound, None, 200),
            ] {
                let client = self.client(certificate, version);
                for _ in 0..2 {
                    let mut request = client.get(&url).bearer_auth(token);
                    if let Some((name, value)) = forged {
                        request = request.header(name, value);
                    }
                    let response = request.send().await.unwrap();
                    assert_eq!(response.status(), status, "{case}, {version:?}");
                    assert!(status != 200 || response.text().await.unwrap() == "alice");
                }
            }
        }
        self.is_the_only_one_that_is_trusted(&bound).await;
    }

    /// A client that connects to the service itself, from another address than the proxy's.
    async fn is_the_only_one_that_is_trusted(&self, bound: &str) {
        let (name, value) = self.forged(&self.alice);
        let url = format!("http://127.0.0.1:{}/", self.service_port);
        for (address, status) in [([127, 0, 0, 1], 200), ([127, 0, 0, 2], 401)] {
            let client = direct().local_address(IpAddr::from(address)).build().unwrap();
            let request = client.get(&url).bearer_auth(bound).header(&name, &value);
            assert_eq!(request.send().await.unwrap().status(), status, "{address:?}");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.service.abort();
        // It may have ended already, which isn't an error.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn direct() -> ClientBuilder {
    Client::builder().no_proxy().timeout(Duration::from_secs(20))
}

fn envoy() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ci/envoy/bin/envoy");
    env::var_os("PORTCULLIS_ENVOY").map_or(path, PathBuf::from)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn nginx() {
    let config = include_str!("mtls/nginx.conf");
    let proxy = Proxy::start("nginx", PEM, config, &["nginx", "-e", "stderr", "-c"]).await;
    proxy.passes_on_the_certificate_of_the_connection().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs HAProxy"]
async fn haproxy() {
    let config = include_str!("mtls/haproxy.cfg");
    let header = CertificateHeader::ClientCert;
    let proxy = Proxy::start("haproxy", header, config, &["haproxy", "-db", "-f"]).await;
    proxy.passes_on_the_certificate_of_the_connection().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Envoy"]
async fn envoy_with_each_of_its_details() {
    const HASH: &str = "set_current_client_cert_details: {}";
    const ALL: &str = "set_current_client_cert_details: \
                       { subject: true, cert: true, chain: true, dns: true, uri: true }";
    let config = include_str!("mtls/envoy.yaml");
    assert!(config.contains(HASH) && config.contains("SANITIZE_SET"));
    for config in [
        config.to_owned(),
        config.replace(HASH, ALL),
        config.replace("SANITIZE_SET", "APPEND_FORWARD"),
        config.replace("SANITIZE_SET", "APPEND_FORWARD").replace(HASH, ALL),
    ] {
        let header = CertificateHeader::ForwardedClientCert;
        let envoy = envoy();
        let command = [envoy.to_str().unwrap(), "--use-dynamic-base-id", "-l", "warn", "-c"];
        let proxy = Proxy::start("envoy", header, &config, &command).await;
        proxy.passes_on_the_certificate_of_the_connection().await;
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn tokens_that_oidc_provider_binds_to_a_certificate() {
    let provider = OidcProvider::at_the_root().await;
    let opaque = provider.introspection_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let issuers = Issuers::builder()
        .trust(provider.verifier(&["es256"]).build().unwrap())
        .opaque(opaque.build().unwrap())
        .build()
        .unwrap();
    let layer = |layer: AuthenticateLayer| {
        let certificates = ClientCertificates::from_connection().build().unwrap();
        layer.client_certificates(certificates)
    };
    let app = service_with(issuers, layer);
    let authority = Authority::new();
    let [alice, mallory] = ["alice", "mallory"]
        .map(|name| CertificateClient::from_der(authority.issue(name).der.to_vec()));
    for kind in ["es256", "opaque"] {
        let token = provider.token_bound_to(&alice.header_value(&PEM), kind).await;
        for (client, status) in [(Some(&alice), 200), (Some(&mallory), 401), (None, 401)] {
            let mut request = Request::get("/").body(Body::empty()).unwrap();
            if let Some(client) = client {
                client.authorize(&mut request, &token);
            } else {
                let line = format!("Bearer {token}").try_into().unwrap();
                request.headers_mut().insert(AUTHORIZATION, line);
            }
            let response = app.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{kind}");
        }
    }
}
