//! What strangers send.

use std::{cell::Cell, sync::Arc};

use portcullis::Algorithm::Rs256;
use serde_json::json;

use super::issuer::Issuer;

/// What is no JWT at all.
pub fn garbage() -> Arc<[String]> {
    ["garbage".to_owned()].into()
}

/// As long as a token may be, and still none.
pub fn long() -> Arc<[String]> {
    ["a".repeat(16 * 1024)].into()
}

/// Tokens with unknown keys, each with a different one.
pub fn unknown_kid(issuer: &Issuer) -> Arc<[String]> {
    let number = Cell::new(0);
    issuer.pool(|token| {
        number.set(number.get() + 1);
        token.header("kid", json!(format!("unknown-{}", number.get()))).mint()
    })
}

/// Tokens with the signature of another.
pub fn bad_signature(issuer: &Issuer) -> Arc<[String]> {
    let tokens = issuer.tokens(Rs256);
    let (_, other) = tokens[0].rsplit_once('.').expect("a signature");
    let forge = |token: &String| {
        let (message, _) = token.rsplit_once('.').expect("a signature");
        format!("{message}.{other}")
    };
    tokens[1..].iter().map(forge).collect()
}
