//! Requests, with tokens and without.

use std::{sync::Arc, time::Duration};

use portcullis::{
    Algorithm,
    testing::{TestIssuer, TokenBuilder},
};
use serde_json::json;

/// The audience of every token.
pub const API: &str = "https://api.example";

/// So many requests with tokens of that algorithm, each another one.
pub fn good(issuer: &TestIssuer, algorithm: Algorithm, count: usize) -> Arc<[Vec<u8>]> {
    (0..count).map(|n| get("/read", Some(&token(issuer, algorithm, n).mint()))).collect()
}

/// That many tokens with unknown keys.
pub fn unknown(issuer: &TestIssuer, count: usize) -> Arc<[Vec<u8>]> {
    let token = |n| {
        let token = token(issuer, Algorithm::Es256, n);
        token.header("kid", json!(format!("unknown-{n}"))).mint()
    };
    (0..count).map(|n| get("/read", Some(&token(n)))).collect()
}

/// One request, again and again.
pub fn only(path: &str, token: Option<&str>) -> Arc<[Vec<u8>]> {
    [get(path, token)].into()
}

fn token(issuer: &TestIssuer, algorithm: Algorithm, n: usize) -> TokenBuilder {
    issuer
        .token()
        .algorithm(algorithm)
        .audience(API)
        .subject("248289761001")
        .scope("openid profile api:read api:write")
        .expires_in(Duration::from_secs(86_400))
        .claim("jti", json!(format!("7a3c1f0e-5d2b-4c69-9b1e-{n:012}")))
        .claim("email", json!("alice@acme.example"))
        .claim("tenant_id", json!("acme"))
}

fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    let authorization =
        token.map_or(String::new(), |token| format!("authorization: Bearer {token}\r\n"));
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{authorization}\r\n").into_bytes()
}
