//! Only layers that are configured for gRPC reject in gRPC, whatever the content type of a request.

use axum::{Router, body::Body, response::IntoResponse, routing::post};
use http::{Method, Request, header::CONTENT_TYPE};
use portcullis::{
    Access, AuthenticateLayer, BearerToken, Error, Identity, Policies, Verification, Verify,
    policies::PoliciesBuilder,
};

use crate::support::{TestResponse, send};

/// Accepts every token.
struct AcceptAll;

impl Verify<BearerToken<'_>> for AcceptAll {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(Identity::assertion().build()))
    }
}

async fn call(layer: AuthenticateLayer, path: &str, media_type: &str, token: bool) -> TestResponse {
    // Like tonic, this puts a status into the extensions of a response whose HTTP status is 200.
    let tonic = async || {
        let mut response = [(CONTENT_TYPE, "application/grpc")].into_response();
        let status = tonic::Status::from(Error::access_denied());
        response.headers_mut().insert("grpc-status", 7.into());
        response.extensions_mut().insert(status);
        response
    };
    let app = Router::new().route("/orders.Orders/Create", post(tonic)).layer(layer);
    let mut request = Request::post(path).header(CONTENT_TYPE, media_type);
    if token {
        request = request.header("authorization", "Bearer any");
    }
    send(&app, request.body(Body::empty()).unwrap()).await
}

fn bearer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(AcceptAll)
}

fn table(rows: fn(PoliciesBuilder) -> PoliciesBuilder) -> AuthenticateLayer {
    bearer().policies(rows(Policies::builder()).build().unwrap())
}

#[tokio::test]
async fn grpc_rejections_are_enabled_by_grpc_or_by_a_row_for_grpc() {
    for (case, layer, grpc) in [
        ("by default", bearer(), false),
        (".grpc()", bearer().grpc(), true),
        ("a row for gRPC", table(|it| it.grpc("/orders.Orders/*", Access::Authenticated)), true),
        (
            "a row for HTTP",
            table(|it| it.route(Method::POST, "/orders.Orders/{method}", Access::Authenticated)),
            false,
        ),
        ("an empty table", table(|it| it), false),
        ("an empty table, .grpc()", table(|it| it).grpc(), true),
    ] {
        for media_type in ["application/grpc", "application/grpc-web+proto"] {
            let response = call(layer.clone(), "/orders.Orders/Create", media_type, false).await;
            assert_eq!(response.status, if grpc { 200 } else { 401 }, "{case}");
            let status = response.headers.get("grpc-status").map(|it| it.to_str().unwrap());
            assert_eq!(status, grpc.then_some("16"), "{case}");
        }
        let response = call(layer, "/orders.Orders/Create", "application/json", false).await;
        assert_eq!(response.status, 401, "{case}");
    }
}

#[tokio::test]
async fn without_grpc_a_status_with_an_error_is_rejected_in_http() {
    for (layer, status) in [(bearer(), 403), (bearer().grpc(), 200)] {
        let response = call(layer, "/orders.Orders/Create", "application/grpc", true).await;
        assert_eq!(response.status, status);
        if status == 403 {
            assert_eq!(response.json()["message"], "Access denied.");
        } else {
            assert_eq!(response.headers["grpc-status"], "7");
        }
    }
}
