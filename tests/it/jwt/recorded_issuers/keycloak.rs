//! Keycloak.

use portcullis::{
    Algorithm, JwtVerifier,
    error::TokenFault,
    identity::Confirmation,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::{Map, Value, json};

use super::recorded::{CERTIFICATE, NearMiss, Recorded, Token, both, changed, outcome, scopes};
use crate::support::outcome::verify_token;

const ISSUER: &str = "https://sso.acme.example/realms/acme";
const KID: &str = "FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE";
const ENCRYPTION_KID: &str = "v9xEoA5w0fQkG3pS1cY7mZ2hT4bN6dR8uJ0iL5eX3aM";

fn preset() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://sso.acme.example/realms/acme")
        .audience("orders-api")
        .algorithms([Algorithm::Rs256])
        .require_claim("typ", "Bearer")
        .roles("/realm_access/roles")
        .roles("/resource_access/orders-api/roles")
}

fn with_dpop() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://sso.acme.example/realms/acme")
        .audience("orders-api")
        .algorithms([Algorithm::Rs256])
        .check(|identity| {
            let claims = identity.claims::<Map<String, Value>>()?;
            match claims.get("typ").and_then(Value::as_str) {
                Some("Bearer" | "DPoP") => Ok(()),
                _ => Err(TokenFault::Type.into()),
            }
        })
}

/// A set with a signing key and an encryption key.
fn recorded() -> Recorded {
    let recorded = Recorded::new();
    let key = |kid: &str, algorithm: &str, public_key_use: &str| {
        recorded.jwk(json!({
            "kid": kid, "alg": algorithm, "use": public_key_use, "x5c": [CERTIFICATE],
            "x5t": "qpeIu8K1B6jD0yVkZ5mN7cX2aW4", "x5t#S256": "m3Xq8rT1vY5bN7cD9fG2hJ4kL6pQ8sW0zA1xC3vB5nM",
        }))
    };
    let keys = json!({
        "keys": [key(ENCRYPTION_KID, "RSA-OAEP", "enc"), key(KID, "RS256", "sig")],
    });
    let metadata = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/protocol/openid-connect/auth"),
        "token_endpoint": format!("{ISSUER}/protocol/openid-connect/token"),
        "introspection_endpoint": format!("{ISSUER}/protocol/openid-connect/token/introspect"),
        "jwks_uri": format!("{ISSUER}/protocol/openid-connect/certs"),
        "frontchannel_logout_supported": true,
        "mtls_endpoint_aliases": { "token_endpoint": format!("{ISSUER}/protocol/openid-connect/token") },
    });
    recorded
        .serving(&format!("{ISSUER}/.well-known/openid-configuration"), metadata)
        .serving(&format!("{ISSUER}/protocol/openid-connect/certs"), keys)
}

/// A token of a realm whose clients have an audience mapper for `orders-api`.
fn access_token(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "alg": "RS256", "typ": "JWT", "kid": KID }),
        claims: json!({
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "jti": "onrtac:6f1c1ad2-2c0c-4a0b-8d0e-0f5f1d2b3c4d",
            "iss": ISSUER,
            "aud": ["orders-api", "account"],
            "sub": "f0d3a3a0-5b0e-4b7c-9c1d-2e3f4a5b6c7d",
            "typ": "Bearer",
            "azp": "orders-web",
            "sid": "0c8e5f1a-7b2d-4e6f-8a9b-1c2d3e4f5a6b",
            "acr": "1",
            "allowed-origins": ["https://orders.acme.example"],
            "realm_access": { "roles": ["offline_access", "default-roles-acme", "uma_authorization"] },
            "resource_access": {
                "orders-api": { "roles": ["order-manager"] },
                "billing-api": { "roles": ["billing-admin"] },
                "account": { "roles": ["manage-account", "view-profile"] },
            },
            "scope": "profile email",
            "email_verified": true,
            "name": "Alice Example",
            "preferred_username": "alice",
        }),
    }
}

