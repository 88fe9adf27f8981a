//! What a service author writes without any of these crates: `from_fn` and jsonwebtoken.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use portcullis::Algorithm;

use super::{ANSWER, App, Claims};
use crate::{
    served,
    support::issuer::{API, Issuer},
};

struct Keys {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
}

pub async fn app(issuer: &Issuer, algorithm: Algorithm) -> App {
    let set: JwkSet = serde_json::from_value(served::jwk_set(issuer, algorithm)).expect("keys");
    let key = |jwk| DecodingKey::from_jwk(jwk).expect("a good key");
    let kid = |jwk: &jsonwebtoken::jwk::Jwk| jwk.common.key_id.clone().expect("a name");
    let keys = set.keys.iter().map(|jwk| (kid(jwk), key(jwk))).collect();
    let mut validation = Validation::new(algorithm.name().parse().expect("an algorithm"));
    validation.set_audience(&[API]);
    validation.set_issuer(&[issuer.name()]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    let keys = Arc::new(Keys { keys, validation });
    App::Current(
        Router::new()
            .route("/", get(async |_: Extension<Claims>| ANSWER))
            .layer(middleware::from_fn_with_state(keys, authenticate)),
    )
}

async fn authenticate(
    State(keys): State<Arc<Keys>>,
    mut request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let claims = claims(&keys, &request).ok_or(StatusCode::UNAUTHORIZED)?;
    request.extensions_mut().insert(claims);
    Ok(next.run(request).await)
}

fn claims(keys: &Keys, request: &Request) -> Option<Claims> {
    let token = request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let key = keys.keys.get(&decode_header(token).ok()?.kid?)?;
    decode(token, key, &keys.validation).ok().map(|token| token.claims)
}
