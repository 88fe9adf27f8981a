//! Responses with the members that self-hosted servers send, and the configurations that the documentation names for
//! them.

use portcullis::{
    ErrorKind,
    error::TokenFault,
    introspection::{ClientGiven, IntrospectionVerifierBuilder},
    jwt::AudienceGiven,
};
use serde_json::{Value, json};

use super::{builder_for, endpoint::Endpoint, verify};
use crate::support::API;

const EXP: u64 = 4_102_444_800;

struct Server {
    name: &'static str,
    /// The response for an access token.
    access: Value,
    /// The response for a refresh token, if the endpoint reports them as active.
    refresh: Option<Value>,
    subject: Option<&'static str>,
    client_id: &'static str,
    /// Whether tokens have this service as their audience.
    has_audience: bool,
}

fn servers() -> [Server; 6] {
    [
        Server {
            name: "Authlib",
            access: json!({
                "active": true, "client_id": "web", "token_type": "Bearer", "username": "alice",
                "scope": "orders:read", "sub": "42", "aud": API, "iss": "https://as.example/",
                "exp": EXP, "iat": 1_700_000_000,
            }),
            refresh: None,
            subject: Some("42"),
            client_id: "web",
            has_audience: true,
        },
        Server {
            name: "Better Auth",
            access: json!({
                "active": true, "iss": "https://as.example/api/auth", "client_id": "web", "sub": "u42",
                "sid": "s7", "exp": EXP, "iat": 1_700_000_000, "scope": "orders:read",
            }),
            // Not with the hint `access_token`.
            refresh: None,
            subject: Some("u42"),
            client_id: "web",
            has_audience: false,
        },
        Server {
            name: "django-oauth-toolkit",
            access: json!({
                "active": true, "scope": "orders:read", "exp": EXP, "client_id": "web",
                "username": "alice",
            }),
            refresh: None,
            subject: None,
            client_id: "web",
            has_audience: false,
        },
        Server {
            name: "Doorkeeper",
            access: json!({
                "active": true, "scope": "orders:read", "client_id": "web", "token_type": "Bearer",
                "exp": EXP, "iat": 1_700_000_000,
            }),
            refresh: Some(json!({
                "active": true, "scope": "orders:read", "client_id": "web", "iat": 1_700_000_000,
            })),
            subject: None,
            client_id: "web",
            has_audience: false,
        },
        Server {
            name: "Keycloak",
            access: json!({
                "exp": EXP, "iat": 1_700_000_000, "jti": "onrtac:6f1c1ad2",
                "iss": "https://sso.acme.example/realms/acme", "aud": [API, "account"], "sub": "f0d3",
                "typ": "Bearer", "azp": "web", "sid": "0c8e", "acr": "1", "scope": "orders:read",
                "client_id": "web", "username": "alice", "token_type": "Bearer", "active": true,
            }),
            refresh: Some(json!({
                "exp": EXP, "iat": 1_700_000_000, "jti": "ef4f2a", "aud": API, "sub": "f0d3",
                "iss": "https://sso.acme.example/realms/acme", "typ": "Refresh", "azp": "web",
                "sid": "0c8e", "scope": "orders:read", "client_id": "web", "active": true,
            })),
            subject: Some("f0d3"),
            client_id: "web",
            has_audience: true,
        },
        Server {
            name: "LemonLDAP::NG",
            access: json!({
                "active": true, "client_id": "web", "iss": "https://auth.acme.example",
                "scope": "orders:read", "sub": "alice", "exp": EXP,
            }),
            refresh: None,
            subject: Some("alice"),
            client_id: "web",
            has_audience: false,
        },
    ]
}

/// A verifier at an endpoint with this response. It rejects what has no `token_type`, if that is configured.
fn builder(
    response: &Value,
    has_audience: bool,
    requires_token_type: bool,
) -> IntrospectionVerifierBuilder<ClientGiven, AudienceGiven> {
    let builder = builder_for(&Endpoint::responding_with(response.to_string()));
    let builder = if has_audience { builder.audience(API) } else { builder.without_audience() };
    if !requires_token_type {
        return builder;
    }
    builder.check(|identity| {
        let claims: Value =
            serde_json::from_str(identity.raw_claims()).map_err(|_| TokenFault::Claims)?;
        match claims["token_type"].as_str() {
            Some("Bearer") => Ok(()),
            _ => Err(TokenFault::Type.into()),
        }
    })
}

#[tokio::test]
async fn access_tokens_of_each_server_are_accepted() {
    for Server { name, access, subject, client_id, has_audience, .. } in servers() {
        let verifier = builder(&access, has_audience, name == "Doorkeeper").build().unwrap();
        let identity =
            verify(&verifier, "t").await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(identity.subject(), subject, "{name}");
        assert_eq!(identity.client_id(), Some(client_id), "{name}");
        assert_eq!(identity.scopes().to_string(), "orders:read", "{name}");
        assert!(identity.expires_at().is_some(), "{name}");
    }
}

#[tokio::test]
async fn without_the_configuration_the_audience_is_missing() {
    for Server { name, access, has_audience, .. } in servers() {
        let verifier = builder(&access, true, false).build().unwrap();
        let expected = (!has_audience).then_some(ErrorKind::from(TokenFault::Audience));
        let error = verify(&verifier, "t").await.err().map(|error| error.kind());
        assert_eq!(error, expected, "{name}");
    }
}

#[tokio::test]
async fn refresh_tokens_that_are_called_active_are_rejected() {
    let mut count = 0;
    for Server { name, refresh, has_audience, .. } in servers() {
        let Some(refresh) = refresh else { continue };
        let verifier = builder(&refresh, has_audience, name == "Doorkeeper").build().unwrap();
        let error = verify(&verifier, "t").await.unwrap_err();
        assert_eq!(error.kind(), TokenFault::Type.into(), "{name}");
        count += 1;
    }
    assert_eq!(count, 2);
}
