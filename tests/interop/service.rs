//! A service behind the layer, and requests to it.

use axum::{Router, body::Body, routing::get};
use http::{Request, header::AUTHORIZATION, header::WWW_AUTHENTICATE};
use portcullis::{AuthenticateLayer, BearerToken, Identity, Verify};
use tower::ServiceExt;

/// Responds to `GET /` with the client that the token was issued to.
pub fn service(verifier: impl for<'a> Verify<BearerToken<'a>>) -> Router {
    service_with(verifier, |layer| layer)
}

/// The same behind a layer with other options.
pub fn service_with(
    verifier: impl for<'a> Verify<BearerToken<'a>>,
    configure: impl FnOnce(AuthenticateLayer) -> AuthenticateLayer,
) -> Router {
    let client_id = async |identity: Identity| identity.client_id().unwrap_or("nobody").to_owned();
    let layer = configure(AuthenticateLayer::bearer(verifier));
    Router::new().route("/", get(client_id)).layer(layer)
}

/// The status, and the challenge if there is one.
pub async fn ask(app: &Router, token: &str) -> (u16, Option<String>) {
    let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"));
    let request = request.body(Body::empty()).expect("a request");
    let response = app.clone().oneshot(request).await.expect("infallible");
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.map(|line| line.to_str().expect("a readable challenge").to_owned());
    (response.status().as_u16(), challenge)
}

/// The status.
pub async fn status(app: &Router, token: &str) -> u16 {
    ask(app, token).await.0
}
