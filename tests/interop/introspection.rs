//! Opaque tokens of oidc-provider, which it is asked about.

use portcullis::{ErrorKind, IntrospectionVerifier, TokenFault};

use crate::{
    servers::{Asking, INACTIVE, OidcProvider, RESOURCE, rejection, verify},
    service::{ask, service},
};

/// An id and a secret that RFC 6749 §2.3.1 and forms want encoded.
const ODD: [&str; 3] = ["rs:odd", "rs-post:odd", "a+b c%d&e=f/g:h"];

/// One for each way to authenticate.
fn clients(provider: &OidcProvider) -> [(&'static str, Asking); 4] {
    let asking = || IntrospectionVerifier::discover(&provider.issuer);
    [
        ("basic", provider.asking_as("rs", "rs-secret")),
        ("basic, odd", provider.asking_as(ODD[0], ODD[2])),
        ("post", asking().client_secret_post("rs-post", "rs-secret")),
        ("post, odd", asking().client_secret_post(ODD[1], ODD[2])),
    ]
}

fn audience() -> String {
    format!("{RESOURCE}opaque")
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn an_opaque_token_is_introspected_by_each_way_to_authenticate() {
    for provider in [OidcProvider::at_the_root().await, OidcProvider::at_a_path().await] {
        let (service_s, alice_s) =
            (provider.token("opaque").await, provider.token_of_alice("opaque").await);
        for (client, asking) in clients(&provider) {
            let verifier = asking.audience(audience()).build().unwrap();
            let identity = verify(&verifier, &service_s).await;
            let identity = identity.unwrap_or_else(|rejection| panic!("{client}: {rejection:?}"));
            assert_eq!(identity.issuer(), Some(&*provider.issuer), "{client}");
            assert_eq!((identity.subject(), identity.client_id()), (None, Some("svc")), "{client}");
            assert_eq!(identity.scopes().to_string(), "api:read", "{client}");
            assert!(identity.expires_at().is_some(), "{client}");
            let identity = verify(&verifier, &alice_s).await.unwrap();
            assert_eq!(identity.subject(), Some("alice"), "{client}");
            assert!(identity.scopes().contains("api:write"), "{client}");
            assert_eq!(rejection(&verifier, "made-up").await, Some(INACTIVE), "{client}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn our_own_bad_credentials_are_500_and_a_bad_token_is_401() {
    let provider = OidcProvider::at_the_root().await;
    let good = provider.token("opaque").await;
    let asking = || IntrospectionVerifier::discover(&provider.issuer);
    for (case, asking) in [
        ("wrong secret", asking().client_secret_basic("rs", "guess")),
        ("wrong secret, posted", asking().client_secret_post("rs-post", "guess")),
        ("unknown client", asking().client_secret_basic("nobody", "rs-secret")),
    ] {
        let app = service(asking.audience(audience()).build().unwrap());
        for token in [&*good, "made-up"] {
            assert_eq!(ask(&app, token).await, (500, None), "{case}");
        }
    }
    let app = service(provider.asking_as("rs", "rs-secret").audience(audience()).build().unwrap());
    assert_eq!(ask(&app, &good).await, (200, None));
    let (status, challenge) = ask(&app, "made-up").await;
    assert_eq!(status, 401);
    let expected = r#"Bearer error="invalid_token", error_description="Token inactive.""#;
    assert_eq!(challenge.as_deref(), Some(expected));
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn an_audience_is_needed_and_must_be_ours() {
    let provider = OidcProvider::at_the_root().await;
    // Without a resource the token has no audience.
    let (named, unnamed) =
        (provider.token("opaque").await, provider.token_without_resource().await);
    let rejected = Some(ErrorKind::InvalidToken(TokenFault::Audience));
    let asking = || provider.asking_as("rs", "rs-secret");
    for (verifier, of_named, of_unnamed) in [
        (asking().audience(audience()), None, rejected),
        (asking().audience("https://other.example"), rejected, rejected),
        (asking().without_audience(), rejected, None),
        (asking().without_audience().audience(audience()), None, None),
    ] {
        let verifier = verifier.build().unwrap();
        assert_eq!(rejection(&verifier, &named).await, of_named, "{verifier:?}");
        assert_eq!(rejection(&verifier, &unnamed).await, of_unnamed, "{verifier:?}");
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_jwt_which_it_does_not_introspect_is_rejected_and_no_fault_of_ours() {
    let provider = OidcProvider::at_the_root().await;
    let verifier = provider.asking_as("rs", "rs-secret").audience(audience()).build().unwrap();
    let rejected = Some(ErrorKind::InvalidToken(TokenFault::Type));
    assert_eq!(rejection(&verifier, &provider.token("es256").await).await, rejected);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_hundred_requests_at_once_are_one_introspection() {
    let provider = OidcProvider::at_the_root().await;
    let token = provider.token("opaque").await;
    let verifier = provider.asking_as("rs", "rs-secret").audience(audience()).build().unwrap();
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
