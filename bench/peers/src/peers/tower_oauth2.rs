//! tower-oauth2-resource-server: a layer, with keys that are fetched each minute.

use axum::{Extension, Router, routing::get};
use portcullis::Algorithm;
use tower_oauth2_resource_server::{server::OAuth2ResourceServer, tenant::TenantConfiguration};

use super::{ANSWER, App, Claims};
use crate::{
    served,
    support::issuer::{API, Issuer},
};

pub async fn app(issuer: &Issuer, algorithm: Algorithm) -> App {
    let tenant = TenantConfiguration::builder(issuer.name())
        .jwks_url(served::jwks_uri(issuer, algorithm))
        .audiences(&[API]);
    let tenant = tenant.build().await.expect("a good configuration");
    let server = OAuth2ResourceServer::<Claims>::builder().add_tenant(tenant).build().await;
    let server = server.expect("a good configuration");
    App::Current(
        Router::new()
            .route("/", get(async |_: Extension<Claims>| ANSWER))
            .layer(server.into_layer()),
    )
}
