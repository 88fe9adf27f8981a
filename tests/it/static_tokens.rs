//! API tokens from the configuration, alone and next to JWTs.

use axum::{Router, routing::get};
use portcullis::{
    AuthenticateLayer, Claims, Identity, Issuers, RequireScopeLayer, Scope, ScopeSet, Secret,
    Verify,
    error::TokenFault,
    own_tokens::StaticTokens,
    testing::TestIssuer,
    verify::{Revocation, Revocations},
};

use crate::support::{API, send, verify, with_token};

const CURRENT: &str = "ci_8f14e45fceea167a5a36dedd4bea2543";
const NEXT: &str = "ci_c9f0f895fb98ab9159f51fd0297e236d";
const SCRAPER: &str = "ci_45c48cce2e2d7fbdea1afc51c7c6ad26";

fn tokens() -> StaticTokens {
    let scopes = ScopeSet::from_wire;
    StaticTokens::builder()
        .token("ci", Secret::from(CURRENT), scopes("deploy"))
        .token("ci", Secret::from(NEXT), scopes("deploy"))
        .token("scraper", Secret::from(SCRAPER), scopes("metrics:read"))
        .build()
        .unwrap()
}

/// Responds to `GET /` with the label, and to `GET /deploy` for the scope `deploy`.
fn service(layer: AuthenticateLayer) -> Router {
    let label = async |identity: Identity| identity.client_id().unwrap_or("nobody").to_owned();
    let deploy = get(label).route_layer(RequireScopeLayer::new(Scope::from_static("deploy")));
    Router::new().route("/", get(label)).route("/deploy", deploy).layer(layer)
}

#[tokio::test]
async fn each_token_of_a_label_is_valid_and_no_other() {
    for (token, label) in [
        (CURRENT, Ok("ci")),
        (NEXT, Ok("ci")),
        (SCRAPER, Ok("scraper")),
        (&CURRENT[..34], Err(TokenFault::Rejected.into())),
        (&CURRENT.to_uppercase(), Err(TokenFault::Rejected.into())),
        (&format!("{CURRENT}="), Err(TokenFault::Rejected.into())),
        ("ci", Err(TokenFault::Rejected.into())),
    ] {
        let identity = verify(&tokens(), token).await;
        let found = identity.as_ref().map(|identity| identity.client_id().unwrap());
        assert_eq!(found.map_err(|kind| *kind), label, "{token}");
        assert_eq!(identity.ok().and_then(|identity| identity.subject().map(str::to_owned)), None);
    }
}

#[tokio::test]
async fn scopes_are_those_of_the_token() {
    let app = service(AuthenticateLayer::bearer(tokens()));
    for (token, status) in [(NEXT, 200), (SCRAPER, 403)] {
        let mut request = with_token(token);
        *request.uri_mut() = "/deploy".parse().unwrap();
        assert_eq!(send(&app, request).await.status, status, "{token}");
    }
}

#[tokio::test]
async fn handlers_read_typed_claims_as_of_a_jwt() {
    #[derive(Clone, serde::Deserialize)]
    struct Caller {
        client_id: String,
        scope: String,
    }
    let caller = async |claims: Claims<Caller>| format!("{} {}", claims.client_id, claims.scope);
    let layer = AuthenticateLayer::bearer(tokens());
    let app = Router::new().route("/", get(caller)).layer(layer);
    assert_eq!(send(&app, with_token(SCRAPER)).await.body, "scraper metrics:read");
}

#[tokio::test]
async fn static_tokens_and_jwts_are_accepted_by_one_layer() {
    let issuer = TestIssuer::new();
    let jwts = || issuer.verifier().audience(API).build().unwrap();
    let by_prefix = Issuers::builder().trust(jwts()).prefix("ci_", tokens());
    let opaque = Issuers::builder().trust(jwts()).opaque(tokens());
    for builder in [by_prefix, opaque] {
        let app = service(AuthenticateLayer::bearer(builder.build().unwrap()));
        assert_eq!(send(&app, with_token(CURRENT)).await.body, "ci");
        let jwt = issuer.token().audience(API).claim("client_id", "orders".into()).mint();
        assert_eq!(send(&app, with_token(&jwt)).await.body, "orders");
        assert_eq!(send(&app, with_token("ci_unknown")).await.status, 401);
    }
}

#[tokio::test]
async fn a_revoked_token_or_client_is_rejected_at_once() {
    let revoked = Err(TokenFault::Revoked.into());
    for (revocation, current, next, scraper) in [
        (Revocation::token(CURRENT), revoked, Ok(()), Ok(())),
        (Revocation::client("ci"), revoked, revoked, Ok(())),
        (Revocation::subject("ci"), Ok(()), Ok(()), Ok(())),
    ] {
        let verifier = Issuers::builder().prefix("ci_", tokens()).build().unwrap();
        verifier.revoke(&revocation).await.unwrap();
        for (token, expected) in [(CURRENT, current), (NEXT, next), (SCRAPER, scraper)] {
            assert_eq!(verify(&verifier, token).await.map(|_| ()), expected, "{revocation:?}");
        }
    }
}

#[tokio::test]
async fn a_list_of_revocations_can_be_shared() {
    let shared = Revocations::new();
    let verifier = StaticTokens::builder()
        .token("ci", Secret::from(CURRENT), ScopeSet::new())
        .revocations(shared.clone())
        .build()
        .unwrap();
    assert!(verify(&verifier, CURRENT).await.is_ok());
    shared.revoke(&Revocation::token(CURRENT)).await.unwrap();
    assert!(verify(&verifier, CURRENT).await.is_err());
    let other = tokens();
    other.revoke(&Revocation::token(NEXT)).await.unwrap();
    assert!(verify(&other, NEXT).await.is_err());
}
