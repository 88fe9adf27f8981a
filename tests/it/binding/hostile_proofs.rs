//! Arbitrary bytes as a DPoP proof, and valid proofs that were changed.

use std::sync::LazyLock;

use axum::{Router, body::Body};
use http::{HeaderValue, Request, StatusCode, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer, ErrorKind,
    binding::Dpop,
    error::{DpopFault, RequestFault},
    testing::{DpopClient, TestIssuer},
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::support::{API, TestResponse, issuer_with, send, whoami};

const URL: &str = "https://api.example/";

struct Setting {
    client: DpopClient,
    token: String,
    app: Router,
}

static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let issuer: TestIssuer = issuer_with([Algorithm::Es256]);
    let client = DpopClient::new(Algorithm::Es256, issuer.clock());
    let token = issuer.token().audience(API).claim("cnf", client.confirmation()).mint();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let dpop = Dpop::builder("https://api.example").clock(issuer.clock()).build().unwrap();
    let app = whoami().layer(AuthenticateLayer::bearer(verifier).dpop(dpop));
    Setting { client, token, app }
});

fn ask(proof: &[u8]) -> TestResponse {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());
    let Setting { token, app, .. } = &*SETTING;
    let request = Request::get(URL).header(AUTHORIZATION, format!("DPoP {token}"));
    let request = request.header("dpop", HeaderValue::from_bytes(proof).unwrap());
    RUNTIME.block_on(send(app, request.body(Body::empty()).unwrap()))
}

/// Whether the proof was rejected with the status that such a fault has.
fn is_rejected(response: &TestResponse) -> bool {
    match response.kind() {
        Some(ErrorKind::InvalidDpopProof(_) | ErrorKind::InvalidToken(_)) => {
            response.status == StatusCode::UNAUTHORIZED
        }
        Some(ErrorKind::InvalidRequest(RequestFault::Repeated)) => {
            response.status == StatusCode::BAD_REQUEST
        }
        _ => false,
    }
}

/// The parts of a proof, and arbitrary bytes.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        ".",
        "..",
        ",",
        "=",
        "e30",
        "eyJ0eXAiOiJkcG9wK2p3dCJ9",
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7fX0",
        "eyJqdGkiOiJhIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9hcGkuZXhhbXBsZS8iLCJpYXQiOjF9",
        "AA",
        "DPoP ",
    ];
    let byte = prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xff_u8];
    let known = prop::sample::select(known.map(|part| part.as_bytes().to_vec()).to_vec());
    vec(prop_oneof![2 => known, 1 => vec(byte, 0..10)], 0..8).prop_map(|parts| parts.concat())
}

#[test]
fn the_proof_that_is_changed_below_is_valid() {
    let Setting { client, token, .. } = &*SETTING;
    let proof = client.proof("GET", URL, token).sign();
    assert_eq!(ask(proof.as_bytes()).status, StatusCode::OK);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_in_the_header_are_rejected(line in line()) {
        let response = ask(&line);
        prop_assert!(is_rejected(&response), "{:?} {}", response.kind(), response.status);
    }

    // Verifies rfc9449-4.3-signature.
    #[test]
    fn a_proof_with_any_byte_replaced_is_rejected(index: prop::sample::Index, byte in b'!'..=b'~') {
        let Setting { client, token, .. } = &*SETTING;
        let mut proof = client.proof("GET", URL, token).sign().into_bytes();
        let index = index.index(proof.len());
        prop_assume!(proof[index] != byte);
        proof[index] = byte;
        let response = ask(&proof);
        prop_assert!(is_rejected(&response), "{:?} {}", response.kind(), response.status);
    }

    // Verifies rfc9449-4.3-well-formed.
    #[test]
    fn a_proof_cut_anywhere_is_rejected(index: prop::sample::Index) {
        let Setting { client, token, .. } = &*SETTING;
        let proof = client.proof("GET", URL, token).sign();
        let response = ask(&proof.as_bytes()[..index.index(proof.len())]);
        prop_assert!(is_rejected(&response), "{:?} {}", response.kind(), response.status);
    }

    #[test]
    fn a_signed_proof_with_any_text_as_a_claim_is_rejected(
        name in prop::sample::select(vec!["htm", "htu", "ath", "iat"]), text: String,
    ) {
        let Setting { client, token, .. } = &*SETTING;
        let proof = client.proof("GET", URL, token).claim(name, json!(text)).sign();
        let response = ask(proof.as_bytes());
        prop_assert!(is_rejected(&response), "{:?} {}", response.kind(), response.status);
    }

    // Verifies rfc9449-4.3-htu.
    #[test]
    fn a_proof_for_another_url_is_rejected(
        scheme in prop::sample::select(vec!["https", "http", "wss"]),
        host in prop::sample::select(vec!["api.example", "API.example", "api.example.", "evil.example", "x.api.example"]),
        port in prop::sample::select(vec!["", ":443", ":80", ":8443"]),
        path in prop::sample::select(vec!["", "/", "//", "/.", "/%2F", "/a", "/%", "/?a=b", "/#a"]),
    ) {
        let Setting { client, token, .. } = &*SETTING;
        let is_same = scheme == "https"
            && host.eq_ignore_ascii_case("api.example")
            && ["", ":443"].contains(&port)
            && ["", "/", "/?a=b", "/#a"].contains(&path);
        let htu = format!("{scheme}://{host}{port}{path}");
        let response = ask(client.proof("GET", &htu, token).sign().as_bytes());
        if is_same {
            prop_assert_eq!(response.status, StatusCode::OK, "{}", htu);
        } else {
            prop_assert_eq!(response.kind(), Some(DpopFault::Url.into()), "{}", htu);
        }
    }
}
