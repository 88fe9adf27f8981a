//! axum-jwks: an extractor for RSA keys, which are fetched once. It checks no `iss`.

use axum::{
    Router,
    extract::FromRef,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use axum_jwks::{Claims as Verified, Jwks, ParseTokenClaims, TokenError};
use portcullis::Algorithm;

use super::{ANSWER, App, Claims};
use crate::{
    served,
    support::issuer::{API, Issuer},
};

#[derive(Clone, FromRef)]
struct Keys {
    jwks: Jwks,
}

pub struct Rejected;

impl ParseTokenClaims for Claims {
    type Rejection = Rejected;
}

impl From<TokenError> for Rejected {
    fn from(_: TokenError) -> Self {
        Self
    }
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

pub async fn app(issuer: &Issuer, algorithm: Algorithm) -> App {
    let uri = served::jwks_uri(issuer, algorithm);
    let jwks = Jwks::from_jwks_url(&uri, Some(API), None).await.expect("keys");
    App::Current(
        Router::new().route("/", get(async |_: Verified<Claims>| ANSWER)).with_state(Keys { jwks }),
    )
}
