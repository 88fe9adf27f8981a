//! JWTs and opaque tokens of several servers, in one layer.

use portcullis::{Issuers, verify::RevocationChecked};

use crate::{
    servers::{Glewlwyd, OidcProvider, RESOURCE},
    service::{service, status},
};

#[tokio::test]
#[ignore = "needs a running server"]
async fn each_token_goes_where_its_form_and_its_issuer_say_and_nowhere_else() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    let glewlwyd = Glewlwyd::alone().await;
    let opaque = root.asking_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let asked_about = glewlwyd.asking_as("rs", "secret").audience(RESOURCE).build().unwrap();
    let issuers = Issuers::builder()
        .trust(root.verifier(&["es256", "rs256"]).build().unwrap())
        .trust_with(&glewlwyd.issuer, asked_about)
        .opaque(opaque.build().unwrap())
        .build()
        .unwrap();
    let app = service(issuers);

    let before = [root.introspections().await, path.introspections().await];
    for kind in ["es256", "rs256"] {
        assert_eq!(status(&app, &root.token(kind).await).await, 200, "{kind}");
    }
    let introspected = glewlwyd.token("es256").await;
    assert_eq!(status(&app, &introspected).await, 200);
    for (case, token) in [
        ("another issuer", path.token("es256").await),
        ("another audience", root.token("es384").await),
        ("encrypted", root.token("jwe").await),
    ] {
        assert_eq!(status(&app, &token).await, 401, "{case}");
    }
    // Of all those only what is no JWT was asked about: the encrypted one has five parts.
    assert_eq!(root.introspections().await - before[0], 1);
    assert_eq!(status(&app, &root.token("opaque").await).await, 200);
    assert_eq!(status(&app, &path.token("opaque").await).await, 401);
    assert_eq!(root.introspections().await - before[0], 3);
    assert_eq!(path.introspections().await, before[1]);

    // What is introspected needs no signature that is checked here, and ends when its server says so.
    glewlwyd.revoke(&introspected).await;
    let unseen = glewlwyd.token("rs256").await;
    glewlwyd.revoke(&unseen).await;
    assert_eq!(status(&app, &unseen).await, 401);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn while_introspection_fails_jwts_go_on_and_opaque_tokens_are_not_judged() {
    let provider = OidcProvider::at_the_root().await;
    let opaque = provider.asking_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let opaque = opaque.build().unwrap();
    let verifier = provider.verifier(&["es256"]).build().unwrap();
    let issuers = Issuers::builder().trust(verifier.clone()).opaque(opaque.clone());
    let app = service(issuers.build().unwrap());
    let checked = service(RevocationChecked::new(verifier, opaque));
    let (jwt, token) = (provider.token("es256").await, provider.token("opaque").await);
    provider.serve_introspection("500").await;
    assert_eq!(status(&app, &jwt).await, 200);
    assert_eq!(status(&app, &token).await, 503);
    assert_eq!(status(&checked, &jwt).await, 503, "nobody says whether it was revoked");
    provider.serve_introspection("ok").await;
    assert_eq!(status(&app, &token).await, 200);
}
