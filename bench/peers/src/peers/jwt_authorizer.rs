//! jwt-authorizer: a layer, for axum 0.7.

use axum_0_7::{Router, routing::get};
use jwt_authorizer::{IntoLayer, JwtAuthorizer, JwtClaims, Validation};
use portcullis::Algorithm;

use super::{ANSWER, App, Claims};
use crate::{
    served,
    support::issuer::{API, Issuer},
};

pub async fn app(issuer: &Issuer, algorithm: Algorithm) -> App {
    let uri = served::jwks_uri(issuer, algorithm);
    let validation = Validation::new().iss(&[issuer.name()]).aud(&[API]);
    let authorizer = JwtAuthorizer::<Claims>::from_jwks_url(&uri).validation(validation);
    let authorizer = authorizer.build().await.expect("a good configuration");
    App::Old(
        Router::new()
            .route("/", get(|_: JwtClaims<Claims>| async { ANSWER }))
            .layer(authorizer.into_layer()),
    )
}
