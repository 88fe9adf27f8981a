//! `explain`: why a token or a request is accepted or rejected.

use std::time::Duration;

use http::{Method, Request};
use portcullis::{
    Algorithm, AuthenticateLayer, Error, ErrorKind, IntrospectionVerifier, Issuers, Policies,
    Scope,
    error::{Finding, TokenFault, Verdict},
    testing::{Fault, TestClient, TestIssuer},
    verify::Explanation,
};
use serde_json::{Value, json};

use super::doctor::introspecting;
use crate::support::{API, issuer_with};

fn failed(explanation: &Explanation) -> Vec<&'static str> {
    let failed = explanation.findings().iter().filter(|it| it.verdict() == Verdict::Failed);
    failed.map(Finding::rule).collect()
}

#[tokio::test]
async fn the_first_failed_rule_rejected_the_token() {
    let issuer = issuer_with([Algorithm::Es256, Algorithm::Rs256]);
    let now = issuer.token().audience(API).claim("x", json!(1)).mint();
    assert!(!now.is_empty());
    let token = || issuer.token().audience(API).algorithm(Algorithm::Es256);
    let verifier = issuer
        .verifier()
        .audience(API)
        .algorithms([Algorithm::Es256])
        .max_lifetime(Duration::from_secs(86_400))
        .require_claim("tenant", "acme")
        .build()
        .unwrap();
    let issuers = Issuers::builder().trust(verifier.clone()).build().unwrap();
    let good = || token().claim("tenant", json!("acme"));
    let year = Duration::from_secs(366 * 86_400);
    let cases = [
        (good().mint(), None),
        ("opaque".to_owned(), Some("form")),
        ("a.b".to_owned(), Some("form")),
        ("a.b.c".to_owned(), Some("form")),
        ("a.b.c.d.e".to_owned(), Some("form")),
        ("a.b.c.d.e.f.g".to_owned(), Some("form")),
        (good().header("crit", json!(["exp"])).mint(), Some("form")),
        (good().header("alg", json!("none")).mint(), Some("alg")),
        (good().algorithm(Algorithm::Rs256).mint(), Some("alg")),
        (token().mint_raw("[]"), Some("claims")),
        (good().claim("sub", json!(7)).mint(), Some("claims")),
        (good().claim("iss", json!("https://other.test")).mint(), Some("iss")),
        (good().without_claim("iss").mint(), Some("iss")),
        (good().claim("aud", json!("other")).mint(), Some("aud")),
        (good().without_claim("aud").mint(), Some("aud")),
        (good().header("typ", json!("logout+jwt")).mint(), Some("typ")),
        (good().claim("at_hash", json!("x")).mint(), Some("typ")),
        (good().claim("token_use", json!("refresh")).mint(), Some("typ")),
        (good().claim("exp", json!(1)).mint(), Some("exp")),
        (good().without_claim("exp").mint(), Some("exp")),
        (good().claim("nbf", json!(9_000_000_000_u64)).mint(), Some("nbf")),
        (good().expires_in(year).mint(), Some("lifetime")),
        (good().without_claim("iat").mint(), Some("lifetime")),
        (token().mint(), Some("required claim")),
        (token().claim("tenant", json!("globex")).mint(), Some("required claim")),
        (good().header("kid", json!("unknown")).mint(), Some("kid")),
        (good().mint_unsigned(), Some("alg")),
    ];
    for (token, rule) in cases {
        for explanation in [verifier.explain(&token).await, issuers.explain(&token).await] {
            assert_eq!(failed(&explanation).first().copied(), rule, "{explanation}");
            assert_eq!(explanation.is_accepted(), rule.is_none(), "{explanation}");
            let fault = explanation.findings().iter().find_map(Finding::fault);
            let kind = explanation.error().map(Error::kind);
            assert_eq!(kind, fault.map(ErrorKind::from), "{explanation}");
            assert!(!explanation.to_string().contains(&token) || token.len() < 8, "{explanation}");
        }
    }
}

#[tokio::test]
async fn rules_after_the_failed_one_are_applied_too() {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let token = issuer.token().audience("other").claim("exp", json!(1)).mint();
    let other = TestIssuer::new().token().audience("other").claim("exp", json!(1)).mint();
    let explanation = verifier.explain(&token).await;
    assert_eq!(failed(&explanation), ["aud", "exp"]);
    // An issuer of the same name and with the same `kid`, whose key is another one. The keys are fetched by the first
    // token that needs them.
    verifier.warm_up().await.unwrap();
    assert_eq!(failed(&verifier.explain(&other).await), ["aud", "exp", "signature"]);
    assert_eq!(failed(&verifier.explain(&token).await), ["aud", "exp"]);
    assert!(verifier.explain(&token).await.to_string().contains("  signature: passed\n"));
}

