//! The identifier of the resource as the audience of its tokens.

use portcullis::{
    AuthenticateLayer, BearerToken, ErrorKind, ProtectedResource, Verify, error::TokenFault,
    testing::TestIssuer,
};

use crate::support::{API, send, verify, whoami, with_token};

const AUDIENCE: Result<(), ErrorKind> = Err(ErrorKind::InvalidToken(TokenFault::Audience));

/// Whether a token for that audience is accepted.
async fn accepted(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<(), ErrorKind> {
    verify(verifier, token).await.map(drop)
}

// Verifies rfc9700-2.3-audience.
#[tokio::test]
async fn a_token_for_the_resource_is_accepted() {
    let issuer = TestIssuer::new();
    let resource = ProtectedResource::builder("https://api.example/mcp").build().unwrap();
    let jwts = issuer.verifier().resource(&resource).build().unwrap();
    let opaque = issuer.introspection().resource(&resource).build().unwrap();
    for (audience, expected) in [
        ("https://api.example/mcp", Ok(())),
        ("HTTPS://API.example/mcp", Ok(())),
        ("https://api.example/MCP", AUDIENCE),
        ("https://api.example/mcp/", AUDIENCE),
        ("https://api.example", AUDIENCE),
        ("https://api.example/mcp2", AUDIENCE),
        ("https://evil.example/mcp", AUDIENCE),
    ] {
        let token = || issuer.token().audience(audience);
        assert_eq!(accepted(&jwts, &token().mint()).await, expected, "{audience}");
        assert_eq!(accepted(&opaque, &token().mint_opaque()).await, expected, "{audience}");
    }
}

#[tokio::test]
async fn the_resource_and_other_audiences_are_accepted_together() {
    let issuer = TestIssuer::new();
    let resource = ProtectedResource::builder("https://api.example/mcp").build().unwrap();
    let verifier = issuer.verifier().audience("orders").resource(&resource).build().unwrap();
    for (audience, expected) in [
        ("orders", Ok(())),
        ("https://api.example/mcp", Ok(())),
        ("Orders", AUDIENCE),
        (API, AUDIENCE),
    ] {
        let token = issuer.token().audience(audience).mint();
        assert_eq!(accepted(&verifier, &token).await, expected, "{audience}");
    }
}

// Verifies rfc9728-3.3-identical.
#[tokio::test]
async fn a_client_that_knows_only_the_url_gets_access() {
    let issuer = TestIssuer::named("https://as.example");
    let resource = ProtectedResource::builder("https://api.example").build().unwrap();
    let verifier = issuer.verifier().resource(&resource).build().unwrap();
    let app = whoami().layer(AuthenticateLayer::bearer(verifier).resource(resource));

    let rejected = send(&app, with_token("not-a-token")).await;
    let challenge = rejected.challenge().unwrap();
    let (_, url) = challenge.split_once("resource_metadata=\"").unwrap();
    let (url, _) = url.split_once('"').unwrap();
    let path = url.strip_prefix("https://api.example").unwrap();
    let document = super::get(&app, path).await.json();
    assert_eq!(document["authorization_servers"], serde_json::json!(["https://as.example"]));

    let token = issuer.token().audience(document["resource"].as_str().unwrap()).mint();
    assert_eq!(send(&app, with_token(&token)).await.body, "alice");
}
