//! Whatever an endpoint says: a token is let in only by a JSON object that says so.

use std::sync::LazyLock;

use portcullis::ErrorKind;
use proptest::{collection::vec, prelude::*};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::{INTROSPECT, verify};
use crate::support::API;

const GOOD: &str =
    r#"{"active":true,"aud":"https://api.example","exp":4102444800,"sub":"alice","scope":"a b"}"#;

/// What comes of an answer with that status and that body.
fn judged(status: u16, body: Vec<u8>) -> Result<(), ErrorKind> {
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

/// A verdict about the token, or that there is none; whose fault it is isn't mistaken.
fn is_clean(judged: Result<(), ErrorKind>) -> bool {
    matches!(judged, Ok(()) | Err(ErrorKind::InvalidToken(_) | ErrorKind::Unavailable))
}

fn says_active(body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|answer: Value| answer["active"] == true)
}

#[test]
fn the_answer_that_is_changed_here_is_good() {
    assert_eq!(judged(200, GOOD.into()), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_good_answer_with_any_change_is_judged_cleanly(
        at in any::<prop::sample::Index>(),
        taken in 0..6_usize,
        put in vec(prop_oneof![prop::sample::select(b"{}[]\",:.-0eu\\tn ".to_vec()), any::<u8>()], 0..4),
    ) {
        let mut body = GOOD.as_bytes().to_vec();
        let at = at.index(body.len());
        let end = body.len().min(at + taken);
        body.splice(at..end, put);
        let judged = judged(200, body.clone());
        prop_assert!(is_clean(judged), "{:?}", judged);
        prop_assert!(judged.is_err() || says_active(&body));
    }

    #[test]
    fn any_bytes_are_no_verdict(body in vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(judged(200, body), Err(ErrorKind::Unavailable));
    }

    #[test]
    fn no_other_status_lets_a_token_in(status in 100..600_u16) {
        prop_assume!(status != 200);
        let judged = judged(status, GOOD.into());
        let expected = match status {
            401 | 403 => ErrorKind::Misconfigured,
            _ => ErrorKind::Unavailable,
        };
        prop_assert_eq!(judged, Err(expected));
    }
}
