//! Tokens by the million: HS256, made as fast as they are verified.

use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use base64_simd::URL_SAFE_NO_PAD;

use super::issuer::{API, Issuer};

/// Makes good HS256 tokens of an issuer, each number another one, the same number always the same.
#[derive(Debug, Clone)]
pub struct Minter {
    key: hmac::Key,
    header: String,
    issuer: String,
    issued_at: u64,
}

impl Minter {
    pub fn new(issuer: &Issuer) -> Self {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_secs();
        let header = URL_SAFE_NO_PAD.encode_to_string(br#"{"alg":"HS256","typ":"at+jwt"}"#);
        Self { key: Issuer::hmac_key(), header, issuer: issuer.name().to_owned(), issued_at: now }
    }

    /// The `n`th token, of about 550 bytes.
    pub fn mint(&self, n: u64) -> String {
        let Self { issuer, issued_at, .. } = self;
        let expires_at = issued_at + 86_400;
        let claims = format!(
            r#"{{"iss":"{issuer}","aud":"{API}","sub":"{n:012}","client_id":"test-client","iat":{issued_at},"exp":{expires_at},"jti":"7a3c1f0e-5d2b-4c69-9b1e-{n:012}","scope":"openid profile orders:read orders:write","tenant_id":"acme","roles":["clerk","auditor","approver"]}}"#
        );
        let mut token = format!("{}.", self.header);
        URL_SAFE_NO_PAD.encode_append(claims, &mut token);
        let signature = hmac::sign(&self.key, token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_append(signature, &mut token);
        token
    }
}
