//! The tokens of the requests.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use portcullis::{
    Algorithm::{self, Es256, Rs256},
    testing::{TestIssuer, TokenBuilder},
};
use serde_json::json;

use crate::authorization_server::AuthorizationServer;

/// The audience of every token.
pub const API: &str = "https://api.example";
/// The scope that the service requires. Every token has it.
pub const READ: &str = "orders:read";

/// How many tokens clients use again and again.
const SEEN: usize = 64;
/// How many tokens a flood consists of. The server caches none of them.
const UNKNOWN: usize = 1000;

/// Values of `Authorization`, one for each request.
pub type Tokens = Arc<[Option<HeaderValue>]>;

/// Tokens of each kind. They are signed before anything is measured.
pub struct TokenPools {
    pub seen: Tokens,
    /// A thousand tokens.
    pub many: Tokens,
    pub rs256: Tokens,
    pub es256: Tokens,
    /// Tokens of a key that is published later.
    pub new_key: Tokens,
    pub unknown_kid: Tokens,
    pub opaque: Tokens,
    pub opaque_seen: Tokens,
    /// The published keys, before and after the new one.
    pub keys: [String; 2],
}

impl TokenPools {
    pub fn new(authorization_server: &AuthorizationServer, quick: bool) -> Self {
        let issuer = &authorization_server.issuer;
        let count = if quick { 1_000 } else { 9_000 };
        let signed = |algorithm, pool, count| {
            lines((0..count).map(|n| token(issuer, algorithm, pool, n).mint()))
        };
        let unknown_kid = |n| {
            token(issuer, Es256, "unknown", n).header("kid", json!(format!("unknown-{n}"))).mint()
        };
        let mut pools = Self {
            seen: signed(Rs256, "seen", SEEN),
            many: signed(Rs256, "many", 1_000),
            rs256: signed(Rs256, "first", count),
            es256: signed(Es256, "first", count),
            unknown_kid: lines((0..UNKNOWN).map(unknown_kid)),
            opaque: lines((0..count).map(|n| format!("opaque-{n:032}"))),
            opaque_seen: lines((0..SEEN).map(|n| format!("seen-{n:032}"))),
            keys: [issuer.jwk_set(), String::new()],
            new_key: Arc::default(),
        };
        issuer.rotate_keys(true);
        pools.new_key = signed(Rs256, "new", count / 3);
        pools.keys[1] = issuer.jwk_set();
        pools
    }
}

/// Requests without a token.
pub fn none() -> Tokens {
    [None].into()
}

/// Requests with this token.
pub fn only(token: &str) -> Tokens {
    lines([token.to_owned()].into_iter())
}

fn lines(tokens: impl Iterator<Item = String>) -> Tokens {
    let line = |token| HeaderValue::try_from(format!("Bearer {token}")).expect("a header value");
    tokens.map(|token| Some(line(token))).collect()
}

/// A token of about 900 bytes, which differs for each pool and number.
fn token(issuer: &TestIssuer, algorithm: Algorithm, pool: &str, n: usize) -> TokenBuilder {
    issuer
        .token()
        .algorithm(algorithm)
        .audience(API)
        .subject("248289761001")
        .scope("openid profile orders:read orders:write")
        .expires_in(Duration::from_secs(86_400))
        .claim("jti", json!(format!("7a3c1f0e-5d2b-4c69-{pool:>8}-{n:012}")))
        .claim("email", json!("alice@acme.example"))
        .claim("tenant_id", json!("acme"))
        .claim("roles", json!(["clerk", "auditor", "approver"]))
}
