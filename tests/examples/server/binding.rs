//! The variables about tokens that are bound to a key.

use http::HeaderName;
use portcullis::{
    Algorithm,
    binding::CertificateHeader,
    clock::SystemClock,
    testing::{CertificateClient, DpopClient, ServedIssuer, TestIssuer},
};
use serde_json::Value;

use super::{API, serve};
use crate::program::{Program, Response, Server};

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const PEM: CertificateHeader = CertificateHeader::Pem(HeaderName::from_static("x-client-cert"));

struct Setting {
    issuer: ServedIssuer,
    client: DpopClient,
    token: String,
}

impl Setting {
    async fn new() -> Self {
        let issuer = TestIssuer::serve().await.unwrap();
        let client = DpopClient::new(Algorithm::Es256, SystemClock);
        let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
        Self { issuer, client, token }
    }

    fn unbound(&self) -> String {
        self.issuer.token().audience(API).mint()
    }

    fn bound_to(&self, client: &CertificateClient) -> String {
        self.issuer.token().audience(API).claim("cnf", client.confirmation()).mint()
    }

    /// Sends `GET /me` with a proof for this URL.
    async fn prove(&self, server: &Server, url: &str) -> Response {
        let proof = self.client.proof("GET", url, &self.token).sign();
        self.send(server, &proof).await
    }

    async fn send(&self, server: &Server, proof: &str) -> Response {
        let authorization = format!("DPoP {}", self.token);
        let headers = [("authorization", &*authorization), ("dpop", proof)];
        server.ask_with("GET /me", &headers).await
    }
}

fn confirmation(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()["confirmation"].take()
}

/// The challenges for DPoP.
fn challenge(response: &Response) -> String {
    assert_eq!(response.status, 401);
    let lines = response.headers.get_all("www-authenticate").iter();
    let lines = lines.map(|line| line.to_str().unwrap().to_owned());
    lines.filter(|line| line.starts_with("DPoP")).collect()
}

#[tokio::test]
async fn without_variables_bound_tokens_are_rejected() {
    let setting = Setting::new().await;
    let certified = setting.bound_to(&CertificateClient::new("alice"));
    for variables in [&[][..], &[("DPOP", "off")]] {
        let server = serve(&setting.issuer, variables);
        let url = format!("{}/me", server.url);
        assert_eq!(setting.prove(&server, &url).await.status, 401);
        for token in [&setting.token, &certified] {
            assert_eq!(server.ask("GET /me", Some(token)).await.status, 401);
        }
        let unbound = server.ask("GET /me", Some(&setting.unbound())).await;
        assert_eq!(confirmation(&unbound), "none");
        assert_eq!(challenge(&server.ask("GET /me", None).await), "");
    }
}

