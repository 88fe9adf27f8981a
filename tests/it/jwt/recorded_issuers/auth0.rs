//! Auth0.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder, Profile},
};
use serde_json::json;

use super::recorded::{CERTIFICATE, Recorded, Token, changed, outcome, scopes};
use crate::support::outcome::verify_token;

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://acme.eu.auth0.com/")
        .audience("https://orders.acme.example")
        .algorithms([Algorithm::Rs256])
        .scope_claim("permissions")
}

/// Two keys: the current one, and the one for the next rotation.
fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let key = |kid: &str| {
        recorded.jwk(json!({
            "alg": "RS256", "use": "sig", "kid": kid, "x5t": "dfrlEXMuWrPaCbmIrpXaiwNjFf4",
            "x5c": [CERTIFICATE],
        }))
    };
    let mut next = key("u3kq9XbXk2b5gk1bN0T3x");
    next["n"] = json!(next["n"].as_str().unwrap().chars().rev().collect::<String>());
    let keys = json!({ "keys": [key("go14h7EBWUvPRncjniI_2"), next] });
    let metadata = json!({
        "issuer": "https://acme.eu.auth0.com/",
        "authorization_endpoint": "https://acme.eu.auth0.com/authorize",
        "token_endpoint": "https://acme.eu.auth0.com/oauth/token",
        "userinfo_endpoint": "https://acme.eu.auth0.com/userinfo",
        "jwks_uri": "https://acme.eu.auth0.com/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["HS256", "RS256", "PS256"],
        "subject_types_supported": ["public"],
    });
    recorded
        .serving("https://acme.eu.auth0.com/.well-known/openid-configuration", metadata)
        .serving("https://acme.eu.auth0.com/.well-known/jwks.json", keys)
}

/// A token of a user, for an API with RBAC and permissions in the token.
fn access_token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "typ": "JWT", "kid": "go14h7EBWUvPRncjniI_2" }),
        claims: json!({
            "iss": "https://acme.eu.auth0.com/",
            "sub": "auth0|6553da60a54af58e29493993",
            "aud": ["https://orders.acme.example", "https://acme.eu.auth0.com/userinfo"],
            "iat": now,
            "exp": now + 86_400,
            "scope": "openid profile read:orders",
            "azp": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
            "permissions": ["read:orders", "write:orders"],
        }),
    }
}

#[tokio::test]
async fn tokens_of_users_and_machines_are_accepted() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let user = access_token(&recorded);
    let identity = verify_token(&verifier, &recorded.mint(&user)).await.unwrap();
    assert_eq!(identity.client_id(), Some("K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja"));
    assert_eq!(scopes(&identity), "openid profile read:orders write:orders");

    let machine = json!({
        "sub": "awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients",
        "aud": "https://orders.acme.example",
        "azp": "awZfdIir8YFdGZWkvCejDoUb7SjTDicx",
        "scope": "read:orders",
        "gty": "client-credentials",
        "permissions": null,
    });
    let machine = Token { claims: changed(&user.claims, &machine), ..user };
    let outcome = outcome(verify_token(&verifier, &recorded.mint(&machine)).await);
    assert_eq!(outcome.as_deref(), Ok("read:orders"));
}

#[tokio::test]
async fn all_but_access_tokens_for_this_api_are_rejected() {
    use TokenFault::{Audience, Issuer, Malformed};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = access_token(&recorded);
    let same = || json!({});
    let id_token = json!({
        "aud": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja", "nonce": "bm9uY2U", "sid": "s1", "azp": null,
        "scope": null, "permissions": null, "nickname": "alice", "email": "alice@acme.example",
    });
    let near_misses = vec![
        ("an ID token", same(), id_token, Audience),
        (
            "userinfo only",
            same(),
            json!({ "aud": ["https://acme.eu.auth0.com/userinfo"] }),
            Audience,
        ),
        (
            "the Management API",
            same(),
            json!({ "aud": "https://acme.eu.auth0.com/api/v2/" }),
            Audience,
        ),
        (
            "our audience with a slash",
            same(),
            json!({ "aud": "https://orders.acme.example/" }),
            Audience,
        ),
        (
            "a tenant in another region",
            same(),
            json!({ "iss": "https://acme.us.auth0.com/" }),
            Issuer,
        ),
        ("a custom domain", same(), json!({ "iss": "https://login.acme.example/" }), Issuer),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;

    // If the client requested no audience, the token is opaque, or encrypted for Auth0 itself.
    for unreadable in ["Z0nKJ4ZcPtW3pQ-3nrbVqKmHnrbn1z9Q", "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn"]
    {
        assert_eq!(
            outcome(verify_token(&verifier, unreadable).await),
            Err(Malformed),
            "{unreadable}"
        );
    }
}

#[tokio::test]
async fn an_api_with_the_rfc_9068_profile_rejects_other_tokens() {
    let recorded = recorded();
    let verifier = recorded.online(preset().profile(Profile::Rfc9068));
    let old = access_token(&recorded);
    let rfc9068 = Token {
        header: changed(&old.header, &json!({ "typ": "at+jwt" })),
        claims: changed(
            &old.claims,
            &json!({
                "azp": null,
                "client_id": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
                "jti": "73WakrfVbNJBaAmhQtEeDv",
            }),
        ),
    };
    assert_eq!(outcome(verify_token(&verifier, &recorded.mint(&old)).await), Err(TokenFault::Type));
    let near_misses = vec![
        ("without jti", json!({}), json!({ "jti": null }), TokenFault::Claims),
        ("azp alone", json!({}), json!({ "client_id": null, "azp": "a" }), TokenFault::Claims),
    ];
    recorded.assert_rejected(&verifier, &rfc9068, near_misses).await;
}
