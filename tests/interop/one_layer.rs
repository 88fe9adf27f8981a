//! JWTs and opaque tokens of several servers behind one layer.

use portcullis::{Issuers, verify::RevocationChecked};

use crate::{
    servers::{Glewlwyd, OidcProvider, RESOURCE},
    service::{service, status},
};

#[tokio::test]
#[ignore = "needs a running server"]
async fn tokens_are_dispatched_by_form_and_issuer_only() {
    let (root, path) = (OidcProvider::at_the_root().await, OidcProvider::at_a_path().await);
    let glewlwyd = Glewlwyd::alone().await;
    let opaque = root.introspection_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let introspecting =
        glewlwyd.introspection_as("rs", "secret").audience(RESOURCE).build().unwrap();
    let issuers = Issuers::builder()
        .trust(root.verifier(&["es256", "rs256"]).build().unwrap())
        .trust_with(&glewlwyd.issuer, introspecting)
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
    // Of these tokens, only the encrypted one was introspected, because it has five parts.
    assert_eq!(root.introspections().await - before[0], 1);
    assert_eq!(status(&app, &root.token("opaque").await).await, 200);
    assert_eq!(status(&app, &path.token("opaque").await).await, 401);
    assert_eq!(root.introspections().await - before[0], 3);
    assert_eq!(path.introspections().await, before[1]);

    // A token that is introspected is rejected once its server has revoked it.
    glewlwyd.revoke(&introspected).await;
    let unseen = glewlwyd.token("rs256").await;
    glewlwyd.revoke(&unseen).await;
    assert_eq!(status(&app, &unseen).await, 401);
}

#[tokio::test]
#[ignore = "needs a running server"]
async fn during_failed_introspection_jwts_are_accepted_and_others_503() {
    let provider = OidcProvider::at_the_root().await;
    let opaque = provider.introspection_as("rs", "rs-secret").audience(format!("{RESOURCE}opaque"));
    let opaque = opaque.build().unwrap();
    let verifier = provider.verifier(&["es256"]).build().unwrap();
    let issuers = Issuers::builder().trust(verifier.clone()).opaque(opaque.clone());
    let app = service(issuers.build().unwrap());
    let checked = service(RevocationChecked::new(verifier, opaque));
    let (jwt, token) = (provider.token("es256").await, provider.token("opaque").await);
    provider.serve_introspection("500").await;
    assert_eq!(status(&app, &jwt).await, 200);
    assert_eq!(status(&app, &token).await, 503);
    assert_eq!(status(&checked, &jwt).await, 503, "it may have been revoked");
    provider.serve_introspection("ok").await;
    assert_eq!(status(&app, &token).await, 200);
}
