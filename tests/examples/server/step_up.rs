//! The route that requires step-up, and `MAX_LIFETIME`.

use std::time::SystemTime;

use portcullis::testing::TestIssuer;
use serde_json::json;

use super::{API, serve, status};

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

#[tokio::test]
async fn a_transfer_requires_the_scope_and_a_recent_second_factor() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[]);
    let token = |acr: &str, age: u64, scope: &str| {
        let token = issuer.token().audience(API).scope(scope);
        token.claim("acr", json!(acr)).claim("auth_time", json!(now() - age)).mint()
    };
    let mfa = "urn:example:mfa";
    let step_up = |description: &str| {
        format!(
            "Bearer realm=\"restricted\", error=\"insufficient_user_authentication\", \
             error_description=\"{description}\", acr_values=\"urn:example:mfa\", max_age=\"300\""
        )
    };
    let class = step_up("A different authentication level is required");
    let age = step_up("More recent authentication is required");
    let scope = "Bearer realm=\"restricted\", error=\"insufficient_scope\", \
        error_description=\"Token lacks the required scope.\", scope=\"api:write\"";
    for (token, status, challenge) in [
        (token(mfa, 0, "api:write"), 200, None),
        (token(mfa, 1000, "api:write"), 401, Some(&*age)),
        (token("urn:example:password", 0, "api:write"), 401, Some(&class)),
        (issuer.token().audience(API).scope("api:write").mint(), 401, Some(&class)),
        (token(mfa, 0, "api:read"), 403, Some(scope)),
    ] {
        let response = server.ask("POST /transfer", Some(&token)).await;
        assert_eq!((response.status, response.challenge()), (status, challenge));
    }
    assert_eq!(server.ask("POST /transfer", None).await.status, 401);
}

#[tokio::test]
async fn a_token_with_a_longer_lifetime_is_rejected() {
    let issuer = TestIssuer::serve().await.unwrap();
    let server = serve(&issuer, &[("MAX_LIFETIME", "600")]);
    let lasting = |seconds: u64| {
        let token = issuer.token().audience(API).claim("iat", json!(now()));
        token.claim("exp", json!(now() + seconds))
    };
    for (token, expected) in
        [(lasting(590), 200), (lasting(700), 401), (lasting(590).without_claim("iat"), 401)]
    {
        let shown = format!("{token:?}");
        assert_eq!(status(&server, token).await, expected, "{shown}");
    }
    let message = server.ask("GET /me", Some(&lasting(700).mint())).await.json();
    assert_eq!(message["message"], "Token lifetime too long.");
}
