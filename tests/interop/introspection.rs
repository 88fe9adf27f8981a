//! Introspection of opaque tokens by oidc-provider.

use portcullis::{
    Algorithm, ConfigError, ErrorKind, IntrospectionVerifier, error::TokenFault,
    introspection::PrivateKey,
};

use crate::{
    servers::{Builder, INACTIVE, OidcProvider, RESOURCE, rejection, verify},
    service::{ask, service},
};

/// Client ids and a secret that must be encoded in forms and by RFC 6749 §2.3.1.
const SPECIAL: [&str; 3] = ["rs:odd", "rs-post:odd", "a+b c%d&e=f/g:h"];

macro_rules! private_key {
    ($name:literal) => {
        PrivateKey::from_pem(include_str!(concat!("../it/introspection/private_keys/", $name)))
    };
}

/// One client for each way to authenticate.
fn clients(provider: &OidcProvider) -> [(&'static str, Builder); 10] {
    let builder = || IntrospectionVerifier::discover(&provider.issuer);
    let signing = |client: &str, key: Result<PrivateKey, ConfigError>| {
        builder().private_key_jwt(client, key.unwrap())
    };
    let ps256 = private_key!("rsa.pem").unwrap().with_algorithm(Algorithm::Ps256);
    [
        ("RS256", signing("rs-key-rsa", private_key!("rsa-pkcs1.pem"))),
        ("PS256", signing("rs-key-rsa", ps256)),
        ("ES256", signing("rs-key-p256", private_key!("p256.pem"))),
        ("ES384", signing("rs-key-p384", private_key!("p384-sec1.pem"))),
        ("ES512", signing("rs-key-p521", private_key!("p521.pem"))),
        ("EdDSA", signing("rs-key-ed25519", private_key!("ed25519.pem"))),
        ("basic", provider.introspection_as("rs", "rs-secret")),
        ("basic, special characters", provider.introspection_as(SPECIAL[0], SPECIAL[2])),
        ("post", builder().client_secret_post("rs-post", "rs-secret")),
        ("post, special characters", builder().client_secret_post(SPECIAL[1], SPECIAL[2])),
    ]
}

fn audience() -> String {
    format!("{RESOURCE}opaque")
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn each_client_authentication_can_introspect_opaque_tokens() {
    for provider in [OidcProvider::at_the_root().await, OidcProvider::at_a_path().await] {
        let (service_s, alice_s) =
            (provider.token("opaque").await, provider.token_of_alice("opaque").await);
        for (client, builder) in clients(&provider) {
            let verifier = builder.audience(audience()).build().unwrap();
            let identity = verify(&verifier, &service_s).await;
            let identity = identity.unwrap_or_else(|rejection| panic!("{client}: {rejection:?}"));
            assert_eq!(identity.issuer(), Some(&*provider.issuer), "{client}");
            assert_eq!((identity.subject(), identity.client_id()), (None, Some("svc")), "{client}");
            assert_eq!(identity.scopes().to_string(), "api:read", "{client}");
            assert!(identity.expires_at().is_some(), "{client}");
            let identity = verify(&verifier, &alice_s).await.unwrap();
            assert_eq!(identity.subject(), Some("alice"), "{client}");
            assert!(identity.scopes().contains("api:write"), "{client}");
            assert_eq!(rejection(&verifier, "unknown").await, Some(INACTIVE), "{client}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn invalid_client_credentials_are_500_and_invalid_tokens_401() {
    let provider = OidcProvider::at_the_root().await;
    let valid = provider.token("opaque").await;
    let builder = || IntrospectionVerifier::discover(&provider.issuer);
    for (case, builder) in [
        ("wrong secret", builder().client_secret_basic("rs", "guess")),
        ("wrong secret, posted", builder().client_secret_post("rs-post", "guess")),
        ("unknown client", builder().client_secret_basic("unknown", "rs-secret")),
    ] {
        let app = service(builder.audience(audience()).build().unwrap());
        for token in [&*valid, "unknown"] {
            assert_eq!(ask(&app, token).await, (500, None), "{case}");
        }
    }
    let app =
        service(provider.introspection_as("rs", "rs-secret").audience(audience()).build().unwrap());
    assert_eq!(ask(&app, &valid).await, (200, None));
    let (status, challenge) = ask(&app, "unknown").await;
    assert_eq!(status, 401);
    let challenge = challenge.unwrap();
    assert!(challenge.ends_with(r#"error_description="Token inactive.""#), "{challenge}");
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn the_audience_must_match() {
    let provider = OidcProvider::at_the_root().await;
    // Without a resource the token has no audience.
    let (with_audience, without_audience) =
        (provider.token("opaque").await, provider.token_without_resource().await);
    let rejected = Some(ErrorKind::InvalidToken(TokenFault::Audience));
    let builder = || provider.introspection_as("rs", "rs-secret");
    for (verifier, expected_with, expected_without) in [
        (builder().audience(audience()), None, rejected),
        (builder().audience("https://other.example"), rejected, rejected),
        (builder().without_audience(), rejected, None),
        (builder().without_audience().audience(audience()), None, None),
    ] {
        let verifier = verifier.build().unwrap();
        assert_eq!(rejection(&verifier, &with_audience).await, expected_with, "{verifier:?}");
        assert_eq!(rejection(&verifier, &without_audience).await, expected_without, "{verifier:?}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_jwt_that_the_server_does_not_introspect_is_rejected() {
    let provider = OidcProvider::at_the_root().await;
    let verifier =
        provider.introspection_as("rs", "rs-secret").audience(audience()).build().unwrap();
    let rejected = Some(ErrorKind::InvalidToken(TokenFault::Type));
    assert_eq!(rejection(&verifier, &provider.token("es256").await).await, rejected);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn concurrent_requests_share_one_introspection() {
    let provider = OidcProvider::at_the_root().await;
    let token = provider.token("opaque").await;
    let verifier =
        provider.introspection_as("rs", "rs-secret").audience(audience()).build().unwrap();
    let before = provider.introspections().await;
    let requests = (0..100).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { rejection(&verifier, &token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), None);
    }
    assert_eq!(provider.introspections().await - before, 1);
}
