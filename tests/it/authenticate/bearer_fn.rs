//! Access tokens that are verified by a function.

use std::time::Duration;

use portcullis::{
    AuthenticateLayer, BearerToken, Error, Identity, error::TokenFault, verify::BearerFn,
};

use crate::support::{send, whoami, with_token};

#[tokio::test]
async fn each_outcome_of_the_function_is_a_response() {
    let verifier = BearerFn::new(async |token: BearerToken<'static>| match token.as_str() {
        "of-alice" => Ok(Some(Identity::assertion().subject("alice").build())),
        "revoked" => Err(TokenFault::Revoked.into()),
        "outage" => {
            Err(Error::unavailable("database unreachable").with_retry_after(Duration::from_secs(3)))
        }
        _ => Ok(None),
    });
    assert_eq!(format!("{verifier:?}"), "BearerFn");
    let app = whoami().layer(AuthenticateLayer::bearer(verifier).realm("r"));
    for (token, status, challenge, body) in [
        ("of-alice", 200, None, "alice"),
        (
            "unknown",
            401,
            Some(
                r#"Bearer realm="r", error="invalid_token", error_description="Token not accepted.""#,
            ),
            "Token not accepted.",
        ),
        (
            "revoked",
            401,
            Some(r#"Bearer realm="r", error="invalid_token", error_description="Token revoked.""#),
            "Token revoked.",
        ),
        ("outage", 503, None, "Authentication temporarily unavailable."),
    ] {
        let response = send(&app, with_token(token)).await;
        assert_eq!(response.status.as_u16(), status, "{token}");
        assert_eq!(response.challenge(), challenge, "{token}");
        assert!(response.body.contains(body), "{token}: {}", response.body);
        assert_eq!(response.headers.contains_key("retry-after"), token == "outage");
    }
}

#[tokio::test]
async fn the_function_may_use_state_of_the_service() {
    let users =
        std::sync::Arc::new(std::collections::HashMap::from([("t1", "alice"), ("t2", "bob")]));
    let verifier = BearerFn::new(move |token: BearerToken<'static>| {
        let users = std::sync::Arc::clone(&users);
        async move {
            tokio::task::yield_now().await;
            let user = users.get(token.as_str());
            Ok(user.map(|user| Identity::assertion().subject(*user).build()))
        }
    });
    let app = whoami().layer(AuthenticateLayer::bearer(verifier));
    for (token, status, body) in [("t1", 200, "alice"), ("t2", 200, "bob"), ("t3", 401, "")] {
        let response = send(&app, with_token(token)).await;
        assert_eq!(response.status.as_u16(), status);
        assert!(response.body.contains(body));
    }
}
