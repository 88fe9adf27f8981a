//! The claims that hold scopes.

use portcullis::{JwtVerifier, error::TokenFault, testing::TestIssuer};
use serde_json::{Value, json};

use super::{builder, token};
use crate::support::verify;

async fn scopes(
    verifier: &JwtVerifier,
    issuer: &TestIssuer,
    claims: Value,
) -> Result<String, TokenFault> {
    let Value::Object(claims) = claims else { panic!("an object of claims") };
    let token =
        claims.into_iter().fold(token(issuer), |token, (name, value)| token.claim(&name, value));
    match verify(verifier, &token.mint()).await {
        Ok(identity) => Ok(identity.scopes().as_str().to_owned()),
        Err(portcullis::ErrorKind::InvalidToken(fault)) => Err(fault),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn scope_and_scp_may_be_a_string_or_an_array() {
    let issuer = TestIssuer::new();
    let verifier = builder(&issuer).build().unwrap();
    for (claims, found) in [
        (json!({}), Ok("")),
        (json!({ "scope": "read write" }), Ok("read write")),
        (json!({ "scope": "  read   write  " }), Ok("read write")),
        (json!({ "scope": "" }), Ok("")),
        (json!({ "scope": null }), Ok("")),
        (json!({ "scope": ["read", "write"] }), Ok("read write")),
        (json!({ "scope": [] }), Ok("")),
        (json!({ "scp": "read write" }), Ok("read write")),
        (json!({ "scp": ["read"] }), Ok("read")),
        (json!({ "scope": "read", "scp": ["write"] }), Ok("read write")),
        (json!({ "scope": 1 }), Err(TokenFault::Claims)),
        (json!({ "scope": true }), Err(TokenFault::Claims)),
        (json!({ "scope": {} }), Err(TokenFault::Claims)),
        (json!({ "scope": ["read", 1] }), Err(TokenFault::Claims)),
        (json!({ "scp": { "read": true } }), Err(TokenFault::Claims)),
        (json!({ "permissions": ["read"], "roles": ["write"] }), Ok("")),
        (json!({ "scopes": "read" }), Ok("")),
    ] {
        let outcome = scopes(&verifier, &issuer, claims.clone()).await;
        assert_eq!(outcome, found.map(str::to_owned), "{claims}");
    }
}

#[tokio::test]
async fn invalid_scopes_are_skipped_and_never_split() {
    let issuer = TestIssuer::new();
    let verifier = builder(&issuer).build().unwrap();
    for (claims, found) in [
        (json!({ "scope": ["read admin"] }), ""),
        (json!({ "scope": ["read", "order admin", "write"] }), "read write"),
        (json!({ "scope": ["", " ", "read"] }), "read"),
        (json!({ "scope": "read \"admin\" a\\b caf\u{e9} write" }), "read write"),
        (json!({ "scope": "read\tadmin" }), ""),
        (json!({ "scope": "read\nadmin write" }), "write"),
        (json!({ "scope": "read,admin" }), "read,admin"),
        (json!({ "scope": "read\u{a0}admin" }), ""),
    ] {
        assert_eq!(
            scopes(&verifier, &issuer, claims.clone()).await.as_deref(),
            Ok(found),
            "{claims}"
        );
    }
}

#[tokio::test]
async fn scope_claims_are_configured_by_name_or_json_pointer() {
    let issuer = TestIssuer::new();
    let keycloak = json!({
        "scope": "profile",
        "realm_access": { "roles": ["admin", "offline_access"] },
        "resource_access": { "orders": { "roles": ["read"] }, "a/b~c": { "roles": ["odd"] } },
    });
    for (scope_claims, claims, found) in [
        (&["permissions"][..], json!({ "permissions": ["read:orders"] }), Ok("read:orders")),
        (&["permissions"], json!({ "permissions": "read write" }), Ok("read write")),
        (&["permissions"], json!({ "scope": "a", "permissions": ["b"] }), Ok("a b")),
        (&["permissions"], json!({}), Ok("")),
        (&["permissions"], json!({ "permissions": 7 }), Err(TokenFault::Claims)),
        (&["permissions", "roles"], json!({ "roles": ["r"], "permissions": ["p"] }), Ok("p r")),
        (&["https://acme.example/roles"], json!({ "https://acme.example/roles": ["a"] }), Ok("a")),
        (&["/realm_access/roles"], keycloak.clone(), Ok("profile admin offline_access")),
        (&["/resource_access/orders/roles"], keycloak.clone(), Ok("profile read")),
        (&["/resource_access/a~1b~0c/roles"], keycloak.clone(), Ok("profile odd")),
        (&["/realm_access/roles/0"], keycloak.clone(), Ok("profile admin")),
        (&["/realm_access/groups", "/does/not/exist"], keycloak.clone(), Ok("profile")),
        (&["realm_access"], keycloak.clone(), Err(TokenFault::Claims)),
        (&["realm_access/roles"], keycloak, Ok("profile")),
    ] {
        let mut builder = builder(&issuer);
        for scope_claim in scope_claims {
            builder = builder.scope_claim(scope_claim);
        }
        let verifier = builder.build().unwrap();
        let outcome = scopes(&verifier, &issuer, claims.clone()).await;
        assert_eq!(outcome, found.map(str::to_owned), "{scope_claims:?} {claims}");
    }
}

#[tokio::test]
async fn a_thousand_scopes_are_read() {
    let issuer = TestIssuer::new();
    let verifier = builder(&issuer).build().unwrap();
    let many: Vec<_> = (0..1000).map(|n| format!("s{n}")).collect();
    let outcome = scopes(&verifier, &issuer, json!({ "scope": many })).await;
    assert_eq!(outcome, Ok(many.join(" ")));
}
