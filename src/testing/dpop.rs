//! A client with a DPoP key (RFC 9449).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use http::{HeaderValue, Request, Uri, header::AUTHORIZATION};
use serde_json::{Value, json};

use super::{jwt_parts::JwtParts, keys::public_jwk};
use crate::{
    Algorithm, Clock,
    digest::sha256,
    jose::{base64url, crypto::SigningKey},
};

/// A client with a DPoP key ([RFC 9449]), for tests of services that accept bound tokens.
///
/// ```
/// # #[cfg(feature = "axum")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use axum::{Router, body::Body, routing::get};
/// use http::Request;
/// use portcullis::{Algorithm, AuthenticateLayer, binding::Dpop, testing::{DpopClient, TestIssuer}};
/// use serde_json::json;
/// use tower::ServiceExt;
///
/// let issuer = TestIssuer::new();
/// let client = DpopClient::new(Algorithm::Es256, issuer.clock());
/// let token = issuer.token().audience("https://api.example").claim("cnf", client.confirmation()).mint();
///
/// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
/// let dpop = Dpop::builder("https://api.example").clock(issuer.clock()).build().unwrap();
/// let app: Router = Router::new()
///     .route("/", get("hello"))
///     .layer(AuthenticateLayer::bearer(verifier).dpop(dpop));
///
/// let mut request = Request::get("https://api.example/").body(Body::empty()).unwrap();
/// client.authorize(&mut request, &token);
/// assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 200);
///
/// let stolen = Request::get("https://api.example/").header("authorization", format!("Bearer {token}"));
/// let rejected = app.oneshot(stolen.body(Body::empty()).unwrap()).await.unwrap();
/// assert_eq!(rejected.status(), 401);
/// # }
/// # #[cfg(not(feature = "axum"))]
/// # fn main() {}
/// ```
///
/// [RFC 9449]: https://www.rfc-editor.org/rfc/rfc9449
#[derive(Clone)]
pub struct DpopClient {
    algorithm: Algorithm,
    key: Arc<SigningKey>,
    clock: Arc<dyn Clock>,
    proofs: Arc<AtomicU64>,
}

/// A builder for a DPoP proof, which is initially valid. Every part can be changed.
///
/// ```
/// use portcullis::{Algorithm, testing::{DpopClient, TestClock}};
///
/// let client = DpopClient::new(Algorithm::Es256, TestClock::new());
/// let proof = client.proof("GET", "https://api.example/", "the token").without_claim("jti").sign();
/// assert_eq!(proof.split('.').count(), 3);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ProofBuilder {
    client: DpopClient,
    parts: JwtParts,
}

impl DpopClient {
    /// Creates a client with a new key for this algorithm. The `iat` of its proofs is the time of
    /// `clock`.
    #[must_use]
    pub fn new(algorithm: Algorithm, clock: impl Clock) -> Self {
        let key = Arc::new(SigningKey::generate(algorithm));
        Self { algorithm, key, clock: Arc::new(clock), proofs: Arc::default() }
    }

    /// Returns the `cnf` claim that binds a token to this client's key: `{"jkt": "…"}`.
    #[must_use]
    pub fn confirmation(&self) -> Value {
        json!({ "jkt": base64url::encode(&self.thumbprint()) })
    }

    /// Returns the SHA-256 thumbprint of the key ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)).
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        // `jwk` contains only the required members, and `serde_json` sorts them.
        sha256(self.jwk().to_string().as_bytes())
    }

    /// Creates a builder for a proof for a request with this token. `url` must be absolute.
    pub fn proof(&self, method: &str, url: &str, token: &str) -> ProofBuilder {
        let count = self.proofs.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let header = json!({ "typ": "dpop+jwt", "alg": self.algorithm.name(), "jwk": self.jwk() });
        let claims = json!({
            "jti": format!("proof-{count}"),
            "htm": method,
            "htu": url,
            "iat": now.as_secs(),
            "ath": base64url::encode(&sha256(token.as_bytes())),
        });
        ProofBuilder { client: self.clone(), parts: JwtParts::new(header, claims) }
    }

    /// Adds the headers `Authorization: DPoP …` and `DPoP` to a request. Its URI must be absolute.
    pub fn authorize<B>(&self, request: &mut Request<B>, token: &str) {
        let url = without_query(request.uri());
        let proof = self.proof(request.method().as_str(), &url, token).sign();
        let headers = request.headers_mut();
        let header = |text: String| HeaderValue::try_from(text).expect("a header value");
        headers.insert(AUTHORIZATION, header(format!("DPoP {token}")));
        headers.insert("dpop", header(proof));
    }

    fn jwk(&self) -> Value {
        public_jwk(&self.key).expect("an asymmetric algorithm")
    }
}

impl ProofBuilder {
    /// Sets `nonce`, which a response contains as `DPoP-Nonce`.
    pub fn nonce(self, nonce: &str) -> Self {
        self.claim("nonce", json!(nonce))
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

    /// Sets any header parameter.
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.parts.set_header(name, value);
        self
    }

    /// Removes a header parameter.
    pub fn without_header(mut self, name: &str) -> Self {
        self.parts.remove_header(name);
        self
    }

    /// Signs the proof with the key of the client.
    #[must_use]
    pub fn sign(self) -> String {
        let client = self.client.clone();
        self.sign_with(&client)
    }

    /// Signs the proof with the key of another client. The key in the header isn't changed.
    #[must_use]
    pub fn sign_with(self, client: &DpopClient) -> String {
        let (header, claims) = (self.parts.header_text(), self.parts.claims_text());
        JwtParts::compact(&header, &claims, |message| client.key.sign(client.algorithm, message))
    }
}

fn without_query(uri: &Uri) -> String {
    let uri = uri.to_string();
    uri.split_once('?').map_or(uri.as_str(), |(url, _)| url).to_owned()
}

/// Doesn't show the key.
impl std::fmt::Debug for DpopClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DpopClient").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
