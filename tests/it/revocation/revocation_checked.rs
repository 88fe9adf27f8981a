//! JWTs that a second verifier confirms with each request.

use std::time::Duration;

use http::{HeaderMap, header::AUTHORIZATION};
use portcullis::{
    BearerToken, Error, ErrorKind, Identity, IntrospectionVerifier, Issuers, JwtVerifier, Verify,
    error::TokenFault,
    testing::{Fault, TestIssuer},
    verify::{Revocation, RevocationChecked},
};

use crate::support::API;

async fn verify(
    verifier: &impl for<'a> Verify<BearerToken<'a>>,
    token: &str,
) -> Result<Identity, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    verifier.verify(BearerToken::from_headers(&headers)?).wait().await
}

fn jwts(issuer: &TestIssuer) -> JwtVerifier {
    issuer.verifier().audience(API).build().unwrap()
}

fn introspection(issuer: &TestIssuer) -> IntrospectionVerifier {
    issuer.register_client("rs", "rs-secret");
    IntrospectionVerifier::builder(format!("{}/introspect", issuer.issuer()))
        .client_secret_basic("rs", "rs-secret")
        .audience(API)
        .cache_for(Duration::from_secs(30))
        .http_client(issuer.http_client())
        .clock(issuer.clock())
        .build()
        .unwrap()
}

fn inactive(outcome: Result<Identity, Error>) -> bool {
    outcome.is_err_and(|error| error.kind().code() == Some("invalid_token"))
}

#[tokio::test]
async fn a_revoked_jwt_is_rejected_after_the_next_introspection() {
    let issuer = TestIssuer::new();
    let verifier = RevocationChecked::new(jwts(&issuer), introspection(&issuer));
    let token = issuer.token().audience(API).mint();
    assert_eq!(verify(&verifier, &token).await.unwrap().subject(), Some("alice"));
    assert_eq!(issuer.requests_to("/introspect"), 1);

    issuer.revoke(&token);
    verify(&verifier, &token).await.unwrap();
    assert_eq!(issuer.requests_to("/introspect"), 1);

    issuer.clock().advance(Duration::from_secs(30));
    assert!(inactive(verify(&verifier, &token).await));
}

#[tokio::test]
async fn a_revocation_needs_no_introspection() {
    let issuer = TestIssuer::new();
    for which in 0..3 {
        let verifier = RevocationChecked::new(jwts(&issuer), introspection(&issuer));
        let token = issuer.token().audience(API).mint();
        let identity = verify(&verifier, &token).await.unwrap();
        let revocation = match which {
            0 => Revocation::token(token.clone()),
            1 => Revocation::token_id(identity.token_id().unwrap()),
            _ => Revocation::subject("alice"),
        };
        Verify::revoke(&verifier, &revocation).await.unwrap();
        let error = verify(&verifier, &token).await.unwrap_err();
        assert_eq!(error.kind(), TokenFault::Revoked.into(), "{revocation:?}");
        assert_eq!(issuer.requests_to("/introspect"), which + 1);
    }
}

#[tokio::test]
async fn an_invalid_jwt_is_not_introspected() {
    let issuer = TestIssuer::new();
    let verifier = RevocationChecked::new(jwts(&issuer), introspection(&issuer));
    let token = issuer.token().audience("https://other.example").mint();
    let error = verify(&verifier, &token).await.unwrap_err();
    assert_eq!(error.kind(), TokenFault::Audience.into());
    assert_eq!(issuer.requests_to("/introspect"), 0);
}

#[tokio::test]
async fn a_valid_jwt_is_503_while_introspection_fails() {
    let issuer = TestIssuer::new();
    let verifier = RevocationChecked::new(jwts(&issuer), introspection(&issuer));
    warm_up(&issuer, &verifier).await;
    issuer.fail(Fault::Status(500));
    let token = issuer.token().audience(API).subject("bob").mint();
    let error = verify(&verifier, &token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

async fn warm_up(issuer: &TestIssuer, verifier: &impl for<'a> Verify<BearerToken<'a>>) {
    verify(verifier, &issuer.token().audience(API).mint()).await.unwrap();
}

#[tokio::test]
async fn tokens_are_dispatched_by_form_and_issuer_only() {
    let (here, there) = (TestIssuer::new(), TestIssuer::named("https://introspecting.test"));
    let issuers = Issuers::builder()
        .trust(jwts(&here))
        .trust_with(there.issuer(), introspection(&there))
        .opaque(introspection(&here))
        .build()
        .unwrap();
    let valid = |issuer: &TestIssuer| issuer.token().audience(API);
    for (token, requests_here, requests_there, accepted) in [
        (valid(&here).mint(), 0, 0, true),
        (valid(&there).mint(), 0, 1, true),
        (valid(&here).mint_opaque(), 1, 1, true),
        (valid(&here).audience("https://other.example").mint(), 1, 1, false),
        ("no-token".to_owned(), 2, 1, false),
    ] {
        assert_eq!(verify(&issuers, &token).await.is_ok(), accepted, "{token}");
        assert_eq!(here.requests_to("/introspect"), requests_here, "{token}");
        assert_eq!(there.requests_to("/introspect"), requests_there, "{token}");
    }
}

#[tokio::test]
async fn a_revocation_reaches_every_verifier_of_several_issuers() {
    let (here, there) = (TestIssuer::new(), TestIssuer::named("https://introspecting.test"));
    let issuers = Issuers::builder()
        .trust(jwts(&here))
        .trust_with(there.issuer(), introspection(&there))
        .opaque(introspection(&here))
        .build()
        .unwrap();
    let tokens = [
        (&here, here.token().audience(API).mint_opaque()),
        (&there, there.token().audience(API).mint()),
    ];
    for (issuer, token) in &tokens {
        verify(&issuers, token).await.unwrap();
        assert_eq!(issuer.requests_to("/introspect"), 1);
    }
    issuers.revoke(&Revocation::subject("alice")).await.unwrap();
    for (_, token) in &tokens {
        let error = verify(&issuers, token).await.unwrap_err();
        assert_eq!(error.kind(), TokenFault::Revoked.into());
    }
}
