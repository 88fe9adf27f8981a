//! Statuses that methods create from errors.

use portcullis::{Error, ErrorKind, error::TokenFault, testing::TestIssuer};
use tokio_stream::StreamExt;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    orders::{CancelRequest, ListRequest},
    support::{challenges, client, scoped, wish},
};

const LACKS_WRITE: &str = r#"error="insufficient_scope", error_description="Token lacks the required scope.", scope="orders:write""#;

#[test]
fn a_status_has_code_message_challenge_and_details() {
    for (error, code, message, challenge) in [
        (
            Error::from(TokenFault::Expired),
            Code::Unauthenticated,
            "Token expired.",
            Some(
                r#"Bearer realm="restricted", error="invalid_token", error_description="Token expired.""#,
            ),
        ),
        (
            ErrorKind::MissingCredentials.into(),
            Code::Unauthenticated,
            "Authentication required.",
            Some(r#"Bearer realm="restricted""#),
        ),
        (Error::access_denied(), Code::PermissionDenied, "Access denied.", None),
        (Error::misconfigured("no"), Code::Internal, "Internal error.", None),
        (
            Error::unavailable("no"),
            Code::Unavailable,
            "Authentication temporarily unavailable.",
            None,
        ),
    ] {
        let kind = error.kind();
        let status = Status::from(error);
        assert_eq!((status.code(), status.message()), (code, message));
        assert_eq!(challenges(&status), Vec::from_iter(challenge), "{kind:?}");
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.reason, kind.reason().to_uppercase());
        let mut causes =
            std::iter::successors(std::error::Error::source(&status), |it| it.source());
        assert_eq!(causes.find_map(|it| it.downcast_ref::<Error>()).unwrap().kind(), kind);
    }
}

#[tokio::test]
async fn a_rejection_by_a_method_has_the_realm_of_the_layer() {
    let issuer = TestIssuer::new();
    let mut client = client(&issuer).await;
    let lacking = scoped(&issuer, "orders:read", wish("tea"));
    let status = client.create(lacking).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(status.message(), "Token lacks the required scope.");
    assert_eq!(challenges(&status), [format!(r#"Bearer realm="orders", {LACKS_WRITE}"#)]);
    let info = status.get_details_error_info().unwrap();
    assert_eq!((&*info.reason, &*info.domain), ("INSUFFICIENT_SCOPE", "orders"));

    let status = client.list(scoped(&issuer, "", ListRequest {})).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let wishes = tokio_stream::iter([wish("tea")]);
    let status = client.import(scoped(&issuer, "orders:write", wishes)).await.unwrap_err();
    assert!(challenges(&status)[0].ends_with(r#"scope="orders:read orders:write""#));
    let status = client.cancel(scoped(&issuer, "", CancelRequest { id: 1 })).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "Access denied."));
    assert_eq!(challenges(&status), [""; 0]);
}

#[tokio::test]
async fn a_status_without_a_source_error_is_unchanged() {
    let issuer = TestIssuer::new();
    let mut client = client(&issuer).await;
    let status = client.cancel(scoped(&issuer, "", CancelRequest { id: 2 })).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "No such order."));
    assert!(status.details().is_empty());
}

#[tokio::test]
async fn a_rejection_may_follow_the_messages_of_a_stream() {
    let issuer = TestIssuer::new();
    let mut client = client(&issuer).await;
    let wishes = tokio_stream::iter([wish("tea"), wish("gold"), wish("milk")]);
    let orders = client.converse(scoped(&issuer, "orders:read", wishes)).await.unwrap();
    let orders: Vec<_> = orders.into_inner().collect().await;
    let [Ok(tea), Err(status)] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!(tea.item, "tea");
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(challenges(status), [format!(r#"Bearer realm="restricted", {LACKS_WRITE}"#)]);
    assert_eq!(status.get_details_error_info().unwrap().reason, "INSUFFICIENT_SCOPE");
}
