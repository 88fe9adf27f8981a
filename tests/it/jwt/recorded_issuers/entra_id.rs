//! Microsoft Entra ID.

use portcullis::{
    Algorithm, ConfigError, Error, Issuers, JwtVerifier,
    error::TokenFault,
    issuers::IssuersBuilder,
    jwt::{AudienceGiven, JwtVerifierBuilder},
};
use serde_json::{Value, json};

use super::recorded::{CERTIFICATE, Recorded, Token, changed, outcome, scopes};
use crate::support::outcome::verify_token;

const TENANT: &str = "8d3f6c1e-5a7b-4c2d-9e0f-1a2b3c4d5e6f";
const PARTNER: &str = "2b7e9f40-6c1d-4a8e-b3f5-7d9c0e1f2a3b";
const KID: &str = "CtTuhMJmD5M7DLdzD2v2x3QKSRY";
const API: &str = "5f4a3b2c-1d0e-4f9a-8b7c-6d5e4f3a2b1c";
const CLIENT: &str = "c0ffee00-1d0e-4f9a-8b7c-6d5e4f3a2b1c";

/// Registered tenants.
const CUSTOMERS: [&str; 2] = [TENANT, PARTNER];

fn version_2() -> JwtVerifierBuilder<AudienceGiven> {
    version_2_of("https://login.microsoftonline.com/8d3f6c1e-5a7b-4c2d-9e0f-1a2b3c4d5e6f/v2.0")
}

fn version_2_of(issuer: &str) -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder(issuer)
        .audience("5f4a3b2c-1d0e-4f9a-8b7c-6d5e4f3a2b1c")
        .algorithms([Algorithm::Rs256])
        .roles("roles")
        .check(|identity| match identity.client_id() {
            Some(_) => Ok(()),
            // An ID token: its audience is the same where API and app share a registration.
            None => Err(TokenFault::Type.into()),
        })
}

fn version_1() -> JwtVerifierBuilder<AudienceGiven> {
    JwtVerifier::builder("https://sts.windows.net/8d3f6c1e-5a7b-4c2d-9e0f-1a2b3c4d5e6f/")
        .jwks_uri(
            "https://login.microsoftonline.com/8d3f6c1e-5a7b-4c2d-9e0f-1a2b3c4d5e6f/discovery/keys",
        )
        .audience("api://orders.acme.example")
        .algorithms([Algorithm::Rs256])
        .roles("roles")
}

fn many_tenants<F>(verifier: F) -> IssuersBuilder
where
    F: Fn(&str) -> Result<JwtVerifier, ConfigError> + Send + Sync + 'static,
{
    Issuers::builder().tenants("https://login.microsoftonline.com/{tenant}/v2.0", move |tenant| {
        let is_known = CUSTOMERS.contains(&tenant.name());
        let verifier = is_known.then(|| verifier(tenant.issuer())).transpose();
        async { verifier.map_err(Error::misconfigured) }
    })
}

/// The login service of one tenant: keys without `alg`, for tokens of both versions.
fn recorded(tenant: &str) -> Recorded {
    let base = format!("https://login.microsoftonline.com/{tenant}");
    let recorded = if tenant == PARTNER { Recorded::with_other_key() } else { Recorded::new() };
    let key = |kid: &str, issuer: Value| {
        recorded.jwk(json!({
            "use": "sig", "kid": kid, "x5t": kid, "x5c": [CERTIFICATE], "issuer": issuer,
            "cloud_instance_name": "microsoftonline.com",
        }))
    };
    let keys = |issuer: Value| json!({ "keys": [key("JYhAcTPMZ_LX6DBlOWQ7Hn0NeXE", issuer.clone()), key(KID, issuer)] });
    let metadata = json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": format!("{base}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "tenant_region_scope": "EU",
    });
    let (version_2_keys, version_1_keys) = (keys(json!(format!("{base}/v2.0"))), keys(Value::Null));
    recorded
        .serving(&format!("{base}/v2.0/.well-known/openid-configuration"), metadata)
        .serving(&format!("{base}/discovery/v2.0/keys"), version_2_keys)
        .serving(&format!("{base}/discovery/keys"), version_1_keys)
}