#[tokio::test]
async fn tokens_of_users_and_service_accounts_are_accepted_with_roles() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let user = access_token(&recorded);
    let identity = verify_token(&verifier, &recorded.mint(&user)).await.unwrap();
    assert_eq!(identity.client_id(), Some("orders-web"));
    assert_eq!(scopes(&identity), "email profile");
    // The roles of the realm and of this API only.
    let roles: Vec<_> = identity.roles().iter().collect();
    let of_realm = ["offline_access", "default-roles-acme", "uma_authorization"];
    assert_eq!(roles, [&of_realm[..], &["order-manager"]].concat());

    let service_account = json!({
        "aud": "orders-api", "azp": "nightly-export", "sid": null, "auth_time": null,
        "realm_access": null, "resource_access": null, "client_id": "nightly-export",
        "preferred_username": "service-account-nightly-export",
    });
    let service = Token { claims: changed(&user.claims, &service_account), ..user };
    let outcome = outcome(verify_token(&verifier, &recorded.mint(&service)).await);
    assert_eq!(outcome.as_deref(), Ok("email profile"));
}

#[tokio::test]
async fn tokens_of_a_realm_without_an_audience_mapper_are_rejected() {
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = access_token(&recorded);
    for aud in [json!("account"), json!(["account", "realm-management"]), Value::Null] {
        let claims = changed(&valid.claims, &json!({ "aud": aud }));
        let token = recorded.mint(&Token { claims, ..valid.clone() });
        assert_eq!(
            outcome(verify_token(&verifier, &token).await),
            Err(TokenFault::Audience),
            "{aud}"
        );
    }
}

#[tokio::test]
async fn all_but_access_tokens_for_this_api_are_rejected() {
    use TokenFault::{Algorithm, Audience, Claims, Issuer, Type, UnknownKey};
    let recorded = recorded();
    let verifier = recorded.online(preset());
    let valid = access_token(&recorded);
    let same = || json!({});
    let typ = |name: &str| json!({ "typ": name });
    let id_token = json!({
        "typ": "ID", "aud": "orders-web", "at_hash": "X9gHr1kT5vB7nM2cD4fG6h", "nonce": "bm9uY2U",
        "realm_access": null, "resource_access": null, "scope": null,
    });
    let near_misses: Vec<NearMiss> = vec![
        ("an ID token", same(), id_token.clone(), Audience),
        ("an ID token for us", same(), both(&id_token, json!({ "aud": "orders-api" })), Type),
        ("an ID token without at_hash", same(), typ("ID"), Type),
        ("a refresh token", same(), typ("Refresh"), Type),
        ("an offline token", same(), typ("Offline"), Type),
        ("a logout token", same(), typ("Logout"), Type),
        ("a token that is bound to a key", same(), typ("DPoP"), Claims),
        ("a token for the action in a mail", same(), typ("verify-email"), Claims),
        ("without typ", same(), json!({ "typ": null }), Claims),
        ("by the realm's secret", json!({ "alg": "HS512" }), typ("Refresh"), Algorithm),
        ("by a key that encrypts", json!({ "kid": ENCRYPTION_KID }), same(), UnknownKey),
        (
            "another realm",
            same(),
            json!({ "iss": "https://sso.acme.example/realms/master" }),
            Issuer,
        ),
        ("another host name", same(), json!({ "iss": "http://keycloak:8080/realms/acme" }), Issuer),
        (
            "as of old",
            same(),
            json!({ "iss": "https://sso.acme.example/auth/realms/acme" }),
            Issuer,
        ),
        ("roles that are no list", same(), json!({ "realm_access": { "roles": 7 } }), Claims),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}

#[tokio::test]
async fn dpop_bound_tokens_are_accepted_next_to_others() {
    const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let recorded = recorded();
    let verifier = recorded.online(with_dpop());
    let valid = access_token(&recorded);
    for (changes, is_bound) in [
        (json!({}), false),
        (json!({ "typ": "DPoP", "cnf": { "jkt": JKT } }), true),
        // Certificates leave `typ` as it is.
        (json!({ "cnf": { "x5t#S256": JKT } }), true),
    ] {
        let claims = changed(&valid.claims, &changes);
        let token = recorded.mint(&Token { claims, ..valid.clone() });
        let identity = verify_token(&verifier, &token).await.unwrap();
        // The bindings that the layer verifies.
        let is_supported = identity.confirmation().is_some_and(Confirmation::is_supported);
        assert_eq!(is_supported, is_bound, "{changes}");
    }
    for typ in ["ID", "Refresh", "Offline", "Logout", "verify-email"] {
        let claims = changed(&valid.claims, &json!({ "typ": typ }));
        let token = recorded.mint(&Token { claims, ..valid.clone() });
        let rejected = outcome(verify_token(&verifier, &token).await);
        assert_eq!(rejected, Err(TokenFault::Type), "{typ}");
    }
}
