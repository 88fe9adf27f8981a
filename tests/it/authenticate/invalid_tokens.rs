//! Invalid tokens at public routes: rejected by default, and ignored where a service opts into it.

use axum::{Router, body::Body, routing::any};
use http::{Method, Request};
use portcullis::{
    Access, AuthenticateLayer, BasicCredentials, BearerToken, Error, ErrorKind, Identity, Policies,
    RequireScopeLayer, Scope, Verification, Verify, error::TokenFault, testing::TestIssuer,
};

use crate::support::{API, TestResponse, send, whoami};

/// Knows one token and one outage, at once or after a turn of the runtime.
struct Verifier {
    is_slow: bool,
}

impl Verify<BearerToken<'_>> for Verifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let outcome = match token.as_str() {
            "valid" => Ok(Identity::assertion().subject("alice").build()),
            "outage" => Err(Error::unavailable("no keys")),
            "denied" => Err(Error::access_denied()),
            _ => Err(TokenFault::Expired.into()),
        };
        if !self.is_slow {
            return Verification::ready(outcome);
        }
        Verification::pending(async {
            tokio::task::yield_now().await;
            outcome
        })
    }
}

impl Verify<BasicCredentials> for Verifier {
    fn verify(&self, _: BasicCredentials) -> Verification {
        Verification::ready(Err(ErrorKind::InvalidCredentials.into()))
    }
}

fn layers() -> [AuthenticateLayer; 2] {
    [false, true].map(|is_slow| {
        AuthenticateLayer::bearer(Verifier { is_slow }).basic(Verifier { is_slow }).realm("news")
    })
}

async fn ask(app: &Router, path: &str, authorization: Option<&str>) -> TestResponse {
    let mut request = Request::get(path);
    if let Some(line) = authorization {
        request = request.header("authorization", line);
    }
    send(app, request.body(Body::empty()).unwrap()).await
}

/// The outcome for each `Authorization` where invalid tokens are ignored.
const LINES: [(Option<&str>, u16, &str); 9] = [
    (None, 200, "anonymous"),
    (Some("Bearer valid"), 200, "alice"),
    (Some("Bearer expired"), 200, "anonymous"),
    (Some("Bearer undefined"), 200, "anonymous"),
    (Some("Bearer a b"), 400, ""),
    (Some("Bearer"), 400, ""),
    (Some("Bearer outage"), 503, ""),
    (Some("Bearer denied"), 403, ""),
    (Some("Basic YTpi"), 401, ""),
];

#[tokio::test]
async fn the_option_only_makes_invalid_tokens_anonymous() {
    for layer in layers() {
        let app = whoami().layer(layer.dangerous().anonymous_with_invalid_token());
        for (line, status, body) in LINES {
            let response = ask(&app, "/", line).await;
            assert_eq!(response.status, status, "{line:?}");
            if status == 200 {
                assert_eq!(response.body, body, "{line:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_needs_an_identity_rejects_with_the_error_of_the_token() {
    let challenge =
        r#"Bearer realm="news", error="invalid_token", error_description="Token expired.""#;
    for layer in layers() {
        let read = RequireScopeLayer::new(Scope::from_static("read"));
        let app = Router::new()
            .route("/guarded", any(async || "in").layer(read))
            .route("/mine", any(async |_: Identity| "in"))
            .layer(layer.dangerous().anonymous_with_invalid_token());
        // The guard knows which scope to request.
        for (path, scope) in [("/guarded", r#", scope="read""#), ("/mine", "")] {
            let response = ask(&app, path, Some("Bearer expired")).await;
            assert_eq!(response.kind(), Some(TokenFault::Expired.into()), "{path}");
            let challenge = format!("{challenge}{scope}");
            assert_eq!(response.headers["www-authenticate"], challenge, "{path}");
            let response = ask(&app, path, None).await;
            assert_eq!(response.kind(), Some(ErrorKind::MissingCredentials), "{path}");
        }
    }
}

#[tokio::test]
async fn by_default_and_in_other_rows_an_invalid_token_is_rejected() {
    let policies = || {
        Policies::builder()
            .route(Method::GET, "/", Access::DangerouslyAnonymous)
            .route(Method::GET, "/open", Access::Anonymous)
            .route(Method::GET, "/mine", Access::Authenticated)
            .build()
            .unwrap()
    };
    for layer in layers() {
        let by_default = whoami().layer(layer.clone().allow_anonymous());
        assert_eq!(ask(&by_default, "/", Some("Bearer expired")).await.status, 401);

        for layer in [layer.clone(), layer.dangerous().anonymous_with_invalid_token()] {
            let app = whoami()
                .route("/open", any(async || "in"))
                .route("/mine", any(async || "in"))
                .layer(layer.policies(policies()));
            for (line, status, body) in LINES {
                let response = ask(&app, "/", line).await;
                assert_eq!(response.status, status, "{line:?}");
                if status == 200 {
                    assert_eq!(response.body, body, "{line:?}");
                }
            }
            for (path, anonymous) in [("/open", 200), ("/mine", 401), ("/elsewhere", 401)] {
                assert_eq!(ask(&app, path, None).await.status, anonymous, "{path}");
                assert_eq!(ask(&app, path, Some("Bearer expired")).await.status, 401, "{path}");
            }
        }
    }
    let row = policies().rows()[0].to_string();
    assert_eq!(row, "GET /: anonymous, even with an invalid token");
}

#[tokio::test]
async fn a_token_that_expires_becomes_anonymous() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let layer = AuthenticateLayer::bearer(verifier).dangerous().anonymous_with_invalid_token();
    let app = whoami().layer(layer);
    let line = format!("Bearer {}", issuer.token().audience(API).mint());
    assert_eq!(ask(&app, "/", Some(&line)).await.body, "alice");
    issuer.clock().advance(std::time::Duration::from_secs(24 * 60 * 60));
    assert_eq!(ask(&app, "/", Some(&line)).await.body, "anonymous");
}
