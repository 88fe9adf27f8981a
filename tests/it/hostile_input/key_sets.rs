//! Key sets with arbitrary bytes and JSON.

use portcullis::ErrorKind;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{ISSUER, edited, edits, run, valid_token};
use crate::support::{API, verify};

/// Builds a verifier with that key set, if it is valid, and verifies a valid token.
fn verify_with(set: &str) -> Option<Result<(), ErrorKind>> {
    let verifier = ISSUER.verifier().audience(API).jwk_set(set).build().ok()?;
    let token = valid_token().mint();
    let outcome = run(verify(&verifier, &token)).map(drop);
    assert!(matches!(outcome, Ok(()) | Err(ErrorKind::InvalidToken(_))), "{outcome:?}");
    Some(outcome)
}

fn published() -> Value {
    serde_json::from_str(&ISSUER.jwk_set()).unwrap()
}

fn member() -> impl Strategy<Value = String> {
    let names = [
        "kty", "crv", "x", "y", "n", "e", "k", "d", "use", "key_ops", "alg", "kid", "x5c", "x5u",
        "oth",
    ];
    prop::sample::select(names.to_vec()).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let texts = [
        "RSA", "EC", "OKP", "oct", "P-256", "P-384", "P-521", "Ed25519", "X25519", "sig", "enc",
        "verify", "ES256", "EdDSA", "HS256", "RS256", "none", "AQAB", "AA", "",
    ];
    prop_oneof![
        4 => prop::sample::select(texts.to_vec()).prop_map(Value::from),
        2 => "[A-Za-z0-9_-]{0,90}".prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => vec(prop::sample::select(texts.to_vec()), 0..3).prop_map(Value::from),
        1 => prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<f64>().prop_map(Value::from)],
    ]
}

#[test]
fn the_set_before_changes_is_valid() {
    assert_eq!(verify_with(&published().to_string()), Some(Ok(())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_set_with_any_change_is_read_or_rejected(edits in edits()) {
        let bytes = edited(published().to_string().as_bytes(), edits);
        verify_with(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn arbitrary_text_is_rejected(text in any::<String>()) {
        prop_assert_eq!(verify_with(&text), None);
    }

    #[test]
    fn a_key_with_arbitrary_members_does_not_affect_the_others(
        members in vec((member(), value()), 0..6),
        of_a_valid_key in any::<bool>(),
    ) {
        let mut set = published();
        let mut changed = if of_a_valid_key { set["keys"][0].clone() } else { json!({}) };
        changed["kid"] = json!("changed");
        changed.as_object_mut().unwrap().extend(members);
        // It must not have the `kid` of the key that verifies.
        if changed["kid"] == "p256-0" {
            changed["kid"] = json!("changed");
        }
        set["keys"].as_array_mut().unwrap().insert(0, changed);
        prop_assert_eq!(verify_with(&set.to_string()), Some(Ok(())));
    }
}
