//! What a verifier accepts only if it is configured to.

use axum::Router;
use portcullis::{
    AuthenticateLayer, ErrorKind, Issuers, JwtVerifier,
    error::TokenFault,
    jwt::{AudienceGiven, JwtVerifierBuilder, Profile},
    testing::TestIssuer,
};
use serde_json::{Value, json};

use crate::support::{API, outcome::verify_token, send, verify, whoami, with_token};

fn builder(issuer: &TestIssuer) -> JwtVerifierBuilder<AudienceGiven> {
    issuer.publish(portcullis::Algorithm::Es256);
    issuer.verifier().audience(API).jwk_set(issuer.jwk_set())
}

fn claims_fault() -> Option<ErrorKind> {
    Some(TokenFault::Claims.into())
}

fn type_fault() -> Option<ErrorKind> {
    Some(TokenFault::Type.into())
}

#[tokio::test]
async fn the_error_names_the_numeric_identifier_that_was_rejected() {
    let issuer = TestIssuer::new();
    let verifier = builder(&issuer).build().unwrap();
    for name in ["sub", "jti", "client_id"] {
        let token = issuer.token().audience(API).claim(name, json!(42)).mint();
        let error = verify_token(&verifier, &token).await.unwrap_err();
        assert_eq!(error.kind(), TokenFault::Claims.into());
        assert_eq!(
            std::error::Error::source(&error).unwrap().to_string(),
            format!(
                "the claim `{name}` is a number, expected a string (the option \
                 `numeric_identifiers` accepts integers)"
            )
        );
    }
}

#[tokio::test]
async fn the_error_names_the_place_of_malformed_scopes_or_roles() {
    let issuer = TestIssuer::new();
    let scopes = builder(&issuer).scope_claim("urn:zitadel:roles").build().unwrap();
    let roles = builder(&issuer).roles("/realm/roles").build().unwrap();
    for (verifier, claim, value, message) in [
        (
            &scopes,
            "scope",
            json!(7),
            "the scopes in `scope` are neither a string nor an array of strings",
        ),
        (
            &scopes,
            "scp",
            json!([1]),
            "the scopes in `scp` are neither a string nor an array of strings",
        ),
        (
            &scopes,
            "urn:zitadel:roles",
            json!({ "admin": { "1": "acme.example" } }),
            "the scopes in `/urn:zitadel:roles` are neither a string nor an array of strings (the \
             option `roles` reads the names of an object's members)",
        ),
        (
            &roles,
            "realm",
            json!({ "roles": 7 }),
            "the roles in `/realm/roles` are neither a string, nor an array of strings, nor an object",
        ),
    ] {
        let token = issuer.token().audience(API).claim(claim, value).mint();
        let error = verify_token(verifier, &token).await.unwrap_err();
        assert_eq!(error.kind(), TokenFault::Claims.into(), "{claim}");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), message);
    }
}

#[tokio::test]
async fn the_client_learns_nothing_of_the_claim() {
    let issuer = TestIssuer::new();
    let verifier = builder(&issuer).build().unwrap();
    let app: Router = whoami().layer(AuthenticateLayer::bearer(verifier));
    let token = issuer.token().audience(API).claim("jti", json!(42)).mint();
    let response = send(&app, with_token(&token)).await;
    assert_eq!(response.status, 401);
    assert!(response.body.contains("Token claims invalid."), "{}", response.body);
    assert!(!response.body.contains("jti"), "{}", response.body);
    assert!(!response.challenge().unwrap().contains("jti"), "{:?}", response.challenge());
}

#[tokio::test]
async fn numeric_identifiers_are_read_as_decimal_text_if_enabled() {
    let issuer = TestIssuer::new();
    let (lenient, strict) = (builder(&issuer).numeric_identifiers(), builder(&issuer));
    let lenient = lenient.profile(Profile::Rfc9068).build().unwrap();
    let strict = strict.build().unwrap();
    let issuers = Issuers::builder().trust(lenient.clone()).build().unwrap();
    let token = |sub: Value| {
        let token = issuer.token().audience(API).claim("sub", sub);
        token.claim("jti", json!(1)).claim("client_id", json!(0)).mint()
    };
    let valid = token(json!(42));
    for _ in 0..2 {
        let identity = verify(&lenient, &valid).await.unwrap();
        assert_eq!(identity.subject(), Some("42"));
        assert_eq!(identity.token_id(), Some("1"));
        assert_eq!(identity.client_id(), Some("0"));
        let raw: Value = serde_json::from_str(identity.raw_claims()).unwrap();
        assert_eq!(raw["sub"], 42);
        assert_eq!(verify(&issuers, &valid).await.unwrap().subject(), Some("42"));
    }
    let big = issuer.token().audience(API).claim("sub", json!(u64::MAX)).mint();
    let identity = verify(&lenient, &big).await.unwrap();
    assert_eq!(identity.subject(), Some("18446744073709551615"));
    for sub in [json!(-1), json!(1.5), json!(1e30), json!(true), json!(null), json!([42])] {
        assert_eq!(verify(&lenient, &token(sub.clone())).await.err(), claims_fault(), "{sub}");
    }
    assert_eq!(verify(&strict, &valid).await.err(), claims_fault());
}

