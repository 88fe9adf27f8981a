//! axum-jwt-auth: an extractor, with keys that are fetched hourly.

use std::sync::Arc;

use axum::{Router, extract::FromRef, routing::get};
use axum_jwt_auth::{Claims as Verified, Decoder, RemoteJwksDecoder};
use jsonwebtoken_10::Validation;
use portcullis::Algorithm;

use super::{ANSWER, App, Claims};
use crate::{
    served,
    support::issuer::{API, Issuer},
};

#[derive(Clone, FromRef)]
struct Keys {
    decoder: Decoder<Claims>,
}

pub async fn app(issuer: &Issuer, algorithm: Algorithm) -> App {
    let mut validation = Validation::new(algorithm.name().parse().expect("an algorithm"));
    validation.set_audience(&[API]);
    validation.set_issuer(&[issuer.name()]);
    let decoder = RemoteJwksDecoder::builder()
        .jwks_url(served::jwks_uri(issuer, algorithm))
        .validation(validation)
        .build()
        .expect("a good configuration");
    decoder.initialize().await.expect("keys");
    App::Current(
        Router::new()
            .route("/", get(async |_: Verified<Claims>| ANSWER))
            .with_state(Keys { decoder: Arc::new(decoder) }),
    )
}
