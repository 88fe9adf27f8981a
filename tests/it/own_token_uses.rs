//! The uses of API tokens that are reported to their store.

use std::sync::{Arc, Mutex, mpsc};

use axum::{
    Router,
    body::Body,
    routing::{any, get},
};
use http::{HeaderMap, Method, Request, header::AUTHORIZATION};
use portcullis::{
    AuthenticateLayer, BearerToken, Issuers, OwnTokenVerifier, RequireRoleLayer, Verify,
    own_tokens::{
        MemoryTokenStore, OwnTokenFormat, TokenDigest, TokenLookup, TokenRecord, TokenStore,
        TokenUse,
    },
    testing::TestIssuer,
};

use crate::support::{API, send};

/// Sends each use to the test.
struct Audited {
    tokens: MemoryTokenStore,
    uses: Mutex<mpsc::Sender<TokenUse>>,
}

impl TokenStore for Audited {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        self.tokens.find(digest)
    }

    fn used(&self, uses: &[TokenUse]) {
        let sender = self.uses.lock().unwrap();
        uses.iter().for_each(|used| sender.send(used.clone()).unwrap());
    }
}

struct Fixture {
    verifier: OwnTokenVerifier,
    prefix: String,
    token: String,
    uses: mpsc::Receiver<TokenUse>,
}

impl Fixture {
    fn new() -> Self {
        let (sender, uses) = mpsc::channel();
        let (format, tokens) = (OwnTokenFormat::new("pat").unwrap(), MemoryTokenStore::new());
        let token = format.generate().unwrap();
        tokens.insert(token.digest(), TokenRecord::new("1", "alice"));
        let prefix = format.prefix().to_owned();
        let store = Audited { tokens, uses: Mutex::new(sender) };
        let verifier = OwnTokenVerifier::builder(format, store).build().unwrap();
        Self { verifier, prefix, token: token.reveal().to_owned(), uses }
    }

    /// The method and the path of the next use.
    fn next_call(&self) -> Option<(Method, String)> {
        let used = self.uses.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
        assert_eq!(used.token_id(), "1");
        Some((used.method()?.clone(), used.path()?.to_owned()))
    }
}

/// Nested, so that inner services see a part of the path only.
fn services(layer: AuthenticateLayer) -> Router {
    let inner = Router::new()
        .route("/orders/{id}", any("in"))
        .route("/admin", get("in").route_layer(RequireRoleLayer::new("admin")))
        .layer(layer);
    Router::new().nest("/api", inner)
}

async fn assert_calls(app: &Router, fixture: &Fixture) {
    for (method, uri, path, status) in [
        (Method::GET, "/api/orders/7?a=b&secret=s3cret", "/api/orders/7", 200),
        (Method::DELETE, "/api/orders/8", "/api/orders/8", 200),
        (Method::POST, "/api/orders/a%20b", "/api/orders/a%20b", 200),
        // Rejected by a guard, after the token was verified.
        (Method::GET, "/api/admin", "/api/admin", 403),
    ] {
        let request = Request::builder().method(method.clone()).uri(uri);
        let request = request.header(AUTHORIZATION, format!("Bearer {}", fixture.token));
        let response = send(app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status.as_u16(), status, "{uri}");
        assert_eq!(fixture.next_call(), Some((method, path.to_owned())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_says_what_was_called_without_the_query() {
    let fixture = Fixture::new();
    let app = services(AuthenticateLayer::bearer(fixture.verifier.clone()));
    assert_calls(&app, &fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_records_the_call_next_to_other_issuers_and_sources() {
    let fixture = Fixture::new();
    let issuer = TestIssuer::new();
    let issuers = Issuers::builder()
        .prefix(&fixture.prefix, Arc::new(fixture.verifier.clone()))
        .trust(issuer.verifier().audience(API).build().unwrap())
        .build()
        .unwrap();
    let app = services(AuthenticateLayer::bearer(issuers).cookie("token"));
    assert_calls(&app, &fixture).await;

    let cookie = format!("token={}", fixture.token);
    let request = Request::get("/api/orders/9").header("cookie", cookie);
    let response = send(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status, 200);
    assert_eq!(fixture.next_call(), Some((Method::GET, "/api/orders/9".to_owned())));

    // Tokens of the issuer are verified as before.
    let jwt = issuer.token().audience(API).mint();
    for _ in 0..2 {
        let request = Request::get("/api/orders/9").header("cookie", format!("token={jwt}"));
        assert_eq!(send(&app, request.body(Body::empty()).unwrap()).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_outside_of_a_layer_has_no_method_and_path() {
    let fixture = Fixture::new();
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {}", fixture.token).parse().unwrap());
    let token = BearerToken::from_headers(&headers).unwrap();
    assert!(fixture.verifier.verify(token).wait().await.is_ok());
    assert_eq!(fixture.next_call(), None);
}
