//! The code of `docs/revocation.md`.

use axum::{Router, routing::get};
use portcullis::{
    AuthenticateLayer, ConfigError, Error, IntrospectionVerifier, Issuers, JwtVerifier,
    binding::Dpop,
    redis::Redis,
    security_events::SecurityEvents,
    testing::{MemoryRevocationStore, TestIssuer, check_revocation_store},
    verify::{OutagePolicy, Revocation, Revocations},
};

const PAGE: &str = include_str!("../../../docs/revocation.md");

async fn revoke(verifier: &JwtVerifier, token: &str) -> Result<(), Error> {
    let (issuer, session_id) = ("https://as.example", "s1");
    // A stolen token; every token of a user, up to now; one session; one client.
    verifier.revoke(&Revocation::token(token)).await?;
    verifier.revoke(&Revocation::subject("alice").issuer(issuer)).await?;
    verifier.revoke(&Revocation::session(session_id).issuer(issuer)).await?;
    verifier.revoke(&Revocation::client("orders-app").issuer(issuer)).await?;
    Ok(())
}

fn one_list(verifier: JwtVerifier) -> Result<Issuers, ConfigError> {
    let revocations = Revocations::new();
    let introspection = IntrospectionVerifier::builder("https://as.example/introspect")
        .client_secret_basic("orders-api", "s3cret")
        .audience("https://api.example")
        .revocations(revocations.clone())
        .build()?;
    let issuers = Issuers::builder()
        .trust(verifier)
        .opaque(introspection)
        .revocations(revocations)
        .build()?;
    Ok(issuers)
}

fn shared() -> Result<(Revocations, Dpop), ConfigError> {
    let redis = Redis::new("redis://orders:s3cret@redis.internal:6379/0")?;
    let revocations =
        Revocations::builder().shared(redis.revocations()).outage(OutagePolicy::Reject).build()?;
    let dpop = Dpop::builder("https://api.example").replay_store(redis.replays()).build()?;
    Ok((revocations, dpop))
}

async fn check() {
    let store = MemoryRevocationStore::new();
    check_revocation_store(&store, &store.clone()).await;
}

fn events(issuers: Issuers) -> Result<Router, ConfigError> {
    let events = SecurityEvents::builder(issuers.clone()).audience("orders-client").build()?;
    let app: Router = Router::new()
        .route("/orders", get("orders"))
        .layer(AuthenticateLayer::bearer(issuers))
        .merge(events.router("/events"));
    Ok(app)
}

#[tokio::test]
async fn the_code_of_the_page_works() {
    let issuer = TestIssuer::new();
    let list = Revocations::new();
    let verifier = issuer.verifier().audience("https://api.example").revocations(list.clone());
    let verifier = verifier.build().unwrap();
    revoke(&verifier, &issuer.token().mint()).await.unwrap();
    assert_eq!(list.len(), 4);
    assert!(events(one_list(verifier).unwrap()).unwrap().has_routes());
    assert!(!shared().unwrap().0.readiness().is_ready());
    check().await;
}

#[test]
fn the_page_shows_the_code_of_this_file() {
    let trim = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    let source = trim(include_str!("guide.rs"));
    let blocks: Vec<_> = PAGE.split("```rust\n").skip(1).collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        let block = trim(block.split("```").next().unwrap());
        let is_here = source.windows(block.len()).any(|lines| lines == block);
        assert!(is_here, "not tested: {block:#?}");
    }
}
