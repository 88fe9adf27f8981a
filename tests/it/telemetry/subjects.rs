//! Subjects in the events and diagnoses of rejections: only if a layer is configured to show them.

use axum::{Router, routing::get};
use http::Method;
use portcullis::{
    Access, Algorithm, AuthenticateLayer, Issuers, Policies, RequireRoleLayer, RequireScopeLayer,
    Scope, Secret,
    access_log::SubjectField,
    error::TokenFault,
    testing::{TestIssuer, TokenBuilder},
};
use serde_json::json;

use super::capture::{Capture, Line};
use crate::support::{API, TestResponse, issuer_with, send, with_token};

const ALICE: &str = "alice@example.org";

fn app(issuer: &TestIssuer, layer: impl FnOnce(AuthenticateLayer) -> AuthenticateLayer) -> Router {
    let verifier = issuer.verifier().audience(API).check(|identity| {
        let is_blocked = identity.scopes().contains("blocked");
        if is_blocked { Err(TokenFault::Rejected.into()) } else { Ok(()) }
    });
    let issuers = Issuers::builder().trust(verifier.build().unwrap()).build().unwrap();
    let policies = Policies::builder()
        .route(Method::GET, "/denied", Access::Deny)
        .route(Method::GET, "/scope-of-a-row", Scope::from_static("admin"))
        .unlisted_authenticated()
        .build()
        .unwrap();
    let admin = RequireScopeLayer::new(Scope::from_static("admin"));
    Router::new()
        .route("/", get(async || "in"))
        .route("/scope", get(async || "in").layer(admin))
        .route("/role", get(async || "in").layer(RequireRoleLayer::new("admin")))
        .layer(layer(AuthenticateLayer::bearer(issuers).policies(policies)))
}

/// Requests whose rejections have a subject: the path, and the token.
fn cases(issuer: &TestIssuer) -> Vec<(&'static str, TokenBuilder)> {
    let token = || issuer.token().audience(API).subject(ALICE);
    vec![
        ("/", issuer.token().audience("https://other.test").subject(ALICE)),
        ("/", token().claim("iss", json!("https://other.test"))),
        ("/", token().claim("exp", json!(1))),
        ("/", token().claim("nbf", json!(1e11))),
        ("/", token().claim("at_hash", json!("x"))),
        ("/", token().header("kid", json!("unknown"))),
        ("/", token().algorithm(Algorithm::Hs256)),
        ("/", token().scope("blocked")),
        ("/", token().claim("cnf", json!({ "jkt": "x" }))),
        ("/denied", token()),
        ("/scope-of-a-row", token()),
        ("/scope", token()),
        ("/role", token()),
    ]
}

async fn rejected(app: &Router, path: &str, token: TokenBuilder) -> (TestResponse, Line) {
    let mut request = with_token(&token.mint());
    *request.uri_mut() = path.parse().unwrap();
    let (capture, _guard) = Capture::start();
    let response = send(app, request).await;
    assert!(response.status.is_client_error(), "{path}: {}", response.status);
    let lines = capture.take();
    let line = lines.into_iter().find(|line| line.text.contains(" reason="));
    (response, line.expect("an event of the rejection"))
}

fn subject_of(response: &TestResponse) -> Option<&str> {
    response.error.as_ref().unwrap().diagnosis().expect("a diagnosis").subject_value()
}

#[tokio::test]
async fn by_default_no_rejection_shows_a_subject() {
    let issuer = issuer_with([Algorithm::Es256]);
    for app in [
        app(&issuer, |layer| layer),
        app(&issuer, AuthenticateLayer::record_diagnoses),
        app(&issuer, |layer| layer.record_subjects(SubjectField::omitted())),
    ] {
        for (path, token) in cases(&issuer) {
            let (response, line) = rejected(&app, path, token).await;
            assert_eq!(subject_of(&response), None, "{path}: {line:?}");
            let shown = format!("{line:?} {:?} {}", response.error, response.body);
            assert!(
                !shown.contains("alice") && !line.text.contains(" subject="),
                "{path}: {shown}"
            );
        }
    }
}

#[tokio::test]
async fn a_layer_can_show_subjects_as_they_are() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = app(&issuer, |layer| layer.record_subjects(SubjectField::plain()));
    for (path, token) in cases(&issuer) {
        let (response, line) = rejected(&app, path, token).await;
        assert_eq!(subject_of(&response), Some(ALICE), "{path}: {line:?}");
        assert!(line.text.contains(&format!(" subject={ALICE:?}")), "{path}: {line:?}");
        // The client learns nothing from it.
        let sent = format!("{} {:?}", response.body, response.headers);
        assert!(!sent.contains("alice"), "{path}: {sent}");
    }
    let hostile = issuer.token().audience("x").subject(&format!("a\nERROR b {}", "c".repeat(5000)));
    let (_, line) = rejected(&app, "/", hostile).await;
    assert!(!line.text.contains('\n') && line.text.len() < 2000, "{line:?}");
}

#[tokio::test]
async fn or_as_the_digest_that_an_access_log_with_the_same_key_shows() {
    let issuer = issuer_with([Algorithm::Es256]);
    let hashed = |key: &'static str| {
        app(&issuer, |layer| layer.record_subjects(SubjectField::hashed(&Secret::from(key))))
    };
    let (one, two) = (hashed("one"), hashed("two"));
    let mut digests = std::collections::BTreeSet::new();
    for (path, token) in cases(&issuer) {
        let (response, line) = rejected(&one, path, token).await;
        let digest = subject_of(&response).unwrap().to_owned();
        assert!(digest.len() == 16 && digest.bytes().all(|one| one.is_ascii_hexdigit()));
        assert!(line.text.contains(&format!(" subject={digest:?}")), "{path}: {line:?}");
        assert!(!format!("{line:?} {:?}", response.error).contains("alice"), "{path}: {line:?}");
        digests.insert(digest);
    }
    // That of another issuer's token is another one.
    assert_eq!(digests.len(), 2, "{digests:?}");
    let token = || issuer.token().audience(API).subject(ALICE);
    let (response, _) = rejected(&two, "/denied", token()).await;
    assert!(!digests.contains(subject_of(&response).unwrap()));
}
