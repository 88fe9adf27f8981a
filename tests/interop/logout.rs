//! Logout tokens of a real server.

use portcullis::security_events::SecurityEvents;
use tokio::net::TcpListener;

use crate::{
    servers::OidcProvider,
    service::{service, status},
};

#[tokio::test]
#[ignore = "needs a running server"]
async fn logout_tokens_of_oidc_provider_revoke_the_tokens_of_the_user() {
    let provider = OidcProvider::at_the_root().await;
    let verifier = provider.verifier(&["rs256"]).build().unwrap();
    let events = SecurityEvents::builder(verifier.clone()).audience("orders-client");
    let events = events.build().unwrap().router("/events");
    let app = service(verifier).merge(events);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/events", listener.local_addr().unwrap());
    let served = app.clone();
    tokio::spawn(async { axum::serve(listener, served).await });

    let (of_alice, of_client) =
        (provider.token_of_alice("rs256").await, provider.token("rs256").await);
    provider.log_out(&uri, "alice", Some("another-session")).await;
    provider.log_out(&uri, "bob", None).await;
    for token in [&of_alice, &of_client] {
        assert_eq!(status(&app, token).await, 200);
    }
    provider.log_out(&uri, "alice", None).await;
    assert_eq!(status(&app, &of_alice).await, 401);
    assert_eq!(status(&app, &of_client).await, 200);
}
