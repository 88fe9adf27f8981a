//! oauth-resource-server: a layer, with keys that are fetched on first use and each hour.

use std::sync::Arc;

use axum::{Router, routing::get};
use oauth_resource_server::{
    AuthorizedToken, KeyNaming, OAuthConfig, OAuthValidator, axum::AuthLayer,
};
use portcullis::Algorithm;

use super::{ANSWER, App};
use crate::{
    served,
    support::issuer::{API, Issuer},
};

pub async fn app(issuer: &Issuer, algorithm: Algorithm) -> App {
    let config = OAuthConfig {
        enabled: true,
        issuer: issuer.name().to_owned(),
        jwks_uri: Some(served::jwks_uri(issuer, algorithm)),
        audience: API.to_owned(),
        resource: API.to_owned(),
        algorithms: vec![algorithm.name().to_owned()],
        allow_unscoped_tokens: true,
        ..OAuthConfig::default()
    };
    let config = config.resolve(KeyNaming::Dotted("oauth")).expect("a good configuration");
    let config = config.expect("an enabled configuration");
    let validator = OAuthValidator::builder(&config).build().expect("a validator");
    let layer = AuthLayer::builder().oauth(Arc::new(validator)).build().expect("a layer");
    App::Current(Router::new().route("/", get(async |_: AuthorizedToken| ANSWER)).layer(layer))
}