#[tokio::test]
async fn proofs_are_accepted_alongside_bearer_tokens_or_required() {
    let setting = Setting::new().await;
    for (dpop, unbound) in [("accept", 200), ("required", 401)] {
        let server = serve(&setting.issuer, &[("DPOP", dpop)]);
        let proof = setting.client.proof("GET", &format!("{}/me", server.url), &setting.token);
        let proof = proof.sign();
        assert_eq!(confirmation(&setting.send(&server, &proof).await), "jkt");
        let replayed = challenge(&setting.send(&server, &proof).await);
        assert!(replayed.contains(r#"error="invalid_dpop_proof""#), "{replayed}");
        assert_eq!(server.ask("GET /me", Some(&setting.token)).await.status, 401);
        assert_eq!(server.ask("GET /me", Some(&setting.unbound())).await.status, unbound);
        let algorithms = challenge(&server.ask("GET /me", None).await);
        assert!(algorithms.contains("algs=\""), "{algorithms}");
        // Routes that are open to everyone also reject invalid credentials.
        let elsewhere = setting.client.proof("GET", &server.url, &setting.token).sign();
        let authorization = format!("DPoP {}", setting.token);
        let headers = [("authorization", &*authorization), ("dpop", &*elsewhere)];
        assert_eq!(server.ask_with("GET /public", &headers).await.status, 401);
    }
}

#[tokio::test]
async fn proofs_are_for_the_public_url() {
    let setting = Setting::new().await;
    for (variables, url) in [
        (&[("PUBLIC_URL", "https://api.example/v1")][..], "https://api.example/v1/me"),
        (&[("RESOURCE", "https://api.example/orders")], "https://api.example/me"),
        (
            &[("RESOURCE", "https://api.example"), ("PUBLIC_URL", "https://public.example")],
            "https://public.example/me",
        ),
    ] {
        let variables = [&[("DPOP", "accept")], variables].concat();
        let server = serve(&setting.issuer, &variables);
        assert_eq!(confirmation(&setting.prove(&server, url).await), "jkt", "{variables:?}");
        let listening = format!("{}/me", server.url);
        assert_eq!(setting.prove(&server, &listening).await.status, 401, "{variables:?}");
    }
}

#[tokio::test]
async fn with_a_secret_proofs_need_a_nonce_that_replicas_share() {
    let setting = Setting::new().await;
    let variables =
        [("DPOP", "accept"), ("DPOP_NONCE_SECRET", SECRET), ("PUBLIC_URL", "https://api.example")];
    let [one, other] = [(), ()].map(|()| serve(&setting.issuer, &variables));
    let url = "https://api.example/me";
    let response = setting.prove(&one, url).await;
    assert!(challenge(&response).contains(r#"error="use_dpop_nonce""#));
    let nonce = response.header("dpop-nonce").unwrap();
    for server in [&one, &other] {
        let proof = setting.client.proof("GET", url, &setting.token).nonce(nonce).sign();
        assert_eq!(confirmation(&setting.send(server, &proof).await), "jkt");
    }
}

#[tokio::test]
async fn certificates_are_taken_from_trusted_proxies_only() {
    let setting = Setting::new().await;
    let [alice, mallory] = ["alice", "mallory"].map(CertificateClient::new);
    let bound = format!("Bearer {}", setting.bound_to(&alice));
    for (name, header) in [
        ("client-cert", CertificateHeader::ClientCert),
        ("xfcc", CertificateHeader::ForwardedClientCert),
        ("pem:X-Client-Cert", PEM),
    ] {
        for (proxies, client, status) in [
            ("127.0.0.1", &alice, 200),
            ("192.0.2.7, 127.0.0.0/8", &alice, 200),
            ("127.0.0.1", &mallory, 401),
            ("10.0.0.0/8", &alice, 401),
            ("", &alice, 401),
        ] {
            let variables = [("CLIENT_CERT_HEADER", name), ("TRUSTED_PROXIES", proxies)];
            let server = serve(&setting.issuer, &variables);
            let value = client.header_value(&header);
            let headers =
                [("authorization", &*bound), (header.name().as_str(), value.to_str().unwrap())];
            let response = server.ask_with("GET /me", &headers).await;
            assert_eq!(response.status, status, "{name} {proxies}");
            if status == 200 {
                assert_eq!(confirmation(&response), "x5t#S256");
            }
        }
    }
}

#[test]
fn invalid_values_are_named_and_secrets_are_not_shown() {
    const SHORT: &str = "c2hvcnQ";
    for (variable, value, shown) in [
        ("DPOP", "on", "`on`"),
        ("PUBLIC_URL", "api.example", "`api.example`"),
        ("PUBLIC_URL", "https://api.example?a=b", "`https://api.example?…`"),
        ("DPOP_NONCE_SECRET", "not base64url!", "[redacted]"),
        ("DPOP_NONCE_SECRET", SHORT, "5 bytes"),
        ("CLIENT_CERT_HEADER", "x-client-cert", "`x-client-cert`"),
        ("CLIENT_CERT_HEADER", "pem:", "`pem:`"),
        ("CLIENT_CERT_HEADER", "pem:a b", "`pem:a b`"),
        ("TRUSTED_PROXIES", "proxy.example", "`proxy.example`"),
        ("TRUSTED_PROXIES", "10.0.0.0/33", "`10.0.0.0/33`"),
        ("TRUSTED_PROXIES", "10.0.0.1,", "``"),
    ] {
        let mut variables = vec![("ISSUER", "https://as.example"), ("AUDIENCE", API)];
        if variable == "TRUSTED_PROXIES" {
            variables.push(("CLIENT_CERT_HEADER", "xfcc"));
        }
        variables.push((variable, value));
        let ended = Program::start("server", &variables).end();
        assert_eq!(ended.status.code(), Some(2), "{variable} {value}");
        let [line] = &*ended.stderr else { panic!("{variable}: {:?}", ended.stderr) };
        assert!(line.contains(variable) && line.contains(shown), "{line}");
        assert!(!line.contains(SHORT) && !line.contains("not base64url!"), "{line}");
    }
}
