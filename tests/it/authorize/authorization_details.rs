//! `authorization_details` (RFC 9396): the guard, and typed access in a handler.

use axum::{Json, Router, routing::get};
use portcullis::{
    AuthenticateLayer, Error, ErrorKind, Identity, RequireLayer, error::TokenFault,
    testing::TestIssuer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{API, send, with_token};

#[derive(Deserialize, Serialize)]
struct Payment {
    actions: Vec<String>,
    #[serde(rename = "creditorName")]
    creditor: String,
}

async fn payments(identity: Identity) -> Result<Json<Vec<Payment>>, Error> {
    identity.authorization_details("payment_initiation").map(Json)
}

fn service(layer: AuthenticateLayer) -> Router {
    let guard = RequireLayer::authorization_details("payment_initiation");
    Router::new()
        .route("/", get("in").route_layer(guard))
        .route("/payments", get(payments))
        .layer(layer)
}

/// The example of RFC 9396 §2, and another type.
fn example() -> Value {
    json!([
        {
            "type": "account_information",
            "actions": ["list_accounts", "read_balances", "read_transactions"],
            "locations": ["https://example.com/accounts"],
        },
        {
            "type": "payment_initiation",
            "actions": ["initiate", "status", "cancel"],
            "locations": ["https://example.com/payments"],
            "instructedAmount": { "currency": "EUR", "amount": "123.50" },
            "creditorName": "Merchant A",
            "creditorAccount": { "iban": "DE02100100109307118603" },
            "remittanceInformationUnstructured": "Ref Number Merchant",
        },
    ])
}

async fn get_payments(app: &Router, token: &str) -> crate::support::TestResponse {
    let mut request = with_token(token);
    *request.uri_mut() = "/payments".parse().unwrap();
    send(app, request).await
}

#[tokio::test]
async fn a_guard_requires_a_type_in_jwts_and_introspection_responses() {
    let issuer = TestIssuer::new();
    let jwts = AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap());
    let opaque = AuthenticateLayer::bearer(issuer.introspection().audience(API).build().unwrap());
    let denied = Some(ErrorKind::AccessDenied);
    let malformed = Some(TokenFault::Claims.into());
    for (claim, kind) in [
        (Some(example()), None),
        (Some(json!([{ "type": "payment_initiation" }])), None),
        (None, denied),
        (Some(json!([])), denied),
        (Some(json!([{ "type": "account_information" }])), denied),
        (Some(json!([{ "type": "Payment_Initiation" }])), denied),
        (Some(json!([{ "type": "x", "nested": { "type": "payment_initiation" } }])), denied),
        (Some(json!({ "type": "payment_initiation" })), malformed),
        (Some(json!("payment_initiation")), malformed),
        (Some(json!(null)), malformed),
        (Some(json!([{ "type": "payment_initiation" }, { "actions": [] }])), malformed),
        (Some(json!([{ "type": ["payment_initiation"] }])), malformed),
    ] {
        let token = || match &claim {
            Some(claim) => {
                issuer.token().audience(API).claim("authorization_details", claim.clone())
            }
            None => issuer.token().audience(API).scope("payment_initiation"),
        };
        for (layer, token) in [(&jwts, token().mint()), (&opaque, token().mint_opaque())] {
            let app = service(layer.clone());
            // The second time, the token was seen before.
            for _ in 0..2 {
                let response = send(&app, with_token(&token)).await;
                assert_eq!(response.kind(), kind, "{claim:?}");
                let challenged = kind == malformed;
                assert_eq!(response.challenge().is_some(), challenged, "{claim:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_handler_reads_the_elements_of_one_type() {
    let issuer = TestIssuer::new();
    let app = service(AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap()));
    let expected = json!([{
        "actions": ["initiate", "status", "cancel"],
        "creditorName": "Merchant A",
    }]);
    let payment = json!({ "type": "payment_initiation", "actions": [], "creditorName": "\u{e9}" });
    for (claim, expected) in [
        (example(), Ok(expected)),
        (
            json!([payment, payment]),
            Ok(json!([
                { "actions": [], "creditorName": "\u{e9}" },
                { "actions": [], "creditorName": "\u{e9}" },
            ])),
        ),
        (json!([]), Ok(json!([]))),
        (json!([{ "type": "payment_initiation", "actions": [] }]), Err(TokenFault::Claims)),
        (json!("x"), Err(TokenFault::Claims)),
    ] {
        let token = issuer.token().audience(API).claim("authorization_details", claim.clone());
        let response = get_payments(&app, &token.mint()).await;
        match expected {
            Ok(json) => assert_eq!(response.json(), json, "{claim}"),
            Err(fault) => assert_eq!(response.kind(), Some(fault.into()), "{claim}"),
        }
    }
    let without = issuer.token().audience(API).mint();
    assert_eq!(get_payments(&app, &without).await.json(), json!([]));
}

#[tokio::test]
async fn basic_users_have_no_details_and_anonymous_requests_are_401() {
    use portcullis::{BasicCredentials, Verification, Verify};
    struct Anyone;
    impl Verify<BasicCredentials> for Anyone {
        fn verify(&self, _: BasicCredentials) -> Verification {
            Verification::ready(Ok(Identity::assertion().subject("alice").build()))
        }
    }
    let app = service(AuthenticateLayer::basic_only(Anyone).allow_anonymous());
    let user = send(&app, crate::support::with_authorization("Basic YTpi")).await;
    assert_eq!(user.kind(), Some(ErrorKind::AccessDenied));
    let anonymous = send(&app, http::Request::new(axum::body::Body::empty())).await;
    assert_eq!(anonymous.kind(), Some(ErrorKind::MissingCredentials));
}

#[test]
fn errors_name_the_type_and_no_claim() {
    let claims = r#"{"authorization_details":[{"type":"payment_initiation","actions":"s3cret"}]}"#;
    let identity = Identity::assertion().claims_json(claims).build();
    let error = identity.authorization_details::<Payment>("payment_initiation").err().unwrap();
    let shown = format!("{error:?} {error}");
    assert!(shown.contains("Payment") && !shown.contains("s3cret"), "{shown}");

    let error = identity.require_authorization_details("list_accounts").unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the identity has no authorization details of the type `list_accounts`");
}
