//! Introspection of JWTs by glewlwyd.

use portcullis::{ErrorKind, IntrospectionVerifier, error::TokenFault};

use crate::{
    servers::{Glewlwyd, INACTIVE, RESOURCE, rejection, verify},
    service::{ask, service},
};

#[tokio::test]
#[ignore = "needs a running server"]
async fn each_client_authentication_can_introspect_jwts() {
    let server = Glewlwyd::alone().await;
    let bearer_token = server.token_of_the_resource_server().await;
    let builder = || IntrospectionVerifier::discover(&server.issuer);
    for (client, builder) in [
        ("basic", server.introspection_as("rs", "secret")),
        ("post", builder().client_secret_post("rs", "secret")),
        ("bearer", builder().bearer_token(bearer_token)),
    ] {
        let verifier = builder.audience(RESOURCE).audience("api.read").build().unwrap();
        for algorithm in ["rs256", "ps512", "es256", "es512", "eddsa", "hs256"] {
            let identity = verify(&verifier, &server.token(algorithm).await).await;
            let identity =
                identity.unwrap_or_else(|rejection| panic!("{client}, {algorithm}: {rejection:?}"));
            assert_eq!(identity.client_id(), Some(&*format!("svc-{algorithm}")), "{client}");
            assert_eq!(identity.subject(), None, "{client}");
            assert_eq!(identity.scopes().to_string(), "api.read", "{client}");
            assert!(identity.token_id().is_some(), "{client}");
        }
        let identity = verify(&verifier, &server.token_of_alice("es256").await).await.unwrap();
        assert!(identity.subject().is_some(), "{client}");
        assert!(identity.raw_claims().contains(r#""username":"alice""#), "{client}");
        assert_eq!(rejection(&verifier, "a.b.c").await, Some(INACTIVE), "{client}");
        assert_eq!(rejection(&verifier, "unknown").await, Some(INACTIVE), "{client}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn invalid_client_credentials_are_500_for_a_bare_401() {
    let server = Glewlwyd::alone().await;
    let token = server.token("es256").await;
    let builder = || IntrospectionVerifier::discover(&server.issuer);
    // A token without the scope `introspect` does not authorize introspection.
    let without_scope = server.token("rs256").await;
    for (case, builder) in [
        ("wrong secret", server.introspection_as("rs", "guess")),
        ("wrong secret, posted", builder().client_secret_post("rs", "guess")),
        ("unknown client", server.introspection_as("unknown", "secret")),
        ("an unknown bearer token", builder().bearer_token("unknown")),
        ("a token without the scope", builder().bearer_token(without_scope)),
    ] {
        let app = service(builder.audience(RESOURCE).build().unwrap());
        assert_eq!(ask(&app, &token).await, (500, None), "{case}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn the_audience_of_a_user_token_is_its_scope() {
    let server = Glewlwyd::alone().await;
    let token = server.token_of_alice("es256").await;
    let rejected = Some(ErrorKind::InvalidToken(TokenFault::Audience));
    for (audience, outcome) in [(RESOURCE, rejected), ("api.read", None)] {
        let verifier = server.introspection_as("rs", "secret").audience(audience).build().unwrap();
        assert_eq!(rejection(&verifier, &token).await, outcome, "{audience}");
    }
}
