//! Arbitrary responses of an endpoint. Only a JSON object with `active: true` makes a token valid.

use std::sync::LazyLock;

use portcullis::ErrorKind;
use proptest::{collection::vec, prelude::*};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::{INTROSPECT, verify};
use crate::support::API;

const VALID: &str =
    r#"{"active":true,"aud":"https://api.example","exp":4102444800,"sub":"alice","scope":"a b"}"#;

/// Verifies a token with that status and body as the response.
fn outcome(status: u16, body: Vec<u8>) -> Result<(), ErrorKind> {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());
    let client = portcullis::testing::TestClient::new(move |_| {
        let response = http::Response::builder().status(status).body(body.clone());
        async move { response.map_err(portcullis::http_client::HttpError::transport) }
    });
    let verifier = portcullis::IntrospectionVerifier::builder(INTROSPECT)
        .client_secret_basic("orders-api", "s3cret")
        .audience(API)
        .http_client(client)
        .build()
        .unwrap();
    RUNTIME.block_on(verify(&verifier, "t")).map(drop).map_err(|error| error.kind())
}

/// Whether the outcome is one that a response may cause: never a malformed request or a misconfiguration.
fn is_expected(outcome: Result<(), ErrorKind>) -> bool {
    matches!(outcome, Ok(()) | Err(ErrorKind::InvalidToken(_) | ErrorKind::Unavailable))
}

fn is_active(body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|response: Value| response["active"] == true)
}

#[test]
fn the_response_before_changes_is_valid() {
    assert_eq!(outcome(200, VALID.into()), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_valid_response_with_any_change_has_an_expected_outcome(
        at in any::<prop::sample::Index>(),
        removed in 0..6_usize,
        inserted in vec(prop_oneof![prop::sample::select(b"{}[]\",:.-0eu\\tn ".to_vec()), any::<u8>()], 0..4),
    ) {
        let mut body = VALID.as_bytes().to_vec();
        let at = at.index(body.len());
        let end = body.len().min(at + removed);
        body.splice(at..end, inserted);
        let outcome = outcome(200, body.clone());
        prop_assert!(is_expected(outcome), "{:?}", outcome);
        prop_assert!(outcome.is_err() || is_active(&body));
    }

    #[test]
    fn arbitrary_bytes_are_unavailable(body in vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(outcome(200, body), Err(ErrorKind::Unavailable));
    }

    #[test]
    fn only_status_200_can_make_a_token_valid(status in 100..600_u16) {
        prop_assume!(status != 200);
        let outcome = outcome(status, VALID.into());
        let expected = match status {
            401 | 403 => ErrorKind::Misconfigured,
            _ => ErrorKind::Unavailable,
        };
        prop_assert_eq!(outcome, Err(expected));
    }
}
