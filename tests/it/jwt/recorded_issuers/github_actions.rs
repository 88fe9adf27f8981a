//! The ID tokens of GitHub Actions.

use portcullis::{
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder, presets},
};
use serde_json::json;

use super::recorded::{Recorded, Token};
use crate::support::outcome::verify_token;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const KID: &str = "cc413527-173f-5a05-976e-9c52b1d7b431";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    presets::github_actions("acme")
        .audience("https://deploy.acme.example")
        .require_claim("repository_owner_id", "1234567")
        .require_claim("repository", "acme/orders")
        .require_claim("environment", "production")
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let key = |kid: &str| {
        recorded.jwk(json!({ "alg": "RS256", "use": "sig", "kid": kid, "x5t": "eB3ntU_CrzTB" }))
    };
    let keys = json!({ "keys": [key("38826b17-6a30-5f9b-b169-8beb8202f723"), key(KID)] });
    let metadata = json!({
        "issuer": ISSUER,
        "jwks_uri": format!("{ISSUER}/.well-known/jwks"),
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
    });
    recorded
        .serving(&format!("{ISSUER}/.well-known/openid-configuration"), metadata)
        .serving(&format!("{ISSUER}/.well-known/jwks"), keys)
}

fn token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "typ": "JWT", "kid": KID, "x5t": "eB3ntU_CrzTB" }),
        claims: json!({
            "jti": "a1b2c3d4-0000-4000-8000-000000000001",
            "sub": "repo:acme/orders:environment:production",
            "environment": "production",
            "aud": "https://deploy.acme.example",
            "ref": "refs/heads/main",
            "sha": "0123456789abcdef0123456789abcdef01234567",
            "repository": "acme/orders",
            "repository_id": "74",
            "repository_owner": "acme",
            "repository_owner_id": "1234567",
            "repository_visibility": "private",
            "actor": "alice",
            "actor_id": "12",
            "workflow": "deploy",
            "workflow_ref": "acme/orders/.github/workflows/deploy.yml@refs/heads/main",
            "job_workflow_ref": "acme/orders/.github/workflows/deploy.yml@refs/heads/main",
            "event_name": "workflow_dispatch",
            "ref_type": "branch",
            "ref_protected": "true",
            "runner_environment": "github-hosted",
            "run_id": "9876543210",
            "run_number": "10",
            "run_attempt": "1",
            "iss": ISSUER,
            "nbf": now - 600,
            "exp": now + 300,
            "iat": now,
        }),
    }
}

#[tokio::test]
async fn tokens_of_this_repository_are_accepted() {
    let recorded = recorded();
    let token = recorded.mint(&token(&recorded));
    let identity = verify_token(&recorded.online(preset()), &token).await.unwrap();
    assert_eq!(identity.subject(), Some("repo:acme/orders:environment:production"));
    // The owner alone is the least that is required.
    let owner = presets::github_actions("acme").audience("https://deploy.acme.example");
    assert!(verify_token(&recorded.online(owner), &token).await.is_ok());
}

#[tokio::test]
async fn tokens_that_others_can_request_are_rejected() {
    use TokenFault::{Audience, Claims};
    let recorded = recorded();
    let same = || json!({});
    let stranger = json!({
        "repository": "mallory/orders", "repository_owner": "mallory", "repository_owner_id": "9",
        "sub": "repo:mallory/orders:environment:production",
    });
    let default_audience = json!({ "aud": "https://github.com/acme" });
    let near_misses = vec![
        ("another owner", same(), stranger.clone(), Claims),
        ("a reused name", same(), json!({ "repository_owner_id": "7654321" }), Claims),
        ("an ID that is a number", same(), json!({ "repository_owner_id": 1_234_567 }), Claims),
        ("another repository", same(), json!({ "repository": "acme/blog" }), Claims),
        ("no environment", same(), json!({ "environment": null }), Claims),
        ("the default audience", same(), default_audience, Audience),
    ];
    recorded.assert_rejected(&recorded.online(preset()), &token(&recorded), near_misses).await;

    let owner = presets::github_actions("acme").audience("https://deploy.acme.example");
    let near_misses = vec![
        ("another owner", same(), stranger, Claims),
        ("a longer name", same(), json!({ "repository_owner": "acme-evil" }), Claims),
        ("no owner", same(), json!({ "repository_owner": null }), Claims),
    ];
    recorded.assert_rejected(&recorded.online(owner), &token(&recorded), near_misses).await;
}