// Verifies rfc7519-12-privacy.
#[tokio::test]
async fn claims_are_shown_only_on_request_and_the_token_never() {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let token =
        issuer.token().audience(API).subject("alice").claim("note", json!("pr1vate")).mint();
    let explanation = verifier.explain(&token).await;
    assert!(explanation.is_accepted());
    for shown in [
        explanation.to_string(),
        format!("{explanation:?}"),
        serde_json::to_string(&explanation).unwrap(),
    ] {
        for secret in token.split('.').skip(1).chain(["alice", "pr1vate", &token]) {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    let explanation = explanation.with_claims();
    for shown in [explanation.to_string(), serde_json::to_string(&explanation).unwrap()] {
        assert!(shown.contains("alice") && shown.contains("pr1vate"), "{shown}");
        assert!(!shown.contains(&token), "{shown}");
    }
}

#[tokio::test]
async fn an_explanation_is_json_too() {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let token = issuer.token().audience("https://api.example/").mint();
    let json = serde_json::to_value(verifier.explain(&token).await).unwrap();
    assert_eq!(json["accepted"], false);
    assert_eq!((&json["reason"], &json["status"]), (&json!("token_audience"), &json!(401)));
    assert_eq!(json["issuer"], "https://issuer.test");
    assert!(json["clock"].is_u64() && json["kid"].is_string() && json["alg"] == "ES256");
    let rules = json["rules"].as_array().unwrap();
    let aud = rules.iter().find(|rule| rule["rule"] == "aud").unwrap();
    assert_eq!(aud["verdict"], "failed");
    assert_eq!(aud["expected"], API);
    assert_eq!(aud["found"], "https://api.example/");
    assert!(aud["hint"].as_str().unwrap().contains("extra slash"));
    let exp = rules.iter().find(|rule| rule["rule"] == "exp").unwrap();
    assert!(exp["skew"].as_i64().unwrap() > 0, "{exp}");
    assert_eq!(json["claims"], Value::Null);
}

#[tokio::test]
async fn missing_keys_are_explained() {
    let issuer = issuer_with([Algorithm::Es256]);
    issuer.fail(Fault::Status(502));
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let explanation = verifier.explain(&issuer.token().audience(API).mint()).await;
    assert_eq!(explanation.error().unwrap().kind(), ErrorKind::Unavailable);
    let keys = explanation.findings().iter().find(|finding| finding.rule() == "keys").unwrap();
    assert_eq!(keys.verdict(), Verdict::Unknown);
    assert!(keys.found_value().unwrap().contains("502"), "{explanation}");
}

#[tokio::test]
async fn introspected_tokens_are_explained_by_the_response() {
    let respond = |body: Value| {
        let client = TestClient::new(move |_| {
            let body = body.to_string().into_bytes();
            async move {
                let json = http::Response::builder().header("content-type", "application/json");
                Ok(json.body(body).unwrap())
            }
        });
        IntrospectionVerifier::builder("https://as.test/introspect")
            .client_secret_basic("orders-api", "s3cret")
            .audience(API)
            .issuer("https://as.test")
            .max_lifetime(Duration::from_secs(3600))
            .http_client(client)
            .build()
            .unwrap()
    };
    for (body, rule, found) in [
        (json!({ "active": true, "aud": "https://api.example/" }), "aud", "https://api.example/"),
        (
            json!({ "active": true, "aud": API, "iss": "https://as.test/" }),
            "iss",
            "https://as.test/",
        ),
        (json!({ "active": true, "aud": API, "exp": 1 }), "exp", "1"),
        (json!({ "active": true, "aud": API, "nbf": 9_000_000_000_u64 }), "nbf", "9000000000"),
        (json!({ "active": true, "aud": API, "at_hash": "x" }), "typ", "an ID token"),
        (
            json!({ "active": true, "aud": API, "token_type": "refresh_token" }),
            "typ",
            "another kind of token",
        ),
        (json!({ "active": false }), "active", "`active: false` from as.test"),
    ] {
        let explanation = respond(body).explain("the-opaque-token").await;
        let finding = explanation.findings().iter().next().unwrap();
        assert_eq!((finding.rule(), finding.found_value()), (rule, Some(found)), "{explanation}");
        assert!(finding.hint_text().is_some(), "{explanation}");
        assert!(!explanation.to_string().contains("the-opaque-token"), "{explanation}");
    }
    let lifetime = json!({ "active": true, "aud": API, "iat": 1, "exp": 9_000_000_000_u64 });
    let explanation = respond(lifetime).explain("the-opaque-token").await;
    let finding = explanation.findings().iter().next().unwrap();
    assert_eq!((finding.rule(), finding.expected_value()), ("lifetime", Some("at most 3600 s")));
    let accepted = json!({ "active": true, "aud": API, "iat": 1, "exp": 3601 });
    let accepted = respond(accepted).explain("the-opaque-token").await;
    assert_eq!(failed(&accepted), ["exp"]);
}

/// An endpoint that responds with the status and the body that the token names.
fn endpoint() -> IntrospectionVerifier {
    let client = TestClient::new(|request: http::Request<Vec<u8>>| {
        let form = String::from_utf8(request.into_body()).unwrap();
        let (status, body) = match form {
            form if form.contains("token=active") => (200, json!({ "active": true, "aud": API })),
            form if form.contains("token=jwt") => {
                (400, json!({ "error": "unsupported_token_type" }))
            }
            form if form.contains("token=down") => (500, json!({})),
            _ => (200, json!({ "active": false })),
        };
        let json = http::Response::builder().header("content-type", "application/json");
        let response = json.status(status).body(body.to_string().into_bytes()).unwrap();
        async move { Ok(response) }
    });
    introspecting(client)
}

#[tokio::test]
async fn an_endpoint_without_any_active_token_may_lack_permission() {
    let verifier = endpoint();
    let hint = async |token: &str| {
        let explanation = verifier.explain(token).await;
        let finding = explanation.findings().iter().next().unwrap();
        assert_eq!(finding.rule(), "active", "{explanation}");
        finding.hint_text().unwrap().to_owned()
    };
    // More than are counted.
    for number in 0..50 {
        let hint = hint(&format!("inactive{number}")).await;
        assert!(hint.contains("hasn't reported any token as active"), "{number}: {hint}");
    }
    assert!(verifier.explain("active").await.is_accepted());
    let hint = hint("inactive").await;
    assert!(hint.starts_with("the token has expired"), "{hint}");
}

#[tokio::test]
async fn failures_of_an_endpoint_are_explained() {
    let verifier = endpoint();
    for (token, rule, verdict, found) in [
        ("jwt", "typ", Verdict::Failed, "`unsupported_token_type` from as.test"),
        ("down", "introspection", Verdict::Unknown, "500"),
    ] {
        let explanation = verifier.explain(token).await;
        let finding = explanation.findings().iter().next().unwrap();
        assert_eq!((finding.rule(), finding.verdict()), (rule, verdict), "{explanation}");
        assert!(finding.found_value().unwrap().contains(found), "{explanation}");
    }
}

#[tokio::test]
async fn a_layer_explains_what_its_table_and_bindings_decide() {
    let issuer = issuer_with([Algorithm::Es256]);
    let policies = Policies::builder()
        .route(Method::GET, "/orders", Scope::from_static("orders:read"))
        .route(Method::GET, "/open", portcullis::Access::Anonymous)
        .build();
    let layer = AuthenticateLayer::bearer(issuer.verifier().audience(API).build().unwrap())
        .policies(policies.unwrap());
    let request = |path: &str, token: Option<String>| {
        let request = Request::get(path);
        match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")).body(()),
            None => request.body(()),
        }
        .unwrap()
    };
    let token = || issuer.token().audience(API);
    let bound = token().scope("orders:read").claim("cnf", json!({ "jkt": "A".repeat(43) })).mint();
    for (request, kind, part) in [
        (
            request("/orders", Some(token().scope("orders:read").mint())),
            None,
            "GET /orders: orders:read",
        ),
        (request("/open", None), None, "GET /open: anonymous"),
        (
            request("/orders", None),
            Some(ErrorKind::MissingCredentials),
            "credentials: unknown; found none",
        ),
        (
            request("/orders", Some(token().mint())),
            Some(ErrorKind::InsufficientScope),
            "scope: failed; expected orders:read; found no scopes; hint: the token has no scopes",
        ),
        (
            request("/unlisted", Some(token().mint())),
            Some(ErrorKind::AccessDenied),
            "hint: no row is for this method and path",
        ),
        (
            request("/orders", Some(bound)),
            Some(TokenFault::Binding.into()),
            "enable `dpop` or `client_certificates` on the layer",
        ),
        (
            request("/orders", Some(token().claim("exp", json!(1)).mint())),
            Some(TokenFault::Expired.into()),
            "exp: failed",
        ),
    ] {
        let explanation = layer.explain(&request).await;
        assert_eq!(explanation.error().map(Error::kind), kind, "{explanation}");
        assert!(explanation.to_string().contains(part), "{explanation}");
    }
}
