//! aliri, aliri_tower and aliri_axum: a layer and guards, on ring.

use aliri::{jwa, jwt};
use aliri_axum::scope_guards;
use aliri_clock::UnixTime;
use aliri_oauth2::{Authority, HasScope, Scope};
use aliri_tower::Oauth2Authorizer;
use axum::{Router, routing::get};
use portcullis::Algorithm;
use serde::Deserialize;

use super::{ANSWER, App};
use crate::{
    served,
    support::issuer::{API, Issuer},
};

scope_guards! {
    type Claims = AliriClaims;

    scope Read = "orders:read";
}

#[derive(Debug, Clone, Deserialize)]
pub struct AliriClaims {
    iss: jwt::Issuer,
    aud: jwt::Audiences,
    sub: jwt::Subject,
    exp: UnixTime,
    scope: Scope,
}

impl jwt::CoreClaims for AliriClaims {
    fn nbf(&self) -> Option<UnixTime> {
        None
    }

    fn exp(&self) -> Option<UnixTime> {
        Some(self.exp)
    }

    fn aud(&self) -> &jwt::Audiences {
        &self.aud
    }

    fn iss(&self) -> Option<&jwt::IssuerRef> {
        Some(&self.iss)
    }

    fn sub(&self) -> Option<&jwt::SubjectRef> {
        Some(&self.sub)
    }
}

impl HasScope for AliriClaims {
    fn scope(&self) -> &Scope {
        &self.scope
    }
}

pub async fn app(issuer: &Issuer, algorithm: Algorithm) -> App {
    let approved = match algorithm {
        Algorithm::Rs256 => jwa::Algorithm::RS256,
        #[cfg(feature = "openssl")]
        Algorithm::Es256 => jwa::Algorithm::ES256,
        other => panic!("not with {other}"),
    };
    let validator = jwt::CoreValidator::default()
        .add_approved_algorithm(approved)
        .add_allowed_audience(jwt::Audience::from_static(API))
        .require_issuer(jwt::Issuer::from(issuer.name()))
        .check_expiration();
    let uri = served::jwks_uri(issuer, algorithm);
    let authority = Authority::new_from_url(uri, validator).await.expect("keys");
    let authorizer =
        Oauth2Authorizer::new().with_claims::<AliriClaims>().with_terse_error_handler();
    App::Current(
        Router::new()
            .route("/", get(async |_: Read| ANSWER))
            .layer(authorizer.jwt_layer(authority)),
    )
}
