//! Tokens with any header and any claims.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{TestIssuer, jwt_parts::JwtParts};
use crate::{Algorithm, Clock};

/// A builder for a token. Initially, it is a valid access token in the format of [RFC 9068], signed
/// with ES256, with the subject `alice` and a lifetime of 5 minutes, but without an audience and
/// scopes. Every part can be changed, also to create invalid tokens.
///
/// ```
/// use portcullis::testing::TestIssuer;
/// use serde_json::json;
///
/// let issuer = TestIssuer::new();
/// let token = issuer
///     .token()
///     .audience("https://api.example")
///     .scope("orders:read")
///     .claim("tenant", json!("acme"))
///     .header("typ", json!("JWT"))
///     .without_claim("jti")
///     .mint();
/// assert_eq!(token.split('.').count(), 3);
/// ```
///
/// [RFC 9068]: https://www.rfc-editor.org/rfc/rfc9068
#[derive(Debug, Clone)]
#[must_use]
pub struct TokenBuilder {
    issuer: TestIssuer,
    algorithm: Algorithm,
    parts: JwtParts,
}

impl TestIssuer {
    /// Creates a builder for a token of this issuer.
    pub fn token(&self) -> TokenBuilder {
        TokenBuilder::new(self.clone())
    }
}

impl TokenBuilder {
    fn new(issuer: TestIssuer) -> Self {
        let now = seconds(issuer.clock().now());
        let claims = json!({
            "iss": issuer.issuer(),
            "sub": "alice",
            "client_id": "test-client",
            "iat": now,
            "exp": now + 300,
            "jti": format!("{now}-{}", issuer.state().keys.kid(Algorithm::Es256)),
        });
        let parts = JwtParts::new(json!({ "typ": "at+jwt" }), claims);
        Self { issuer, algorithm: Algorithm::Es256, parts }
    }

    /// Sets the algorithm with which the token is signed, and the `alg` and `kid` in the header.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Sets `sub`.
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", json!(subject))
    }

    /// Sets `aud` to one audience.
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", json!(audience))
    }

    /// Sets `scope`, a space-separated list.
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", json!(scope))
    }

    /// Sets `exp` to this time after the current time of the issuer's clock.
    pub fn expires_in(self, time: Duration) -> Self {
        let expires_at = seconds(self.issuer.clock().now() + time);
        self.claim("exp", json!(expires_at))
    }

    /// Sets any claim.
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.parts.set_claim(name, value);
        self
    }

    /// Removes a claim.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.parts.remove_claim(name);
        self
    }

    /// Sets any header parameter, overriding the correct value.
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.parts.set_header(name, value);
        self
    }

    /// Removes a header parameter: `typ`, `kid` or `alg`.
    pub fn without_header(self, name: &str) -> Self {
        self.header(name, Value::Null)
    }

    /// Returns the token, which is a JWS in compact serialization.
    #[must_use]
    pub fn mint(self) -> String {
        let (claims, header) = (self.parts.claims_text(), self.full_header());
        self.sign(&header, &claims)
    }

    /// Returns the token with this text as its claims, even if it isn't JSON.
    #[must_use]
    pub fn mint_raw(self, claims: &str) -> String {
        let header = self.full_header();
        self.sign(&header, claims)
    }

    /// Returns the token with this text as its header, signed without changes.
    #[must_use]
    pub fn mint_with_raw_header(self, header: &str) -> String {
        let claims = self.parts.claims_text();
        self.sign(header, &claims)
    }

    /// Returns the token without a signature ([RFC 7519 §6.1]). `alg` is `none`, and there is no
    /// `kid`, unless they were set with [`header`](Self::header). No verifier may accept such a
    /// token.
    ///
    /// ```
    /// use portcullis::{BearerToken, ErrorKind, Verify, error::TokenFault, testing::TestIssuer};
    /// # use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let issuer = TestIssuer::new();
    /// let verifier = issuer.verifier().audience("https://api.example").build()?;
    /// let token = issuer.token().audience("https://api.example").mint_unsigned();
    /// # let line = HeaderValue::try_from(format!("Bearer {token}"))?;
    /// # let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    /// let rejected = verifier.verify(BearerToken::from_headers(&headers)?).wait().await.unwrap_err();
    /// assert_eq!(rejected.kind(), ErrorKind::InvalidToken(TokenFault::Algorithm));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [RFC 7519 §6.1]: https://www.rfc-editor.org/rfc/rfc7519#section-6.1
    #[must_use]
    pub fn mint_unsigned(mut self) -> String {
        for (name, value) in [("alg", json!("none")), ("kid", Value::Null)] {
            if !self.parts.header().contains_key(name) {
                self.parts.set_header(name, value);
            }
        }
        JwtParts::compact(&self.full_header(), &self.parts.claims_text(), |_| Vec::new())
    }

    /// Returns an opaque token with these claims, for introspection. The claims can't be read from the
    /// token.
    #[must_use]
    pub fn mint_opaque(self) -> String {
        let mut state = self.issuer.state();
        let token = format!("opaque-{}-{:x}", state.opaque.len(), seconds(SystemTime::now()));
        state.opaque.insert(token.clone(), self.parts.into_claims());
        token
    }

    fn full_header(&self) -> String {
        let mut header = json!({
            "alg": self.algorithm.name(),
            "kid": self.issuer.state().keys.kid(self.algorithm),
        });
        for (name, value) in self.parts.header() {
            header[name] = value.clone();
        }
        if let Value::Object(header) = &mut header {
            header.retain(|_, value| !value.is_null());
        }
        header.to_string()
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let key = self.issuer.state().keys.signing_key(self.algorithm);
        JwtParts::compact(header, claims, |message| key.sign(self.algorithm, message))
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
