//! A layer inside another.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, ErrorBody, Identity, RequireScopeLayer, Scope, ScopeSet,
    TokenFault, Verification, Verify,
};

use crate::support::{send, whoami, with_token};

/// Knows the tokens that begin with its name.
struct Knows(&'static str);

impl Verify<BearerToken<'_>> for Knows {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let identity = Identity::assertion().subject(self.0).scopes(ScopeSet::from_wire("read"));
        let knows = token.as_str().starts_with(self.0);
        Verification::ready(knows.then(|| identity.build()).ok_or(TokenFault::Revoked.into()))
    }
}

#[tokio::test]
async fn the_inner_layer_s_identity_is_the_one_that_is_seen() {
    let app = whoami()
        .layer(AuthenticateLayer::bearer(Knows("gate-house")))
        .layer(AuthenticateLayer::bearer(Knows("gate")));
    assert_eq!(send(&app, with_token("gate-house-1")).await.body, "gate-house");
    assert_eq!(send(&app, with_token("gate-1")).await.status, 401);
}

#[tokio::test]
async fn each_layer_renders_its_own_rejections_and_no_one_renders_twice() {
    let inner = AuthenticateLayer::bearer(Knows("gate-house")).realm("inner");
    let outer = AuthenticateLayer::bearer(Knows("gate")).realm("outer");
    let app = whoami().layer(inner.error_body(ErrorBody::oauth())).layer(outer);

    let answer = send(&app, with_token("abc")).await;
    let challenge =
        r#"Bearer realm="outer", error="invalid_token", error_description="Token revoked.""#;
    assert_eq!(answer.challenge(), Some(challenge));
    assert_eq!(answer.json()["statusCode"], 401);

    let answer = send(&app, with_token("gate-1")).await;
    let challenge =
        r#"Bearer realm="inner", error="invalid_token", error_description="Token revoked.""#;
    assert_eq!(answer.challenge(), Some(challenge));
    assert_eq!(answer.body, r#"{"error":"invalid_token","error_description":"Token revoked."}"#);
    assert_eq!(answer.kind(), Some(TokenFault::Revoked.into()));
}

#[tokio::test]
async fn a_guard_between_two_layers_is_rendered_by_the_outer() {
    let app = whoami()
        .layer(AuthenticateLayer::bearer(Knows("gate")).realm("inner"))
        .layer(RequireScopeLayer::new(Scope::from_static("write")))
        .layer(AuthenticateLayer::bearer(Knows("gate")).realm("outer"));
    let answer = send(&app, with_token("gate")).await;
    assert_eq!(
        answer.challenge(),
        Some(
            r#"Bearer realm="outer", error="insufficient_scope", error_description="Token lacks the required scope.", scope="write""#
        )
    );
}

#[tokio::test]
async fn a_public_router_with_a_protected_part() {
    let admin = Router::new()
        .route("/", get(async |identity: Identity| identity.subject().unwrap().to_owned()))
        .layer(AuthenticateLayer::bearer(Knows("admin")));
    let app = Router::new()
        .route("/", get(async |identity: Option<Identity>| format!("{}", identity.is_some())))
        .nest("/admin", admin)
        .layer(AuthenticateLayer::bearer(Knows("")).allow_anonymous());
    let get = |uri: &str| Request::get(uri.to_owned()).body(Body::empty()).unwrap();
    assert_eq!(send(&app, get("/")).await.body, "false");
    let answer = send(&app, get("/admin")).await;
    assert_eq!(answer.status, 401);

    let mut request = with_token("admin-1");
    *request.uri_mut() = "/admin".parse().unwrap();
    assert_eq!(send(&app, request).await.body, "admin");
}

#[tokio::test]
async fn an_anonymous_request_of_the_outer_layer_is_rejected_by_the_inner() {
    let app = whoami()
        .layer(AuthenticateLayer::bearer(Knows("gate")))
        .layer(AuthenticateLayer::bearer(Knows("gate")).allow_anonymous());
    assert_eq!(send(&app, Request::new(Body::empty())).await.status, 401);
    assert_eq!(send(&app, with_token("gate")).await.body, "gate");
}

#[tokio::test]
async fn an_anonymous_inner_layer_does_not_keep_the_outer_identity_for_another_caller() {
    let app = whoami()
        .layer(AuthenticateLayer::bearer(Knows("gate")).allow_anonymous())
        .layer(AuthenticateLayer::bearer(Knows("gate")));
    assert_eq!(send(&app, with_token("gate")).await.body, "gate");
    assert_eq!(send(&app, Request::new(Body::empty())).await.status, 401);
}
