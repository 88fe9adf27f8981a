//! Issuers and their tokens.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use base64_simd::URL_SAFE_NO_PAD;
use portcullis::{
    Algorithm, JwtVerifier,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestIssuer, TokenBuilder},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The audience of every token.
pub const API: &str = "https://api.example";

/// The scope that guards ask for. Every token has it.
pub const READ: &str = "orders:read";

const DAY: Duration = Duration::from_secs(86_400);
const SECRET: &[u8] = b"a secret of thirty-two bytes, or more";

/// The claims that a handler reads.
#[derive(Debug, Deserialize)]
pub struct Tenant {
    #[expect(dead_code, reason = "it is read for the sake of reading")]
    tenant_id: String,
    #[expect(dead_code, reason = "it is read for the sake of reading")]
    roles: Vec<String>,
}

/// An issuer whose keys are fetched, without a socket, and fresh for a day.
pub struct Issuer {
    server: TestIssuer,
    pool_size: usize,
    pools: RefCell<BTreeMap<&'static str, Arc<[String]>>>,
}

impl Issuer {
    /// One with a key of each asymmetric kind, which mints `pool_size` tokens of each algorithm.
    pub fn new(pool_size: usize) -> Self {
        Self::called("https://issuer.test", pool_size)
    }

    /// The same under another name.
    pub fn called(name: &str, pool_size: usize) -> Self {
        let issuer = Self::named(name, pool_size);
        for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
            issuer.server.publish(algorithm);
        }
        issuer
    }

    /// One with so many keys, the first of which signs.
    pub fn with_keys(count: usize, pool_size: usize) -> Self {
        let issuer = Self::named("https://issuer.test", pool_size);
        for _ in 1..count {
            issuer.server.publish(Algorithm::Es256);
            issuer.server.rotate_keys(true);
        }
        issuer.server.publish(Algorithm::Rs256);
        issuer
    }

    /// One with keys of ML-DSA (RFC 9964).
    pub fn post_quantum(pool_size: usize) -> Self {
        let issuer = Self::named("https://issuer.test", pool_size);
        for algorithm in [Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87] {
            issuer.server.publish(algorithm);
        }
        issuer
    }

    /// The `n`th of many, whose tokens aren't sent.
    pub fn one_of_many(n: usize) -> Self {
        let issuer = Self::named(&format!("https://issuer-{n}.test"), 0);
        issuer.server.publish(Algorithm::Es256);
        issuer
    }

    fn named(name: &str, pool_size: usize) -> Self {
        let server = TestIssuer::named(name);
        server.set_cache_control("max-age=86400");
        Self { server, pool_size, pools: RefCell::default() }
    }

    /// The `iss` of its tokens.
    pub fn name(&self) -> &str {
        self.server.issuer()
    }

    /// The beginning of a verifier of its tokens, by the system's clock.
    pub fn verifier(&self) -> JwtVerifierBuilder<AudienceGiven> {
        JwtVerifier::builder(self.name()).http_client(self.server.http_client()).audience(API)
    }

    /// The beginning of a verifier of its HS256 tokens.
    pub fn hmac_verifier(&self) -> JwtVerifierBuilder<AudienceGiven> {
        self.verifier().hmac_secret(Algorithm::Hs256, SECRET)
    }

    /// The secret of its HS256 tokens.
    pub fn hmac_key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, SECRET)
    }

    /// The parameters of its key of that type (RFC 7517 §4.1). Keys of ML-DSA are for one algorithm each (RFC 9964 §3).
    pub fn jwk(&self, kty: &str, algorithm: Algorithm) -> Value {
        let set: Value = serde_json::from_str(&self.server.jwk_set()).expect("a JWK Set");
        let keys = set["keys"].as_array().expect("an array of keys");
        let fits =
            |key: &&Value| key["kty"] == kty && (kty != "AKP" || key["alg"] == algorithm.name());
        keys.iter().find(fits).expect("a key of that type").clone()
    }

    /// Good tokens, each another one.
    pub fn tokens(&self, algorithm: Algorithm) -> Arc<[String]> {
        let mut pools = self.pools.borrow_mut();
        let pool = pools.entry(algorithm.name()).or_insert_with(|| match algorithm {
            Algorithm::Hs256 => self.pool(|token| sign_hs256(&token.mint())),
            algorithm => self.pool(|token| token.algorithm(algorithm).mint()),
        });
        Arc::clone(pool)
    }

    /// A good RS256 token that is bound to a key.
    pub fn bound_token(&self, confirmation: &Value) -> String {
        self.token(0).claim("cnf", confirmation.clone()).mint()
    }

    /// Good tokens of that length in bytes, or one less: with as many roles as that takes.
    pub fn tokens_of(&self, algorithm: Algorithm, bytes: usize) -> Vec<String> {
        let token = |n: usize, roles: &[String], rest: usize| {
            self.server
                .token()
                .algorithm(algorithm)
                .audience(API)
                .subject(&format!("{n:012}"))
                .expires_in(DAY)
                .claim("roles", json!(roles))
                .claim("rest", json!("-".repeat(rest)))
                .mint()
        };
        let shortest = token(0, &[], 0).len();
        // Three bytes become four in base64.
        let free = bytes.checked_sub(shortest).expect("room for what a token needs") * 3 / 4;
        let roles: Vec<_> = (0..free / 20).map(|n| format!("some-role-{n:07}")).collect();
        let rest = free - roles.len() * 20 + usize::from(!roles.is_empty());
        (0..self.pool_size).map(|n| token(n, &roles, rest)).collect()
    }

    /// RS256 tokens, each another one, finished by `mint`.
    pub fn pool(&self, mint: impl Fn(TokenBuilder) -> String) -> Arc<[String]> {
        (0..self.pool_size).map(|n| mint(self.token(n))).collect()
    }

    /// The beginning of an RS256 token as an issuer of users' tokens makes them.
    fn token(&self, n: usize) -> TokenBuilder {
        self.server
            .token()
            .algorithm(Algorithm::Rs256)
            .audience(API)
            .subject("248289761001")
            .scope("openid profile orders:read orders:write")
            .expires_in(DAY)
            .claim("jti", json!(format!("7a3c1f0e-5d2b-4c69-9b1e-{n:012}")))
            .claim("email", json!("alice@acme.example"))
            .claim("tenant_id", json!("acme"))
            .claim("roles", json!(["clerk", "auditor", "approver"]))
    }
}

/// The same token, signed with our secret.
fn sign_hs256(token: &str) -> String {
    let payload = token.split('.').nth(1).expect("a payload");
    let header = URL_SAFE_NO_PAD.encode_to_string(br#"{"alg":"HS256","typ":"at+jwt"}"#);
    let message = format!("{header}.{payload}");
    let signature = hmac::sign(&Issuer::hmac_key(), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode_to_string(signature))
}
