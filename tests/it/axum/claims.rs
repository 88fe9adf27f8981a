//! `Claims<T>` as an extractor of custom types.

use std::sync::Arc;

use axum::{Router, extract::Request, middleware::Next, routing::get};
use portcullis::{
    AuthenticateLayer, Claims, Error, Identity, error::TokenFault, testing::TestIssuer,
};
use serde::Deserialize;
use serde_json::json;

use crate::support::{API, send, with_token};

#[derive(Debug, Deserialize)]
struct Tenant {
    tenant: String,
}

#[derive(Debug, Deserialize)]
struct Roles {
    roles: Vec<String>,
}

fn layer(issuer: &TestIssuer) -> AuthenticateLayer {
    AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap())
}

#[tokio::test]
async fn claims_are_deserialized_into_any_type() {
    let issuer = TestIssuer::new();
    let handler = async |tenant: Claims<Tenant>, roles: Claims<Roles>| {
        format!("{} {}", tenant.tenant, roles.roles.join("+"))
    };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let token = issuer.token().audience(API);
    let token = token.claim("tenant", json!("acm\u{e9}")).claim("roles", json!(["a", "b"]));
    assert_eq!(send(&app, with_token(&token.mint())).await.body, "acm\u{e9} a+b");
}

#[tokio::test]
async fn claims_are_deserialized_once_for_each_identity() {
    let issuer = TestIssuer::new();
    let handler =
        async |one: Claims<Tenant>, _: Claims<Roles>, again: Claims<Tenant>, identity: Identity| {
            let of_identity = identity.claims::<Tenant>().unwrap();
            let (one, again) = (one.into_inner(), again.into_inner());
            (Arc::ptr_eq(&one, &again) && Arc::ptr_eq(&one, &of_identity)).to_string()
        };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let token = issuer.token().audience(API);
    let token = token.claim("tenant", json!("acme")).claim("roles", json!([])).mint();
    assert_eq!(send(&app, with_token(&token)).await.body, "true");
}

#[tokio::test]
async fn a_middleware_and_its_handler_share_deserialized_claims() {
    async fn store(
        tenant: Claims<Tenant>,
        mut request: Request,
        next: Next,
    ) -> axum::response::Response {
        request.extensions_mut().insert(tenant.into_inner());
        next.run(request).await
    }
    let issuer = TestIssuer::new();
    let handler = async |tenant: Claims<Tenant>, seen: axum::Extension<Arc<Tenant>>| {
        Arc::ptr_eq(&tenant.into_inner(), &seen.0).to_string()
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(axum::middleware::from_fn(store))
        .layer(layer(&issuer));
    let token = issuer.token().audience(API).claim("tenant", json!("acme")).mint();
    assert_eq!(send(&app, with_token(&token)).await.body, "true");
}

#[tokio::test]
async fn claims_that_do_not_match_the_type_are_401() {
    let issuer = TestIssuer::new();
    let app = Router::new()
        .route("/", get(async |tenant: Claims<Tenant>| tenant.tenant.clone()))
        .layer(layer(&issuer));
    for (case, token) in [
        ("absent", issuer.token().audience(API)),
        ("a number", issuer.token().audience(API).claim("tenant", json!(7))),
        ("null", issuer.token().audience(API).claim("tenant", json!(null))),
    ] {
        let response = send(&app, with_token(&token.mint())).await;
        assert_eq!(response.status, 401, "{case}");
        assert_eq!(
            response.challenge(),
            Some(
                r#"Bearer realm="restricted", error="invalid_token", error_description="Token claims invalid.""#
            ),
            "{case}"
        );
        assert_eq!(response.kind(), Some(TokenFault::Claims.into()), "{case}");
        let error = response.error.unwrap();
        let source = std::error::Error::source(&error).unwrap().to_string();
        let mismatch = if case == "absent" {
            "claims::Tenant`: missing field `tenant`"
        } else {
            "claims::Tenant` at `/tenant`: expected a string"
        };
        assert!(source.starts_with("claims don't match `"), "{source}");
        assert!(source.ends_with(mismatch), "{source}");
    }
}

#[tokio::test]
async fn optional_claims_are_none_for_an_anonymous_request_only() {
    let issuer = TestIssuer::new();
    let handler = async |tenant: Option<Claims<Tenant>>| match tenant {
        Some(tenant) => tenant.tenant.clone(),
        None => "anonymous".to_owned(),
    };
    let routes = || Router::new().route("/", get(handler));
    let app = routes().layer(layer(&issuer).allow_anonymous());
    let anonymous = || Request::new(axum::body::Body::empty());
    assert_eq!(send(&app, anonymous()).await.body, "anonymous");
    let token = || issuer.token().audience(API);
    let acme = token().claim("tenant", json!("acme")).mint();
    assert_eq!(send(&app, with_token(&acme)).await.body, "acme");
    let response = send(&app, with_token(&token().mint())).await;
    assert_eq!(response.status, 401);
    assert_eq!(response.kind(), Some(TokenFault::Claims.into()));

    assert_eq!(send(&routes().layer(layer(&issuer)), anonymous()).await.status, 401);
    assert_eq!(send(&routes(), with_token(&acme)).await.status, 500, "without a layer");
}

#[tokio::test]
async fn a_handler_may_treat_claims_as_optional() {
    let issuer = TestIssuer::new();
    let handler = async |identity: Identity| -> Result<String, Error> {
        match identity.claims::<Tenant>() {
            Ok(tenant) => Ok(tenant.tenant.clone()),
            Err(_) => Ok("no tenant".to_owned()),
        }
    };
    let app = Router::new().route("/", get(handler)).layer(layer(&issuer));
    let token = issuer.token().audience(API);
    assert_eq!(send(&app, with_token(&token.clone().mint())).await.body, "no tenant");
    let token = token.claim("tenant", json!("acme"));
    assert_eq!(send(&app, with_token(&token.mint())).await.body, "acme");
}
