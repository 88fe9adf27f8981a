//! Tokens of glewlwyd.

use portcullis::{Algorithm, ErrorKind, error::TokenFault, jwt::Profile};

use crate::servers::{Glewlwyd, SECRET, rejection, verify};

#[tokio::test]
#[ignore = "needs a running server"]
async fn tokens_of_every_algorithm_are_verified_in_both_profiles() {
    let server = Glewlwyd::alone().await;
    for profile in [Profile::Relaxed, Profile::Rfc9068] {
        let verifier = server.verifier().profile(profile).build().unwrap();
        for algorithm in [
            "rs256", "rs384", "rs512", "ps256", "ps384", "ps512", "es256", "es384", "es512",
            "eddsa",
        ] {
            let identity = verify(&verifier, &server.token(algorithm).await).await;
            let identity = identity
                .unwrap_or_else(|rejection| panic!("{algorithm} in {profile}: {rejection:?}"));
            assert_eq!(identity.issuer(), Some(&*server.issuer), "{algorithm}");
            let client = format!("svc-{algorithm}");
            assert_eq!(identity.subject(), Some(&*client), "{algorithm}");
            assert_eq!(identity.client_id(), Some(&*client), "{algorithm}");
            assert!(identity.scopes().contains("api.read"), "{algorithm}");
        }
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn the_audience_of_a_user_token_is_its_scope() {
    let server = Glewlwyd::alone().await;
    let token = server.token_of_alice("es256").await;
    for profile in [Profile::Relaxed, Profile::Rfc9068] {
        let builder = || server.verifier().profile(profile);
        let rejected = Some(ErrorKind::InvalidToken(TokenFault::Audience));
        assert_eq!(rejection(&builder().build().unwrap(), &token).await, rejected);
        let identity = verify(&builder().audience("api.read").build().unwrap(), &token).await;
        let identity = identity.unwrap_or_else(|rejection| panic!("in {profile}: {rejection:?}"));
        assert!(identity.subject().is_some());
        assert!(identity.scopes().contains("api.read"));
    }
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn an_hmac_token_is_verified_only_with_its_secret() {
    let server = Glewlwyd::alone().await;
    for (name, algorithm) in
        [("hs256", Algorithm::Hs256), ("hs384", Algorithm::Hs384), ("hs512", Algorithm::Hs512)]
    {
        let token = server.token(name).await;
        let with_secret = server.verifier().hmac_secret(algorithm, SECRET).build().unwrap();
        assert_eq!(rejection(&with_secret, &token).await, None, "{name}");
        let unfit = Some(ErrorKind::InvalidToken(TokenFault::Algorithm));
        assert_eq!(rejection(&server.verifier().build().unwrap(), &token).await, unfit, "{name}");
    }
}