#[tokio::test]
async fn each_issuer_has_its_own_leniencies() {
    let (lenient, strict) = (TestIssuer::new(), TestIssuer::named("https://strict.test"));
    let issuers = Issuers::builder()
        .trust(builder(&lenient).numeric_identifiers().accept_type("acme+jwt").build().unwrap())
        .trust(builder(&strict).build().unwrap())
        .build()
        .unwrap();
    for (issuer, is_lenient) in [(&lenient, true), (&strict, false)] {
        let token = || issuer.token().audience(API);
        let numeric = verify(&issuers, &token().claim("sub", json!(42)).mint()).await;
        assert_eq!(numeric.err(), claims_fault().filter(|_| !is_lenient));
        let typed = verify(&issuers, &token().header("typ", json!("acme+jwt")).mint()).await;
        assert_eq!(typed.err(), type_fault().filter(|_| !is_lenient));
    }
}

#[tokio::test]
async fn a_further_type_is_accepted_if_it_is_configured() {
    let issuer = TestIssuer::new();
    let strict = builder(&issuer).build().unwrap();
    let lenient = builder(&issuer).accept_type("acme-at+jwt").accept_type("application/x+jwt");
    let lenient = lenient.build().unwrap();
    for (typ, is_accepted) in [
        ("acme-at+jwt", true),
        ("ACME-AT+jwt", true),
        ("application/acme-at+jwt", true),
        ("x+jwt", true),
        ("at+jwt", true),
        ("JWT", true),
        ("acme-at", false),
        ("acme-at+jwt2", false),
        ("text/acme-at+jwt", false),
        ("logout+jwt", false),
        ("", false),
    ] {
        let token = issuer.token().audience(API).header("typ", json!(typ)).mint();
        let expected = type_fault().filter(|_| !is_accepted);
        assert_eq!(verify(&lenient, &token).await.err(), expected, "{typ}");
        let expected = type_fault().filter(|_| typ != "at+jwt" && typ != "JWT");
        assert_eq!(verify(&strict, &token).await.err(), expected, "{typ}");
    }
}

#[tokio::test]
async fn a_profile_can_be_extended_by_a_type() {
    let issuer = TestIssuer::new();
    let verifier = builder(&issuer).profile(Profile::Rfc9068);
    let jwt = issuer.token().audience(API).header("typ", json!("JWT")).mint();
    assert_eq!(verify(&verifier.build().unwrap(), &jwt).await.err(), type_fault());
    let verifier = builder(&issuer).profile(Profile::Rfc9068).accept_type("JWT").build().unwrap();
    assert!(verify(&verifier, &jwt).await.is_ok());
    let untyped = issuer.token().audience(API).without_header("typ").mint();
    assert_eq!(verify(&verifier, &untyped).await.err(), type_fault());
}

#[test]
fn dangerous_types_cannot_be_accepted() {
    for typ in [
        "logout+jwt",
        "LOGOUT+JWT",
        "application/logout+jwt",
        "secevent+jwt",
        "dpop+jwt",
        "token-introspection+jwt",
        "oauth-authz-req+jwt",
        "client-authentication+jwt",
        "refresh+jwt",
        "rt+jwt",
        "id+jwt",
        "id_token+jwt",
        "application/",
        "",
    ] {
        let verifier = JwtVerifier::builder("https://as.example").audience(API).accept_type(typ);
        let error = verifier.build().unwrap_err();
        assert_eq!((error.what(), error.value()), ("accepted type", typ));
    }
}

#[tokio::test]
async fn id_tokens_are_accepted_only_if_that_is_enabled() {
    let issuer = TestIssuer::new();
    let strict = builder(&issuer).build().unwrap();
    let lenient = builder(&issuer).dangerous().accept_id_tokens().build().unwrap();
    let token = || issuer.token().audience(API).header("typ", json!("JWT"));
    for (case, token, is_id_token) in [
        ("at_hash", token().claim("at_hash", json!("x")), true),
        ("c_hash", token().claim("c_hash", json!("x")).claim("s_hash", json!("x")), true),
        ("token_use", token().claim("token_use", json!("id")), true),
        ("typ claim", token().claim("typ", json!("ID")).claim("at_hash", json!("x")), true),
        ("id+jwt", token().header("typ", json!("id+jwt")), true),
        ("refresh", token().claim("typ", json!("Refresh")), false),
        ("refresh with at_hash", token().claim("token_use", json!("refresh_token")), false),
        ("offline", token().claim("typ", json!("Offline")).claim("at_hash", json!("x")), false),
        ("events", token().claim("events", json!({})), false),
        (
            "events with at_hash",
            token().claim("events", json!({})).claim("at_hash", json!("x")),
            false,
        ),
        ("logout+jwt", token().header("typ", json!("logout+jwt")), false),
        ("token-introspection+jwt", token().header("typ", json!("token-introspection+jwt")), false),
    ] {
        let token = token.mint();
        assert_eq!(verify(&strict, &token).await.err(), type_fault(), "{case}");
        let expected = type_fault().filter(|_| !is_id_token);
        assert_eq!(verify(&lenient, &token).await.err(), expected, "{case}");
    }
    let other_audience = token().audience("other-client").claim("at_hash", json!("x")).mint();
    let audience_fault = Some(TokenFault::Audience.into());
    assert_eq!(verify(&lenient, &other_audience).await.err(), audience_fault);
    let expired = token().claim("at_hash", json!("x")).claim("exp", json!(1)).mint();
    assert_eq!(verify(&lenient, &expired).await.err(), Some(TokenFault::Expired.into()));
}
