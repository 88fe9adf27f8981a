//! The code of `docs/own-tokens.md`.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, ConfigError, Error, Identity, OwnTokenVerifier, RequireLayer,
    ScopeSet, Secret, Verify,
    own_tokens::{MemoryTokenStore, OwnTokenFormat, StaticTokens, TokenDigest, TokenLookup},
    own_tokens::{TokenRecord, TokenStore, TokenUse},
};

use crate::support::send;

#[test]
fn the_guide_shows_tested_code() {
    let page = include_str!("../../../docs/own-tokens.md");
    super::assert_tested(page, include_str!("own_tokens.rs"));
}

fn verifier(store: impl TokenStore) -> Result<(OwnTokenFormat, OwnTokenVerifier), ConfigError> {
    let format = OwnTokenFormat::new("acme_pat")?;
    let verifier = OwnTokenVerifier::builder(format.clone(), store).build()?;
    Ok((format, verifier))
}

/// Returns the text that the user sees, once.
fn create(
    format: &OwnTokenFormat,
    store: &MemoryTokenStore,
    user: &str,
    days: u64,
) -> Result<String, Error> {
    let token = format.generate()?;
    let record = TokenRecord::new("42", user)
        .name("laptop")
        .scopes(ScopeSet::from_wire("orders:read"))
        .expires_at(SystemTime::now() + Duration::from_secs(days * 24 * 3600));
    store.insert(token.digest(), record);
    Ok(token.reveal().to_owned())
}

#[derive(Default)]
struct Database(AtomicUsize);

impl Database {
    async fn token(&self, digest: &[u8]) -> Result<Option<Row>, std::io::Error> {
        tokio::task::yield_now().await;
        let row = Row { id: 7, owner: "alice".into(), scopes: "orders:read".into() };
        Ok((digest == TokenDigest::of("known").as_bytes()).then_some(row))
    }

    fn record_uses(&self, uses: &[TokenUse]) {
        self.0.fetch_add(uses.len(), Ordering::Relaxed);
    }
}

struct Row {
    id: i64,
    owner: String,
    scopes: String,
}

struct Tokens(Database);

impl TokenStore for Tokens {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        Box::pin(async move {
            let Some(row) = self.0.token(digest.as_bytes()).await? else { return Ok(None) };
            let record = TokenRecord::new(row.id.to_string(), row.owner);
            Ok(Some(record.scopes(ScopeSet::from_wire(&row.scopes))))
        })
    }

    // Runs in the background, one call at a time: for "last used" and audit logs.
    fn used(&self, uses: &[TokenUse]) {
        self.0.record_uses(uses);
    }
}

fn no_api_tokens() -> RequireLayer {
    RequireLayer::new(|identity| match identity.issuer() {
        Some("https://as.example") => Ok(()), // a login, not an API token
        _ => Err(Error::access_denied()),
    })
}

fn static_tokens(current: Secret, next: Secret) -> Result<StaticTokens, ConfigError> {
    let deploy = ScopeSet::from_wire("deploy");
    StaticTokens::builder()
        .token("ci", current, deploy.clone())
        .token("ci", next, deploy) // both are accepted during a rotation
        .build()
}

async fn me(identity: Identity) -> String {
    identity.subject().or(identity.client_id()).unwrap_or_default().to_owned()
}

async fn status(verifier: impl for<'a> Verify<BearerToken<'a>>, path: &str, token: &str) -> u16 {
    let app = Router::new()
        .route("/", get(me))
        .route("/tokens", get("tokens").route_layer(no_api_tokens()))
        .layer(AuthenticateLayer::bearer(verifier));
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    send(&app, request.body(Body::empty()).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn a_token_is_accepted_until_it_is_revoked() {
    let store = MemoryTokenStore::new();
    let (format, verifier) = verifier(store.clone()).unwrap();
    let token = create(&format, &store, "alice", 90).unwrap();
    assert_eq!(status(verifier.clone(), "/", &token).await, 200);
    assert_eq!(status(verifier.clone(), "/tokens", &token).await, 403);
    assert!(store.revoke("42", SystemTime::now()));
    assert_eq!(status(verifier, "/", &token).await, 401);
}

#[tokio::test]
async fn both_static_tokens_are_accepted_during_a_rotation() {
    let [current, next] = ["ci_8f14e45fceea167a5a36", "ci_c9f0f895fb98ab9159f5"];
    let verifier = || static_tokens(Secret::from(current), Secret::from(next)).unwrap();
    assert_eq!(status(verifier(), "/", current).await, 200);
    assert_eq!(status(verifier(), "/", next).await, 200);
    assert_eq!(status(verifier(), "/", "ci_unknown").await, 401);
}

#[tokio::test]
async fn a_store_finds_tokens_by_their_digest() {
    let tokens = Tokens(Database::default());
    let record = tokens.find(TokenDigest::of("known")).await.unwrap().unwrap();
    assert_eq!(record.subject, "alice");
    assert!(tokens.find(TokenDigest::of("unknown")).await.unwrap().is_none());
    tokens.used(&[]);
    assert_eq!(tokens.0.0.load(Ordering::Relaxed), 0);
}
