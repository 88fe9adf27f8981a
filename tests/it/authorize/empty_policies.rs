//! Guards whose policy has no scopes, such as one of an empty list in a configuration file.

use axum::Router;
use portcullis::{
    AuthenticateLayer, ErrorKind, RequireScopeLayer, Scope, scope::ScopePolicy, testing::TestIssuer,
};

use crate::support::{API, send, whoami, with_token};

#[tokio::test]
async fn a_guard_whose_policy_has_no_scopes_rejects_every_token() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let none: [Scope; 0] = [];
    for policy in [ScopePolicy::all(none.clone()), ScopePolicy::any(none)] {
        let app: Router = whoami()
            .route_layer(RequireScopeLayer::new(policy))
            .layer(AuthenticateLayer::bearer(verifier.clone()));
        for scope in ["", "orders:read", "admin"] {
            let token = issuer.token().audience(API).scope(scope).mint();
            let response = send(&app, with_token(&token)).await;
            assert_eq!(response.status, 403, "{scope}");
            assert_eq!(response.kind(), Some(ErrorKind::InsufficientScope), "{scope}");
        }
    }
}
