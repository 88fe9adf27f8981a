//! Rejections and fetches as events of `tracing`.

use std::time::Duration;

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, Error, Identity, RequireScopeLayer, Scope, TokenFault,
    Verification, Verify,
    testing::{Fault, TestIssuer},
};
use tracing::Level;

use super::capture::{Capture, Line};
use crate::support::{API, protected, send, whoami, with_authorization, with_token};

/// A verifier whose verdict a test gives.
struct Says(Error);

impl Verify<BearerToken<'_>> for Says {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Err(self.0.clone()))
    }
}

/// Asks for the state of keys whenever something is said, as one that writes it down may.
struct Asks(portcullis::JwtVerifier, std::sync::mpsc::Sender<bool>);

impl tracing::Subscriber for Asks {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "portcullis"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn event(&self, _: &tracing::Event<'_>) {
        let readiness = self.0.readiness();
        let has_keys = readiness.is_ready() && readiness.last_error().is_none();
        // Nobody listens any more once the test has ended.
        let _ = self.1.send(has_keys);
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn whoever_hears_of_a_fetch_may_ask_how_the_keys_are_and_is_told_what_came_of_it() {
    for (fault, has_keys) in [(None, true), (Some(Fault::Status(500)), false)] {
        let issuer = TestIssuer::new();
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let (told, hears) = std::sync::mpsc::channel();
        // In a thread of its own: under a lock it would never come back.
        std::thread::spawn(move || {
            let _guard = tracing::subscriber::set_default(Asks(verifier.clone(), told));
            if let Some(fault) = fault {
                issuer.fail(fault);
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // How it ends is seen by what was told.
            drop(runtime.unwrap().block_on(verifier.warm_up()));
        });
        let state = hears.recv_timeout(Duration::from_secs(30)).expect("an event");
        assert_eq!(state, has_keys, "{fault:?}");
    }
}

fn only(lines: Vec<Line>) -> Line {
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_rejection_is_one_event_whose_level_says_whose_business_it_is() {
    let verdict = |error: Error| whoami().layer(AuthenticateLayer::bearer(Says(error)));
    let (capture, _guard) = Capture::begin();
    for (app, authorization, level, status, reason) in [
        (verdict(TokenFault::Expired.into()), "Bearer a", Level::DEBUG, 401, "token_expired"),
        (verdict(TokenFault::Expired.into()), "Basic a", Level::DEBUG, 401, "missing_credentials"),
        (verdict(TokenFault::Expired.into()), "Bearer", Level::DEBUG, 400, "malformed_credentials"),
        (
            verdict(Error::insufficient_scope("a")),
            "Bearer a",
            Level::DEBUG,
            403,
            "insufficient_scope",
        ),
        (verdict(Error::access_denied()), "Bearer a", Level::DEBUG, 403, "access_denied"),
        (verdict(Error::unavailable("no answer")), "Bearer a", Level::WARN, 503, "unavailable"),
        (verdict(Error::misconfigured("no layer")), "Bearer a", Level::ERROR, 500, "misconfigured"),
    ] {
        let answer = send(&app, with_authorization(authorization)).await;
        assert_eq!(answer.status, status);
        let line = only(capture.take());
        assert_eq!((line.level, &*line.target), (level, "portcullis"), "{line:?}");
        assert!(line.text.contains(&format!(" status={status}")), "{line:?}");
        assert!(line.text.contains(&format!(r#" reason="{reason}""#)), "{line:?}");
        let message = answer.error.unwrap().to_string();
        assert!(line.text.starts_with(&message), "{line:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_let_through_says_nothing() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).jwk_set({
        issuer.publish(portcullis::Algorithm::Es256);
        issuer.jwk_set()
    });
    let layer = AuthenticateLayer::bearer(verifier.build().unwrap()).allow_anonymous();
    let app = whoami().layer(layer);
    let (capture, _guard) = Capture::begin();
    let good = with_token(&issuer.token().audience(API).mint());
    assert_eq!(send(&app, good).await.status, 200);
    let anonymous = Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(send(&app, anonymous).await.status, 200);
    assert_eq!(capture.take().len(), 0);
}

#[tokio::test]
async fn a_rejection_deep_inside_is_told_once_whoever_rejects() {
    let issuer = TestIssuer::new();
    let verifier = || issuer.verifier().audience(API).build().unwrap();
    let rejecting = async |_: Identity| Error::access_denied().into_response();
    let guarded = Router::new()
        .route("/scope", get(async || "in").layer(RequireScopeLayer::new(Scope::from_static("b"))))
        .route("/handler", get(rejecting))
        .layer(AuthenticateLayer::bearer(verifier()));
    let twice = guarded.clone().layer(AuthenticateLayer::bearer(verifier()));
    let token = issuer.token().audience(API).scope("a").mint();
    for (app, path) in
        [(&guarded, "/scope"), (&guarded, "/handler"), (&twice, "/scope"), (&twice, "/handler")]
    {
        send(app, with_token(&token)).await;
        let (capture, _guard) = Capture::begin();
        let mut request = with_token(&token);
        *request.uri_mut() = path.parse().unwrap();
        assert_eq!(send(app, request).await.status, 403);
        assert_eq!(only(capture.take()).level, Level::DEBUG, "{path}");
    }
}

#[tokio::test]
async fn an_extractor_or_guard_without_a_layer_is_an_error_that_names_it() {
    let extractor = Router::new().route("/", get(async |_: Identity| "in"));
    let guard = Router::new().route("/", get(async || "in"));
    let guard = guard.layer(RequireScopeLayer::new(Scope::from_static("a")));
    for (app, name) in [(extractor, "the extractor `Identity`"), (guard, "a guard")] {
        let (capture, _guard) = Capture::begin();
        assert_eq!(send(&app, with_token("a")).await.status, 500);
        let line = only(capture.take());
        assert_eq!(line.level, Level::ERROR, "{line:?}");
        assert!(line.text.contains(&format!("{name} needs an AuthenticateLayer")), "{line:?}");
    }
}

#[tokio::test]
async fn a_fetch_that_brings_keys_is_told_at_debug_with_their_number() {
    let issuer = TestIssuer::new();
    issuer.publish(portcullis::Algorithm::Es256);
    issuer.publish(portcullis::Algorithm::EdDsa);
    let app = protected(&issuer);
    let (capture, _guard) = Capture::begin();
    assert_eq!(send(&app, with_token(&issuer.token().audience(API).mint())).await.status, 200);
    let line = only(capture.take());
    assert_eq!((line.level, &*line.target), (Level::DEBUG, "portcullis"));
    for part in ["keys fetched", "issuer=https://issuer.test", " keys=2", " took="] {
        assert!(line.text.contains(part), "{part}: {line:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_fails_is_told_at_warn_with_its_cause_to_the_root() {
    for (fault, cause) in [
        (Fault::Status(502), "502"),
        (Fault::Html, "text/html"),
        (Fault::Garbage, "metadata"),
        (Fault::Huge, "262144"),
        (Fault::Redirect, "302"),
        (Fault::Hang, "5 s"),
        (Fault::Unreachable, "connection refused"),
    ] {
        let issuer = TestIssuer::new();
        let app = protected(&issuer);
        issuer.fail(fault);
        let (capture, _guard) = Capture::begin();
        assert_eq!(send(&app, with_token(&issuer.token().audience(API).mint())).await.status, 503);

        let lines = capture.take();
        assert_eq!(lines.len(), 2, "the fetch and the rejection: {lines:#?}");
        for line in &lines {
            assert_eq!(line.level, Level::WARN, "{line:?}");
            assert!(line.text.contains(cause), "{fault:?}: {line:?}");
            assert!(line.text.contains("https://issuer.test"), "{fault:?}: {line:?}");
        }
        assert!(lines[0].text.starts_with("no keys fetched"), "{:?}", lines[0]);
    }
}

#[tokio::test]
async fn an_outage_is_told_once_for_each_fetch_and_not_for_each_request() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let lasting = issuer.token().audience(API).expires_in(Duration::from_secs(86_400)).mint();
    assert_eq!(send(&app, with_token(&lasting)).await.status, 200);
    issuer.fail(Fault::Unreachable);
    issuer.clock().advance(Duration::from_secs(3600));

    let (capture, _guard) = Capture::begin();
    for _ in 0..100 {
        assert_eq!(send(&app, with_token(&lasting)).await.status, 200);
    }
    assert_eq!(only(capture.take()).level, Level::WARN);
}
