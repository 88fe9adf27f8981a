//! Headers and claims with arbitrary bytes and JSON, with a valid signature.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{ISSUER, SERVICE, edited, edits, run, status};
use crate::support::jws;

const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt","kid":"k"}"#;

fn claims() -> Value {
    jws::forged_claims(&ISSUER)
}

fn status_of(header: &[u8], claims: &[u8]) -> u16 {
    let token = jws::sign(jws::SECRET, header, claims);
    run(status(&SERVICE, format!("Bearer {token}").as_bytes()))
}

/// Arbitrary JSON, including names and values that tokens use.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        name().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((name(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    let known = [
        "alg",
        "typ",
        "kid",
        "crit",
        "b64",
        "jwk",
        "jku",
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "client_id",
        "azp",
        "cid",
        "scope",
        "scp",
        "events",
        "at_hash",
        "token_use",
        "HS256",
        "none",
        "at+jwt",
        "JWT",
        "",
    ];
    prop_oneof![3 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

#[test]
fn the_token_before_changes_is_valid() {
    assert_eq!(status_of(HEADER.as_bytes(), claims().to_string().as_bytes()), 200);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_header_with_any_change_gets_200_400_or_401(edits in edits()) {
        status_of(&edited(HEADER.as_bytes(), edits), claims().to_string().as_bytes());
    }

    #[test]
    fn claims_with_any_change_get_200_400_or_401(edits in edits()) {
        status_of(HEADER.as_bytes(), &edited(claims().to_string().as_bytes(), edits));
    }

    #[test]
    fn a_header_of_arbitrary_bytes_is_rejected(header in vec(any::<u8>(), 0..100)) {
        prop_assert_ne!(status_of(&header, claims().to_string().as_bytes()), 200);
    }

    #[test]
    fn claims_of_arbitrary_bytes_are_rejected(claims in vec(any::<u8>(), 0..200)) {
        prop_assert_ne!(status_of(HEADER.as_bytes(), &claims), 200);
    }

    #[test]
    fn a_header_with_any_member_gets_200_400_or_401(name in name(), value in value()) {
        let mut header = json!({ "alg": "HS256" });
        header[name] = value;
        status_of(header.to_string().as_bytes(), claims().to_string().as_bytes());
    }

    #[test]
    fn claims_with_any_members_get_200_400_or_401(members in vec((name(), value()), 0..4)) {
        let mut claims = claims();
        claims.as_object_mut().unwrap().extend(members);
        status_of(HEADER.as_bytes(), claims.to_string().as_bytes());
    }

    #[test]
    fn claims_of_arbitrary_json_are_rejected(claims in value()) {
        prop_assert_ne!(status_of(HEADER.as_bytes(), claims.to_string().as_bytes()), 200);
    }

    #[test]
    fn an_arbitrary_signature_is_rejected(signature in vec(any::<u8>(), 0..200)) {
        let token = super::valid_token().mint();
        let forged = jws::with_signature(&token, signature);
        let line = format!("Bearer {forged}");
        prop_assert_ne!(run(status(&SERVICE, line.as_bytes())), 200);
    }
}
