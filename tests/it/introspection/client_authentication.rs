//! The introspection request, and how its client authenticates.

use http::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use portcullis::{IntrospectionVerifier, testing::TestIssuer};

use super::{
    INTROSPECT,
    endpoint::{Endpoint, form},
    verify,
};
use crate::support::API;

// Verifies rfc7662-2.1-token.
#[tokio::test]
async fn an_introspection_is_a_form_by_post() {
    let endpoint = Endpoint::responding_with(r#"{"active":true}"#);
    let verifier = super::builder_for(&endpoint).without_audience().build().unwrap();
    verify(&verifier, "a+b/c==").await.unwrap();
    let request = endpoint.last();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), INTROSPECT);
    assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
    assert_eq!(request.headers()[ACCEPT], "application/json");
    assert_eq!(request.body(), b"token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token");
    assert_eq!(form(&request)["token"], "a+b/c==");
}

#[tokio::test]
async fn the_endpoint_may_have_a_query() {
    let endpoint = Endpoint::responding_with(r#"{"active":true}"#);
    let url = "https://as.example/introspect?tenant=acme";
    let verifier = IntrospectionVerifier::builder(url)
        .client_secret_basic("orders-api", "s3cret")
        .without_audience()
        .http_client(endpoint.client())
        .build()
        .unwrap();
    verify(&verifier, "t").await.unwrap();
    assert_eq!(endpoint.last().uri(), url);
}

// Verifies rfc7662-2.1-authorization.
#[tokio::test]
async fn client_credentials_are_sent_in_one_way_only() {
    let endpoint = Endpoint::responding_with(r#"{"active":true}"#);
    let builder = || IntrospectionVerifier::builder(INTROSPECT).http_client(endpoint.client());

    let verifier = builder().client_secret_basic("a", "b").without_audience().build().unwrap();
    verify(&verifier, "t").await.unwrap();
    assert_eq!(endpoint.last().headers()[AUTHORIZATION], "Basic YTpi");
    assert_eq!(form(&endpoint.last()).len(), 2);

    let verifier = builder().client_secret_post("a", "b").without_audience().build().unwrap();
    verify(&verifier, "t").await.unwrap();
    assert!(!endpoint.last().headers().contains_key(AUTHORIZATION));
    assert_eq!(form(&endpoint.last())["client_id"], "a");
    assert_eq!(form(&endpoint.last())["client_secret"], "b");

    let verifier = builder().bearer_token("mine").without_audience().build().unwrap();
    verify(&verifier, "t").await.unwrap();
    assert_eq!(endpoint.last().headers()[AUTHORIZATION], "Bearer mine");
    assert_eq!(form(&endpoint.last()).len(), 2);
}

#[tokio::test]
async fn special_characters_in_client_credentials_are_encoded() {
    let issuer = TestIssuer::new();
    let (client_id, secret) = ("rs:odd", "a+b c%d&e=f/g:h");
    issuer.register_client(client_id, secret);
    let token = issuer.token().audience(API).mint_opaque();
    let builder = || {
        IntrospectionVerifier::builder(format!("{}/introspect", issuer.issuer()))
            .http_client(issuer.http_client())
            .clock(issuer.clock())
            .audience(API)
    };
    let basic = builder().client_secret_basic(client_id, secret).build().unwrap();
    assert_eq!(verify(&basic, &token).await.unwrap().subject(), Some("alice"));
    let post = builder().client_secret_post(client_id, secret).build().unwrap();
    assert_eq!(verify(&post, &token).await.unwrap().subject(), Some("alice"));
}
