//! JWTs of glewlwyd, which it is asked about.

use portcullis::{ErrorKind, IntrospectionVerifier, TokenFault};

use crate::{
    servers::{Glewlwyd, INACTIVE, RESOURCE, rejection, verify},
    service::{ask, service},
};

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_jwt_is_introspected_by_each_way_to_authenticate() {
    let server = Glewlwyd::alone().await;
    let own = server.token_of_the_resource_server().await;
    let asking = || IntrospectionVerifier::discover(&server.issuer);
    for (client, asking) in [
        ("basic", server.asking_as("rs", "secret")),
        ("post", asking().client_secret_post("rs", "secret")),
        ("bearer", asking().bearer_token(own)),
    ] {
        let verifier = asking.audience(RESOURCE).audience("api.read").build().unwrap();
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
        assert_eq!(rejection(&verifier, "made-up").await, Some(INACTIVE), "{client}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn our_own_bad_credentials_are_500_though_it_says_nothing_but_401() {
    let server = Glewlwyd::alone().await;
    let token = server.token("es256").await;
    let asking = || IntrospectionVerifier::discover(&server.issuer);
    // A token without the scope `introspect` is none to introspect with.
    let unfit = server.token("rs256").await;
    for (case, asking) in [
        ("wrong secret", server.asking_as("rs", "guess")),
        ("wrong secret, posted", asking().client_secret_post("rs", "guess")),
        ("unknown client", server.asking_as("nobody", "secret")),
        ("no token of its own", asking().bearer_token("made-up")),
        ("a token without the scope", asking().bearer_token(unfit)),
    ] {
        let app = service(asking.audience(RESOURCE).build().unwrap());
        assert_eq!(ask(&app, &token).await, (500, None), "{case}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn the_audience_of_a_user_s_token_is_its_scope() {
    let server = Glewlwyd::alone().await;
    let token = server.token_of_alice("es256").await;
    let rejected = Some(ErrorKind::InvalidToken(TokenFault::Audience));
    for (audience, verdict) in [(RESOURCE, rejected), ("api.read", None)] {
        let verifier = server.asking_as("rs", "secret").audience(audience).build().unwrap();
        assert_eq!(rejection(&verifier, &token).await, verdict, "{audience}");
    }
}