fn token_2(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "typ": "JWT", "alg": "RS256", "kid": KID }),
        claims: json!({
            "aud": API,
            "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "iat": now, "nbf": now, "exp": now + 4000,
            "aio": "AWQAm/8XAAAA",
            "azp": CLIENT,
            "azpacr": "1",
            "name": "Alice Example",
            "oid": "1b2c3d4e-5f60-4718-92a3-b4c5d6e7f809",
            "preferred_username": "alice@acme.example",
            "rh": "0.ATEA",
            "roles": ["Orders.Approve"],
            "scp": "Orders.Read Orders.Write",
            "sub": "Sx7kQ0pR3tV5wY8zA1bC4dE6fG9hJ2kL",
            "tid": TENANT,
            "uti": "bZ8xN3mQ5kW7jT1vR9yC",
            "ver": "2.0",
        }),
    }
}

fn token_1(recorded: &Recorded) -> Token {
    let now = recorded.now();
    Token {
        header: json!({ "typ": "JWT", "alg": "RS256", "x5t": KID, "kid": KID }),
        claims: json!({
            "aud": "api://orders.acme.example",
            "iss": format!("https://sts.windows.net/{TENANT}/"),
            "iat": now, "nbf": now, "exp": now + 4000,
            "acr": "1",
            "aio": "ATQAy/8TAAAA",
            "amr": ["pwd", "mfa"],
            "appid": CLIENT,
            "appidacr": "1",
            "ipaddr": "203.0.113.7",
            "oid": "1b2c3d4e-5f60-4718-92a3-b4c5d6e7f809",
            "scp": "Orders.Read",
            "sub": "Sx7kQ0pR3tV5wY8zA1bC4dE6fG9hJ2kL",
            "tid": TENANT,
            "unique_name": "alice@acme.example",
            "upn": "alice@acme.example",
            "ver": "1.0",
        }),
    }
}

/// A token of an app that acts without a user.
fn of_an_app(token: &Token) -> Token {
    let app_only = json!({
        "scp": null, "name": null, "preferred_username": null, "upn": null, "unique_name": null,
        "roles": ["Orders.Import"], "idtyp": "app", "azpacr": "2",
    });
    Token { claims: changed(&token.claims, &app_only), ..token.clone() }
}

#[tokio::test]
async fn version_2_tokens_are_accepted_with_scopes_and_roles() {
    let recorded = recorded(TENANT);
    let verifier = recorded.online(version_2());
    let user = token_2(&recorded);
    let identity = verify_token(&verifier, &recorded.mint(&user)).await.unwrap();
    assert_eq!(identity.client_id(), Some(CLIENT));
    assert_eq!(scopes(&identity), "Orders.Read Orders.Write");
    assert!(identity.roles().iter().eq(["Orders.Approve"]));
    let app = verify_token(&verifier, &recorded.mint(&of_an_app(&user))).await.unwrap();
    assert!(app.scopes().is_empty());
    assert!(app.roles().iter().eq(["Orders.Import"]));
}

