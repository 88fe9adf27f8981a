//! The ID tokens of GitLab CI/CD.

use portcullis::{
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder, presets},
};
use serde_json::json;

use super::recorded::{Recorded, Token};
use crate::support::outcome::verify_token;

const KID: &str = "4i3sFE7sxqNPOT7FdvcGA1ZVGGI_r-tsDXnEuYT4ZqE";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    presets::gitlab("https://gitlab.com", "acme")
        .audience("https://deploy.acme.example")
        .require_claim("project_path", "acme/platform/orders")
        .require_claim("ref_protected", "true")
}

fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let key = |kid: &str| recorded.jwk(json!({ "use": "sig", "alg": "RS256", "kid": kid }));
    let keys = json!({ "keys": [key("kewiQq9jiC84CvSsJYOB-N6A8WFLSV20Mb-y7IlWDSQ"), key(KID)] });
    let metadata = json!({
        "issuer": "https://gitlab.com",
        "authorization_endpoint": "https://gitlab.com/oauth/authorize",
        "token_endpoint": "https://gitlab.com/oauth/token",
        "introspection_endpoint": "https://gitlab.com/oauth/introspect",
        "jwks_uri": "https://gitlab.com/oauth/discovery/keys",
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    recorded
        .serving("https://gitlab.com/.well-known/openid-configuration", metadata)
        .serving("https://gitlab.com/oauth/discovery/keys", keys)
}

fn token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "kid": KID, "typ": "JWT", "alg": "RS256" }),
        claims: json!({
            "namespace_id": "72",
            "namespace_path": "acme/platform",
            "project_id": "20",
            "project_path": "acme/platform/orders",
            "user_id": "1",
            "user_login": "alice",
            "user_email": "alice@acme.example",
            "user_access_level": "maintainer",
            "pipeline_id": "574",
            "pipeline_source": "push",
            "job_id": "302",
            "ref": "main",
            "ref_type": "branch",
            "ref_path": "refs/heads/main",
            "ref_protected": "true",
            "runner_id": 1,
            "runner_environment": "gitlab-hosted",
            "sha": "0123456789abcdef0123456789abcdef01234567",
            "project_visibility": "private",
            "ci_config_ref_uri": "gitlab.com/acme/platform/orders//.gitlab-ci.yml@refs/heads/main",
            "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
            "iss": "https://gitlab.com",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 3600,
            "sub": "project_path:acme/platform/orders:ref_type:branch:ref:main",
            "aud": "https://deploy.acme.example",
        }),
    }
}

#[tokio::test]
async fn tokens_of_this_project_are_accepted() {
    let recorded = recorded();
    let token = recorded.mint(&token(&recorded));
    let identity = verify_token(&recorded.online(preset()), &token).await.unwrap();
    let subject = "project_path:acme/platform/orders:ref_type:branch:ref:main";
    assert_eq!(identity.subject(), Some(subject));
    for group in ["acme", "acme/platform", "/acme/"] {
        let group = presets::gitlab("https://gitlab.com", group);
        let verifier = recorded.online(group.audience("https://deploy.acme.example"));
        assert!(verify_token(&verifier, &token).await.is_ok());
    }
}

#[tokio::test]
async fn tokens_that_others_can_request_are_rejected() {
    use TokenFault::{Audience, Claims};
    let recorded = recorded();
    let same = || json!({});
    let near_misses = vec![
        ("another group", same(), json!({ "project_path": "mallory/orders" }), Claims),
        ("another project", same(), json!({ "project_path": "acme/platform/blog" }), Claims),
        ("a fork", same(), json!({ "project_path": "mallory/platform/orders" }), Claims),
        ("an unprotected branch", same(), json!({ "ref_protected": "false" }), Claims),
        ("a boolean", same(), json!({ "ref_protected": true }), Claims),
        ("another service", same(), json!({ "aud": "https://vault.acme.example" }), Audience),
    ];
    recorded.assert_rejected(&recorded.online(preset()), &token(&recorded), near_misses).await;

    let group = presets::gitlab("https://gitlab.com", "acme");
    let verifier = recorded.online(group.audience("https://deploy.acme.example"));
    let near_misses = ["acme-evil/orders", "acme", "acme/", "mallory/acme/orders", "ACME/orders"];
    let near_misses = near_misses
        .map(|path| (path, same(), json!({ "project_path": path }), Claims))
        .into_iter()
        .filter(|(path, ..)| *path != "acme/");
    recorded.assert_rejected(&verifier, &token(&recorded), near_misses.collect()).await;
}

#[test]
fn a_group_is_required() {
    for group in ["", "/"] {
        let builder = presets::gitlab("https://gitlab.com", group).audience("a");
        let error = builder.http_client(recorded().client()).build().unwrap_err();
        let expected = "prefix of the required claim `project_path`: must not be empty";
        assert_eq!(error.to_string(), expected);
    }
}
