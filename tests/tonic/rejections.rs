//! Rejections by the layer, for each row of the error table.

use std::time::Duration;

use portcullis::{
    AuthenticateLayer, BasicCredentials, Error, ErrorKind, RequireLayer, RequireScopeLayer,
    Verification, Verify,
    testing::{Fault, TestIssuer},
};
use tonic::{Code, Request, Status, service::LayerExt};
use tonic_types::StatusExt;

use crate::{
    orders::{orders_client::OrdersClient, orders_server::OrdersServer},
    support::{API, Shop, WRITE, challenges, client, layer, scoped, serve, shop, wish, with},
};

const LACKS_WRITE: &str = r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="orders:write""#;

/// Code, message, challenge and reason.
type Row = (Code, &'static str, &'static [&'static str], &'static str);

fn check(status: &Status, (code, message, challenge, reason): Row) {
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(status.message(), message);
    assert_eq!(challenges(status), challenge, "{message}");
    assert_eq!(status.get_details_error_info().unwrap().reason, reason);
}

#[tokio::test]
async fn invalid_credentials_and_tokens_are_rejected_with_a_status() {
    let issuer = TestIssuer::new();
    let mut client = client(&issuer).await;
    let valid = || issuer.token().audience(API).scope("orders:write");
    let expired = valid().expires_in(Duration::ZERO).mint();
    let other = valid().audience("https://other.example").mint();
    issuer.clock().advance(Duration::from_secs(61));
    let cases: [(Option<String>, Row); 6] = [
        (
            None,
            (
                Code::Unauthenticated,
                "Authentication required.",
                &[r#"Bearer realm="orders""#],
                "MISSING_CREDENTIALS",
            ),
        ),
        (
            Some("Basic YTpi".to_owned()),
            (
                Code::Unauthenticated,
                "Authentication required.",
                &[r#"Bearer realm="orders""#],
                "MISSING_CREDENTIALS",
            ),
        ),
        (
            Some("Bearer a b".to_owned()),
            (
                Code::InvalidArgument,
                "Malformed credentials.",
                &[
                    r#"Bearer realm="orders", error="invalid_request", error_description="Malformed credentials.""#,
                ],
                "MALFORMED_CREDENTIALS",
            ),
        ),
        (
            Some(format!("Bearer {expired}")),
            (
                Code::Unauthenticated,
                "Token expired.",
                &[
                    r#"Bearer realm="orders", error="invalid_token", error_description="Token expired.""#,
                ],
                "TOKEN_EXPIRED",
            ),
        ),
        (
            Some(format!("Bearer {other}")),
            (
                Code::Unauthenticated,
                "Token not intended for this audience.",
                &[
                    r#"Bearer realm="orders", error="invalid_token", error_description="Token not intended for this audience.""#,
                ],
                "TOKEN_AUDIENCE",
            ),
        ),
        (
            Some("Bearer garbage".to_owned()),
            (
                Code::Unauthenticated,
                "Token malformed.",
                &[
                    r#"Bearer realm="orders", error="invalid_token", error_description="Token malformed.""#,
                ],
                "TOKEN_MALFORMED",
            ),
        ),
    ];
    for (authorization, row) in cases {
        let request = match authorization {
            Some(line) => with(&line, wish("tea")),
            None => Request::new(wish("tea")),
        };
        check(&client.create(request).await.unwrap_err(), row);
    }
}

#[tokio::test]
async fn unary_and_streaming_calls_are_rejected_before_the_method() {
    let issuer = TestIssuer::new();
    let mut client = client(&issuer).await;
    let nothing = tokio_stream::pending;
    let calls = [
        client.create(wish("tea")).await.unwrap_err(),
        client.list(crate::orders::ListRequest {}).await.unwrap_err(),
        client.import(nothing()).await.unwrap_err(),
        client.converse(nothing()).await.unwrap_err(),
    ];
    for status in calls {
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(challenges(&status), [r#"Bearer realm="orders""#]);
    }
}

#[tokio::test]
async fn a_guard_around_a_service_rejects_in_grpc() {
    let issuer = TestIssuer::new();
    let guarded = |guard: RequireLayer| {
        let service =
            tower::ServiceBuilder::new().layer(guard).named_layer(OrdersServer::new(Shop));
        serve(layer(&issuer), tonic::service::Routes::new(service))
    };
    let deny_all = RequireLayer::new(|_| Err(Error::access_denied()));
    let mut client = OrdersClient::new(guarded(deny_all).await);
    let status = client.create(scoped(&issuer, "orders:write", wish("tea"))).await.unwrap_err();
    check(&status, (Code::PermissionDenied, "Access denied.", &[], "ACCESS_DENIED"));

    let guard = RequireScopeLayer::new(WRITE);
    let service = tower::ServiceBuilder::new().layer(guard).named_layer(OrdersServer::new(Shop));
    let channel = serve(layer(&issuer), tonic::service::Routes::new(service)).await;
    let mut client = OrdersClient::new(channel);
    let status = client.create(scoped(&issuer, "orders:read", wish("tea"))).await.unwrap_err();
    check(
        &status,
        (
            Code::PermissionDenied,
            "Token lacks the required scope.",
            &[LACKS_WRITE],
            "INSUFFICIENT_SCOPE",
        ),
    );
    assert_eq!(status.get_details_error_info().unwrap().metadata["scope"], "orders:write");
    client.create(scoped(&issuer, "orders:write", wish("tea"))).await.unwrap();
}

#[tokio::test]
async fn an_unreachable_issuer_is_unavailable_with_a_retry_delay() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Unreachable);
    let mut client = client(&issuer).await;
    let status = client.create(scoped(&issuer, "orders:write", wish("tea"))).await.unwrap_err();
    check(
        &status,
        (Code::Unavailable, "Authentication temporarily unavailable.", &[], "UNAVAILABLE"),
    );
    assert_eq!(status.metadata().get("retry-after").unwrap(), "1");
    assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "1000");
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
}

#[tokio::test]
async fn invalid_passwords_are_rejected_in_grpc() {
    let cases: [(ErrorKind, Row); 2] = [
        (
            ErrorKind::InvalidCredentials,
            (
                Code::Unauthenticated,
                "Invalid credentials.",
                &[r#"Basic realm="restricted", charset="UTF-8""#],
                "INVALID_CREDENTIALS",
            ),
        ),
        (
            ErrorKind::TooManyAttempts,
            (Code::ResourceExhausted, "Too many attempts.", &[], "TOO_MANY_ATTEMPTS"),
        ),
    ];
    for (kind, row) in cases {
        let layer = AuthenticateLayer::basic_only(RejectWith(kind)).grpc();
        let mut client = OrdersClient::new(serve(layer, shop()).await);
        check(&client.create(with("Basic YTpi", wish("tea"))).await.unwrap_err(), row);
    }
}

/// Rejects all credentials for the same reason.
struct RejectWith(ErrorKind);

impl Verify<BasicCredentials> for RejectWith {
    fn verify(&self, _: BasicCredentials) -> Verification {
        Verification::ready(Err(self.0.into()))
    }
}
