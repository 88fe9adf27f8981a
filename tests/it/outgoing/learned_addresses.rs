//! URLs in an issuer's metadata must not lead into the network of the service.

use std::sync::{Arc, Mutex};

use http::{Request, Response, header::CONTENT_TYPE};
use portcullis::{
    IntrospectionVerifier,
    http_client::{AddressPolicy, PeerAddress},
    testing::{TestClient, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{
    API,
    outcome::{ACCEPTED, Outcome, UNAVAILABLE, outcome},
};

/// A client for an issuer whose metadata contains these URLs. It records the policy of each request.
fn client(
    issuer: &TestIssuer,
    url: &str,
    peer: Option<&str>,
) -> (TestClient, Arc<Mutex<Vec<(String, AddressPolicy)>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let (notes, issuer, url) = (Arc::clone(&sent), issuer.clone(), url.to_owned());
    let peer = peer.map(|peer| PeerAddress(peer.parse().unwrap()));
    let client = TestClient::new(move |request: Request<Vec<u8>>| {
        let requested = request.uri().to_string();
        notes.lock().unwrap().push((requested.clone(), AddressPolicy::of(&request)));
        let document: Value = if requested.contains("/.well-known/") {
            json!({ "issuer": issuer.issuer(), "jwks_uri": url, "introspection_endpoint": url })
        } else if request.method() == "POST" {
            json!({ "active": true, "aud": API })
        } else {
            serde_json::from_str(&issuer.jwk_set()).unwrap()
        };
        let mut response = Response::new(document.to_string().into_bytes());
        response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
        if let Some(peer) = peer {
            response.extensions_mut().insert(peer);
        }
        async move { Ok(response) }
    });
    (client, sent)
}

/// The outcome for a token if the metadata of `issuer` contains `url`, and the policy of the request to it.
async fn keys_at(
    issuer: &str,
    url: &str,
    peer: Option<&str>,
    allowed: bool,
) -> (Outcome, Option<AddressPolicy>) {
    let issuer = TestIssuer::named(issuer);
    let (client, sent) = client(&issuer, url, peer);
    let builder = issuer.verifier().http_client(client).audience(API);
    let builder = if allowed { builder.dangerous().private_addresses() } else { builder };
    let token = issuer.token().audience(API).mint();
    let found = outcome(&builder.build().unwrap(), &token).await;
    let sent = sent.lock().unwrap();
    let request = sent.iter().find(|(requested, _)| !requested.contains("/.well-known/"));
    (found, request.map(|(_, policy)| *policy))
}

/// Addresses to which the metadata of a public issuer must not lead, in many spellings.
const INNER: [&str; 30] = [
    "localhost",
    "localhost.",
    "LOCALHOST",
    "db.localhost",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a00:1]",
    "[64:ff9b::a00:1]",
    "[fd00::1]",
    "[fe80::1]",
];

#[tokio::test(start_paused = true)]
async fn a_public_issuer_cannot_lead_to_an_inner_address() {
    for issuer in ["https://issuer.test", "https://8.8.8.8"] {
        for host in INNER {
            let url = format!("https://{host}/jwks");
            assert_eq!(keys_at(issuer, &url, None, false).await, (UNAVAILABLE, None), "{host}");
            let (allowed, policy) = keys_at(issuer, &url, None, true).await;
            assert_eq!((allowed, policy), (ACCEPTED, Some(AddressPolicy::ANY)), "{host}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_public_issuer_has_no_internal_introspection_endpoint() {
    for host in INNER {
        for allowed in [false, true] {
            let issuer = TestIssuer::named("https://issuer.test");
            let (client, sent) = client(&issuer, &format!("https://{host}/introspect"), None);
            let builder = IntrospectionVerifier::discover(issuer.issuer())
                .client_secret_basic("orders-api", "s3cret")
                .audience(API)
                .http_client(client);
            let builder = if allowed { builder.dangerous().private_addresses() } else { builder };
            let found = outcome(&builder.build().unwrap(), "opaque").await;
            assert_eq!(found, if allowed { ACCEPTED } else { UNAVAILABLE }, "{host}");
            assert!(allowed || sent.lock().unwrap().iter().all(|(url, _)| !url.contains(host)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_to_another_host_carries_the_policy_of_its_issuer() {
    let private: std::net::IpAddr = "10.0.0.1".parse().unwrap();
    let public = "8.8.8.8".parse().unwrap();
    for (issuer, peer, permits_private) in [
        ("https://issuer.test", None, false),
        ("https://issuer.test", Some("8.8.8.8"), false),
        ("https://issuer.test", Some("127.0.0.1"), false),
        ("https://issuer.test", Some("10.0.0.9"), true),
        ("https://issuer.test", Some("::ffff:10.0.0.9"), true),
        ("https://192.168.0.9", None, true),
    ] {
        let (outcome, policy) = keys_at(issuer, "https://keys.example/jwks", peer, false).await;
        let policy = policy.unwrap();
        assert_eq!(outcome, ACCEPTED);
        assert!(policy.permits(public), "{issuer}, {peer:?}");
        assert_eq!(policy.permits(private), permits_private, "{issuer}, {peer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_on_an_inner_address_leads_to_others_of_its_kind() {
    for (issuer, peer, url, expected) in [
        ("http://localhost:4000", None, "http://127.0.0.1:4001/jwks", ACCEPTED),
        ("http://127.0.0.1:4000", None, "http://[::1]:4001/jwks", ACCEPTED),
        ("http://127.0.0.1:4000", None, "https://10.0.0.1/jwks", UNAVAILABLE),
        ("https://10.0.0.9", None, "https://192.168.0.1/jwks", ACCEPTED),
        ("https://10.0.0.9", None, "https://[fd00::1]/jwks", ACCEPTED),
        ("https://10.0.0.9", None, "http://192.168.0.1/jwks", UNAVAILABLE),
        ("https://10.0.0.9", None, "https://127.0.0.1/jwks", UNAVAILABLE),
        ("https://10.0.0.9", None, "https://169.254.169.254/jwks", UNAVAILABLE),
        // As Kubernetes does: the issuer is a name of the cluster, and the keys are at an address.
        ("https://kubernetes.test", Some("10.96.0.1"), "https://172.18.0.2:6443/jwks", ACCEPTED),
        ("https://kubernetes.test", Some("34.1.2.3"), "https://172.18.0.2:6443/jwks", UNAVAILABLE),
    ] {
        let (outcome, _) = keys_at(issuer, url, peer, false).await;
        assert_eq!(outcome, expected, "{issuer} {url}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_issuer_and_configured_urls_are_not_restricted() {
    for url in ["https://issuer.test/jwks", "https://ISSUER.test.:8443/jwks"] {
        let (outcome, policy) = keys_at("https://issuer.test", url, None, false).await;
        assert_eq!((outcome, policy), (ACCEPTED, Some(AddressPolicy::ANY)), "{url}");
    }
    for url in ["https://10.0.0.1/jwks", "http://127.0.0.1:4001/jwks", "https://keys.example/jwks"]
    {
        let issuer = TestIssuer::named("https://issuer.test");
        let (client, sent) = client(&issuer, "https://unused.example", None);
        let verifier = issuer.verifier().http_client(client).jwks_uri(url).audience(API);
        let token = issuer.token().audience(API).mint();
        assert_eq!(outcome(&verifier.build().unwrap(), &token).await, ACCEPTED, "{url}");
        assert_eq!(*sent.lock().unwrap(), [(url.to_owned(), AddressPolicy::ANY)]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_names_both_urls_and_the_option() {
    let issuer = TestIssuer::named("https://issuer.test");
    let (client, _) = client(&issuer, "https://10.0.0.1/jwks?key=s3cret", None);
    let verifier = issuer.verifier().http_client(client).audience(API).build().unwrap();
    let token = issuer.token().audience(API).mint();
    assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
    assert_eq!(
        verifier.readiness().last_error(),
        Some(
            "invalid `jwks_uri` `https://10.0.0.1/jwks` in the metadata at \
             `https://issuer.test/.well-known/openid-configuration`: not a public address, which the \
             issuer has; see `dangerous().private_addresses()`"
        )
    );
}

#[cfg(feature = "reqwest")]
mod connections {
    use portcullis::http_client::{HttpClient, ReqwestClient};

    use super::*;

    /// The outcomes of requests to a server on loopback, with a policy.
    async fn outcomes(client: &ReqwestClient, url: &str) -> Vec<bool> {
        let mut outcomes = Vec::new();
        for policy in [AddressPolicy::ANY, AddressPolicy::PUBLIC] {
            let mut request = Request::get(url).body(Vec::new()).unwrap();
            request.extensions_mut().insert(policy);
            outcomes.push(client.send(request, 1024 * 1024).await.is_ok());
        }
        outcomes
    }

    #[tokio::test]
    async fn the_default_client_only_connects_to_permitted_addresses() {
        let issuer = TestIssuer::serve().await.unwrap();
        let port = issuer.address().port();
        let wrapped = reqwest::Client::builder().no_proxy().build().unwrap();
        for client in [ReqwestClient::new(), ReqwestClient::from(wrapped)] {
            for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1"] {
                let url = format!("http://{host}:{port}/jwks");
                assert_eq!(outcomes(&client, &url).await, [true, false], "{host}");
            }
        }
    }

    #[tokio::test]
    async fn the_default_client_reports_the_address_of_the_server() {
        let issuer = TestIssuer::serve().await.unwrap();
        let request = Request::get(issuer.jwks_uri()).body(Vec::new()).unwrap();
        let response = ReqwestClient::new().send(request, 1024 * 1024).await.unwrap();
        let peer = response.extensions().get().copied();
        assert_eq!(peer, Some(PeerAddress(issuer.address().ip())));
    }
}
