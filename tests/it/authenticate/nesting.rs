//! One layer inside another.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, ErrorBody, Identity, RequireScopeLayer, Scope, ScopeSet,
    Verification, Verify, error::TokenFault,
};

use crate::support::{send, whoami, with_token};

/// Accepts the tokens that begin with its name.
struct PrefixVerifier(&'static str);

impl Verify<BearerToken<'_>> for PrefixVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let identity = Identity::assertion().subject(self.0).scopes(ScopeSet::from_wire("read"));
        let accepted = token.as_str().starts_with(self.0);
        Verification::ready(accepted.then(|| identity.build()).ok_or(TokenFault::Revoked.into()))
    }
}

#[tokio::test]
async fn handlers_see_the_identity_of_the_inner_layer() {
    let app = whoami()
        .layer(AuthenticateLayer::bearer(PrefixVerifier("gate-house")))
        .layer(AuthenticateLayer::bearer(PrefixVerifier("gate")));
    assert_eq!(send(&app, with_token("gate-house-1")).await.body, "gate-house");
    assert_eq!(send(&app, with_token("gate-1")).await.status, 401);
}

#[tokio::test]
async fn each_layer_renders_only_the_rejections_it_made() {
    let inner = AuthenticateLayer::bearer(PrefixVerifier("gate-house")).realm("inner");
    let outer = AuthenticateLayer::bearer(PrefixVerifier("gate")).realm("outer");
    let app = whoami().layer(inner.error_body(ErrorBody::oauth())).layer(outer);

    let response = send(&app, with_token("abc")).await;
    let challenge =
        r#"Bearer realm="outer", error="invalid_token", error_description="Token revoked.""#;
    assert_eq!(response.challenge(), Some(challenge));
    assert_eq!(response.json()["statusCode"], 401);

    let response = send(&app, with_token("gate-1")).await;
    let challenge =
        r#"Bearer realm="inner", error="invalid_token", error_description="Token revoked.""#;
    assert_eq!(response.challenge(), Some(challenge));
    assert_eq!(response.body, r#"{"error":"invalid_token","error_description":"Token revoked."}"#);
    assert_eq!(response.kind(), Some(TokenFault::Revoked.into()));
}

#[tokio::test]
async fn the_outer_layer_renders_a_guard_between_two_layers() {
    let app = whoami()
        .layer(AuthenticateLayer::bearer(PrefixVerifier("gate")).realm("inner"))
        .layer(RequireScopeLayer::new(Scope::from_static("write")))
        .layer(AuthenticateLayer::bearer(PrefixVerifier("gate")).realm("outer"));
    let response = send(&app, with_token("gate")).await;
    assert_eq!(
        response.challenge(),
        Some(
            r#"Bearer realm="outer", error="insufficient_scope", error_description="Token lacks the required scope.", scope="write""#
        )
    );
}

#[tokio::test]
async fn a_public_router_may_nest_a_protected_one() {
    let admin = Router::new()
        .route("/", get(async |identity: Identity| identity.subject().unwrap().to_owned()))
        .layer(AuthenticateLayer::bearer(PrefixVerifier("admin")));
    let app = Router::new()
        .route("/", get(async |identity: Option<Identity>| format!("{}", identity.is_some())))
        .nest("/admin", admin)
        .layer(AuthenticateLayer::bearer(PrefixVerifier("")).allow_anonymous());
    let get = |uri: &str| Request::get(uri.to_owned()).body(Body::empty()).unwrap();
    assert_eq!(send(&app, get("/")).await.body, "false");
    let response = send(&app, get("/admin")).await;
    assert_eq!(response.status, 401);

    let mut request = with_token("admin-1");
    *request.uri_mut() = "/admin".parse().unwrap();
    assert_eq!(send(&app, request).await.body, "admin");
}

#[tokio::test]
async fn the_inner_layer_rejects_anonymous_requests_of_the_outer_one() {
    let app = whoami()
        .layer(AuthenticateLayer::bearer(PrefixVerifier("gate")))
        .layer(AuthenticateLayer::bearer(PrefixVerifier("gate")).allow_anonymous());
    assert_eq!(send(&app, Request::new(Body::empty())).await.status, 401);
    assert_eq!(send(&app, with_token("gate")).await.body, "gate");
}

#[tokio::test]
async fn an_anonymous_inner_layer_leaks_no_identity_to_other_requests() {
    let app = whoami()
        .layer(AuthenticateLayer::bearer(PrefixVerifier("gate")).allow_anonymous())
        .layer(AuthenticateLayer::bearer(PrefixVerifier("gate")));
    assert_eq!(send(&app, with_token("gate")).await.body, "gate");
    assert_eq!(send(&app, Request::new(Body::empty())).await.status, 401);
}
