//! `Authorization` headers with arbitrary bytes.

use std::sync::LazyLock;

use axum::Router;
use http::HeaderMap;
use portcullis::{AuthenticateLayer, BearerToken};
use proptest::{collection::vec, prelude::*};

use super::{SERVICE, byte, edited, edits, run, status, token_byte, valid_token, verifier};
use crate::support::whoami;

/// Allows anonymous requests.
static ANONYMOUS: LazyLock<Router> =
    LazyLock::new(|| whoami().layer(AuthenticateLayer::bearer(verifier()).allow_anonymous()));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_bytes_are_rejected(line in vec(byte(), 0..200)) {
        prop_assert_ne!(run(status(&SERVICE, &line)), 200);
    }

    #[test]
    fn any_bytes_after_the_scheme_are_rejected(token in vec(token_byte(), 0..200)) {
        let line = [b"Bearer ", &*token].concat();
        prop_assert_ne!(run(status(&SERVICE, &line)), 200);
    }

    #[test]
    fn any_bytes_are_anonymous_or_rejected(line in vec(byte(), 0..100)) {
        let status = run(status(&ANONYMOUS, &line));
        let is_bearer = line.trim_ascii().to_ascii_lowercase().starts_with(b"bearer ");
        prop_assert!(status != 200 || !is_bearer);
    }

    // Verifies rfc7519-7.2-reject, rfc7515-6-integrity, rfc8725-3.3-all.
    #[test]
    fn a_valid_token_with_any_change_is_rejected(edits in edits()) {
        let token = valid_token().mint();
        let changed = edited(token.as_bytes(), edits);
        let line = [b"Bearer ", &*changed].concat();
        let is_same = changed.trim_ascii() == token.as_bytes();
        // A verifier that has cached the valid token must not mistake the other for it.
        prop_assert_eq!(run(status(&SERVICE, format!("Bearer {token}").as_bytes())), 200);
        prop_assert!(run(status(&SERVICE, &line)) != 200 || is_same);
    }

    #[test]
    fn a_valid_header_with_any_change_gets_200_400_or_401(edits in edits()) {
        let line = format!("Bearer {}", valid_token().mint());
        let changed = edited(line.as_bytes(), edits);
        let is_same = changed.trim_ascii().ends_with(&line.as_bytes()[b"Bearer ".len()..]);
        prop_assert!(run(status(&SERVICE, &changed)) != 200 || is_same);
    }

    #[test]
    fn a_parsed_token_has_only_valid_characters(line in vec(byte(), 0..60)) {
        let mut headers = HeaderMap::new();
        let line = [b"Bearer ", &*line].concat();
        headers.insert("authorization", http::HeaderValue::from_bytes(&line).unwrap());
        if let Ok(token) = BearerToken::from_headers(&headers) {
            let is_b64 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            prop_assert!(!token.as_str().is_empty() && token.as_str().bytes().all(is_b64));
        }
    }
}