#[tokio::test]
async fn all_but_version_2_access_tokens_for_this_api_are_rejected() {
    use TokenFault::{Audience, Claims, Issuer, Type};
    let recorded = recorded(TENANT);
    let verifier = recorded.online(version_2());
    let valid = token_2(&recorded);
    let same = || json!({});
    let iss = |iss: String| json!({ "iss": iss });
    let id_token = json!({
        "azp": null, "azpacr": null, "scp": null, "nonce": "bm9uY2U", "email": "alice@acme.example",
    });
    let near_misses = vec![
        ("an ID token of the same app", same(), id_token, Type),
        ("of version 1", same(), iss(format!("https://sts.windows.net/{TENANT}/")), Issuer),
        (
            "another tenant",
            same(),
            iss(format!("https://login.microsoftonline.com/{PARTNER}/v2.0")),
            Issuer,
        ),
        ("any tenant", same(), iss("https://login.microsoftonline.com/common/v2.0".into()), Issuer),
        (
            "the template",
            same(),
            iss("https://login.microsoftonline.com/{tenantid}/v2.0".into()),
            Issuer,
        ),
        (
            "for Microsoft Graph",
            same(),
            json!({ "aud": "00000003-0000-0000-c000-000000000000" }),
            Audience,
        ),
        ("by URI, as in version 1", same(), json!({ "aud": format!("api://{API}") }), Audience),
        ("roles that are no list", same(), json!({ "roles": 7 }), Claims),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}

#[tokio::test]
async fn version_1_tokens_are_accepted_with_keys_from_their_metadata() {
    let recorded = recorded(TENANT);
    let verifier = recorded.online(version_1());
    let user = token_1(&recorded);
    let identity = verify_token(&verifier, &recorded.mint(&user)).await.unwrap();
    assert_eq!(identity.client_id(), Some(CLIENT), "`appid`");
    assert_eq!(scopes(&identity), "Orders.Read");
    let app = verify_token(&verifier, &recorded.mint(&of_an_app(&user))).await.unwrap();
    assert!(app.scopes().is_empty());
    assert!(app.roles().iter().eq(["Orders.Import"]));
}

#[tokio::test]
async fn all_but_version_1_access_tokens_for_this_api_are_rejected() {
    use TokenFault::{Audience, Issuer};
    let recorded = recorded(TENANT);
    let verifier = recorded.online(version_1());
    let valid = token_1(&recorded);
    let same = || json!({});
    let iss = |iss: String| json!({ "iss": iss });
    let id_token =
        json!({ "aud": API, "appid": null, "appidacr": null, "scp": null, "nonce": "bm9uY2U" });
    let near_misses = vec![
        ("an ID token", same(), id_token, Audience),
        (
            "of version 2",
            same(),
            iss(format!("https://login.microsoftonline.com/{TENANT}/v2.0")),
            Issuer,
        ),
        ("another tenant", same(), iss(format!("https://sts.windows.net/{PARTNER}/")), Issuer),
        (
            "a URI within ours",
            same(),
            json!({ "aud": "api://orders.acme.example/Orders.Read" }),
            Audience,
        ),
    ];
    recorded.assert_rejected(&verifier, &valid, near_misses).await;
}

#[tokio::test]
async fn both_versions_are_accepted_by_their_own_rules() {
    let recorded = recorded(TENANT);
    let issuers = Issuers::builder()
        .trust(recorded.online(version_1()))
        .trust(recorded.online(version_2()))
        .build()
        .unwrap();
    let (one, two) = (token_1(&recorded), token_2(&recorded));
    let crossed = |issuer: &Token, audience: &Token| {
        (
            "the other's audience",
            json!({}),
            json!({ "iss": issuer.claims["iss"], "aud": audience.claims["aud"] }),
            TokenFault::Audience,
        )
    };
    recorded.assert_rejected(&issuers, &one, vec![crossed(&one, &two)]).await;
    recorded.assert_rejected(&issuers, &two, vec![crossed(&two, &one)]).await;
}

#[tokio::test]
async fn only_registered_tenants_are_accepted() {
    let (registered, partner) = (recorded(TENANT), recorded(PARTNER));
    let (registered_client, partner_client) = (registered.client(), partner.client());
    let clock = registered.clock();
    let issuers = many_tenants(move |issuer| {
        let client = if issuer.contains(TENANT) { &registered_client } else { &partner_client };
        version_2_of(issuer).http_client(client.clone()).clock(clock.clone()).build()
    });
    let issuers = issuers.build().unwrap();

    let valid = token_2(&registered);
    let of = |tenant: &str| {
        let iss = format!("https://login.microsoftonline.com/{tenant}/v2.0");
        json!({ "iss": iss, "tid": tenant })
    };
    let of_partner = Token { claims: changed(&valid.claims, &of(PARTNER)), ..valid.clone() };
    assert!(verify_token(&issuers, &partner.mint(&of_partner)).await.is_ok());
    assert_eq!(
        outcome(verify_token(&issuers, &registered.mint(&of_partner)).await),
        Err(TokenFault::Signature)
    );

    let near_misses = vec![
        (
            "a tenant unknown here",
            json!({}),
            of("77777777-6c1d-4a8e-b3f5-7d9c0e1f2a3b"),
            TokenFault::Issuer,
        ),
        (
            "personal accounts",
            json!({}),
            of("9188040d-6c67-4c5b-b112-36a304b66dad"),
            TokenFault::Issuer,
        ),
        ("a tenant by its domain", json!({}), of("acme.example"), TokenFault::Issuer),
        ("no tenant", json!({}), of("common"), TokenFault::Issuer),
    ];
    registered.assert_rejected(&issuers, &valid, near_misses).await;
}
