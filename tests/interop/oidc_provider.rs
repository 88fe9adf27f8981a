//! Tokens of oidc-provider.

use portcullis::{Algorithm, ErrorKind, error::TokenFault, jwt::Profile};

use crate::servers::{OidcProvider, RESOURCE, SECRET, rejection, verify};

const ASYMMETRIC: [&str; 11] = [
    "rs256", "rs384", "rs512", "ps256", "ps384", "ps512", "es256", "es384", "es512", "eddsa",
    "ed25519",
];
const SYMMETRIC: [(&str, Algorithm); 3] =
    [("hs256", Algorithm::Hs256), ("hs384", Algorithm::Hs384), ("hs512", Algorithm::Hs512)];

#[tokio::test]
#[ignore = "needs a running server"]
async fn tokens_of_every_algorithm_are_verified_in_both_profiles() {
    for provider in [OidcProvider::at_the_root().await, OidcProvider::at_a_path().await] {
        for profile in [Profile::Relaxed, Profile::Rfc9068] {
            let verifier = provider.verifier(&ASYMMETRIC).profile(profile).build().unwrap();
            for kind in ASYMMETRIC {
                let identity = verify(&verifier, &provider.token(kind).await).await;
                let identity = identity.unwrap_or_else(|rejection| {
                    panic!("{kind} of {} in {profile}: {rejection:?}", provider.issuer)
                });
                assert_eq!(identity.issuer(), Some(&*provider.issuer));
                assert_eq!(identity.subject(), Some("svc"), "{kind}");
                assert_eq!(identity.client_id(), Some("svc"), "{kind}");
                assert!(identity.scopes().contains("api:read"), "{kind}");
                assert!(!identity.scopes().contains("api:write"), "{kind}");
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn a_token_of_a_user_is_verified_in_both_profiles() {
    let provider = OidcProvider::at_the_root().await;
    for profile in [Profile::Relaxed, Profile::Rfc9068] {
        let verifier = provider.verifier(&["es256"]).profile(profile).build().unwrap();
        let identity = verify(&verifier, &provider.token_of_alice("es256").await).await.unwrap();
        assert_eq!(identity.subject(), Some("alice"));
        assert_eq!(identity.client_id(), Some("svc"));
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn an_hmac_token_is_verified_only_with_its_secret() {
    let provider = OidcProvider::at_the_root().await;
    for profile in [Profile::Relaxed, Profile::Rfc9068] {
        for (kind, algorithm) in SYMMETRIC {
            let token = provider.token(kind).await;
            let builder = || provider.verifier(&[kind]).profile(profile);
            let with_secret = builder().hmac_secret(algorithm, SECRET).build().unwrap();
            assert_eq!(rejection(&with_secret, &token).await, None, "{kind}");
            let with_another = builder().hmac_secret(algorithm, "x".repeat(64)).build().unwrap();
            let wrong_signature = Some(ErrorKind::InvalidToken(TokenFault::Signature));
            assert_eq!(rejection(&with_another, &token).await, wrong_signature, "{kind}");
            let with_keys = builder().build().unwrap();
            let wrong_algorithm = Some(ErrorKind::InvalidToken(TokenFault::Algorithm));
            assert_eq!(rejection(&with_keys, &token).await, wrong_algorithm, "{kind}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn tokens_for_other_services_are_rejected_without_a_fetch() {
    let provider = OidcProvider::at_the_root().await;
    let verifier = provider.verifier(&["jwe", "opaque"]).build().unwrap();
    let before = provider.requests_to("/jwks").await;
    for (kind, fault) in [
        ("jwe", TokenFault::Malformed),
        ("opaque", TokenFault::Malformed),
        ("es256", TokenFault::Audience),
        ("hs256", TokenFault::Algorithm),
    ] {
        let rejection = rejection(&verifier, &provider.token(kind).await).await;
        assert_eq!(rejection, Some(ErrorKind::InvalidToken(fault)), "{kind}");
    }
    assert_eq!(provider.requests_to("/jwks").await, before);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn tokens_of_another_issuer_on_the_same_host_are_rejected() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    let fault = Some(ErrorKind::InvalidToken(TokenFault::Issuer));
    for (one, other) in [(&root, &path), (&path, &root)] {
        let verifier = one.verifier(&["es256"]).build().unwrap();
        assert_eq!(rejection(&verifier, &other.token("es256").await).await, fault);
        assert_eq!(rejection(&verifier, &one.token("es256").await).await, None);
    }
    // A trailing slash makes another issuer, even if its metadata exists.
    let slash = portcullis::JwtVerifier::builder(format!("{}/", path.issuer)).audience(RESOURCE);
    let slash = slash.audience(format!("{RESOURCE}es256")).build().unwrap();
    assert_eq!(rejection(&slash, &path.token("es256").await).await, fault);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn concurrent_first_requests_share_one_discovery_and_key_fetch() {
    let provider = OidcProvider::at_the_root().await;
    let token = provider.token("es256").await;
    let paths = ["/openid-configuration", "/jwks"];
    let before = [provider.requests_to(paths[0]).await, provider.requests_to(paths[1]).await];
    let verifier = provider.verifier(&["es256"]).build().unwrap();
    let requests = (0..100).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        tokio::spawn(async move { rejection(&verifier, &token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), None);
    }
    for (path, before) in paths.into_iter().zip(before) {
        assert_eq!(provider.requests_to(path).await - before, 1, "{path}");
    }
}
