//! Rejections and fetches as `tracing` events.

use std::time::Duration;

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, BearerToken, Error, Identity, RequireScopeLayer, Scope, Verification,
    Verify,
    error::TokenFault,
    testing::{Fault, TestIssuer},
};
use tracing::Level;

use super::capture::{Capture, Line};
use crate::support::{API, protected, send, whoami, with_authorization, with_token};

/// Rejects every token with that error.
struct RejectWith(Error);

impl Verify<BearerToken<'_>> for RejectWith {
    fn verify(&self, _: BearerToken<'_>) -> Verification {
        Verification::ready(Err(self.0.clone()))
    }
}

/// Reads the readiness on every event, as a subscriber may.
struct ReadinessReader(portcullis::JwtVerifier, std::sync::mpsc::Sender<bool>);

impl tracing::Subscriber for ReadinessReader {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "portcullis"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn event(&self, _: &tracing::Event<'_>) {
        let readiness = self.0.readiness();
        let has_keys = readiness.is_ready() && readiness.last_error().is_none();
        // The receiver is dropped when the test has ended.
        let _ = self.1.send(has_keys);
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_subscriber_can_read_the_readiness_after_a_fetch() {
    for (fault, has_keys) in [(None, true), (Some(Fault::Status(500)), false)] {
        let issuer = TestIssuer::new();
        let verifier = issuer.verifier().audience(API).build().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        // In a separate thread, because a deadlock would block it.
        std::thread::spawn(move || {
            let _guard =
                tracing::subscriber::set_default(ReadinessReader(verifier.clone(), sender));
            if let Some(fault) = fault {
                issuer.fail(fault);
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // The event shows the outcome.
            drop(runtime.unwrap().block_on(verifier.warm_up()));
        });
        let state = receiver.recv_timeout(Duration::from_secs(30)).expect("an event");
        assert_eq!(state, has_keys, "{fault:?}");
    }
}

fn single(lines: Vec<Line>) -> Line {
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_rejection_is_one_event_whose_level_depends_on_its_status() {
    let app_rejecting = |error: Error| whoami().layer(AuthenticateLayer::bearer(RejectWith(error)));
    let (capture, _guard) = Capture::start();
    for (app, authorization, level, status, reason) in [
        (app_rejecting(TokenFault::Expired.into()), "Bearer a", Level::DEBUG, 401, "token_expired"),
        (
            app_rejecting(TokenFault::Expired.into()),
            "Basic a",
            Level::DEBUG,
            401,
            "missing_credentials",
        ),
        (
            app_rejecting(TokenFault::Expired.into()),
            "Bearer",
            Level::DEBUG,
            400,
            "malformed_credentials",
        ),
        (
            app_rejecting(Error::insufficient_scope("a")),
            "Bearer a",
            Level::DEBUG,
            403,
            "insufficient_scope",
        ),
        (app_rejecting(Error::access_denied()), "Bearer a", Level::DEBUG, 403, "access_denied"),
        (
            app_rejecting(Error::unavailable("no response")),
            "Bearer a",
            Level::WARN,
            503,
            "unavailable",
        ),
        (
            app_rejecting(Error::misconfigured("no layer")),
            "Bearer a",
            Level::ERROR,
            500,
            "misconfigured",
        ),
    ] {
        let response = send(&app, with_authorization(authorization)).await;
        assert_eq!(response.status, status);
        let line = single(capture.take());
        assert_eq!((line.level, &*line.target), (level, "portcullis"), "{line:?}");
        assert!(line.text.contains(&format!(" status={status}")), "{line:?}");
        assert!(line.text.contains(&format!(r#" reason="{reason}""#)), "{line:?}");
        let message = response.error.unwrap().to_string();
        assert!(line.text.starts_with(&message), "{line:?}");
    }
}

#[tokio::test]
async fn an_accepted_request_is_not_logged() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(API).jwk_set({
        issuer.publish(portcullis::Algorithm::Es256);
        issuer.jwk_set()
    });
    let layer = AuthenticateLayer::bearer(verifier.build().unwrap()).allow_anonymous();
    let app = whoami().layer(layer);
    let (capture, _guard) = Capture::start();
    let valid = with_token(&issuer.token().audience(API).mint());
    assert_eq!(send(&app, valid).await.status, 200);
    let anonymous = Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(send(&app, anonymous).await.status, 200);
    assert_eq!(capture.take().len(), 0);
}

#[tokio::test]
async fn a_rejection_by_a_guard_or_handler_is_logged_once() {
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
        let (capture, _guard) = Capture::start();
        let mut request = with_token(&token);
        *request.uri_mut() = path.parse().unwrap();
        assert_eq!(send(app, request).await.status, 403);
        assert_eq!(single(capture.take()).level, Level::DEBUG, "{path}");
    }
}

#[tokio::test]
async fn a_guard_or_extractor_without_a_layer_is_logged_by_name() {
    let extractor = Router::new().route("/", get(async |_: Identity| "in"));
    let guard = Router::new().route("/", get(async || "in"));
    let guard = guard.layer(RequireScopeLayer::new(Scope::from_static("a")));
    for (app, name) in [(extractor, "the extractor `Identity`"), (guard, "a guard")] {
        let (capture, _guard) = Capture::start();
        assert_eq!(send(&app, with_token("a")).await.status, 500);
        let line = single(capture.take());
        // At DEBUG if another test of this process has caused the same failure less than a minute ago.
        assert!([Level::DEBUG, Level::ERROR].contains(&line.level), "{line:?}");
        assert!(line.text.contains(&format!("{name} needs an AuthenticateLayer")), "{line:?}");
    }
}

#[tokio::test]
async fn a_successful_fetch_is_logged_at_debug_with_the_key_count() {
    let issuer = TestIssuer::new();
    issuer.publish(portcullis::Algorithm::Es256);
    issuer.publish(portcullis::Algorithm::EdDsa);
    let app = protected(&issuer);
    let (capture, _guard) = Capture::start();
    assert_eq!(send(&app, with_token(&issuer.token().audience(API).mint())).await.status, 200);
    let line = single(capture.take());
    assert_eq!((line.level, &*line.target), (Level::DEBUG, "portcullis"));
    for part in ["keys fetched", "issuer=https://issuer.test", " keys=2", " took="] {
        assert!(line.text.contains(part), "{part}: {line:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_fetch_is_logged_at_warn_with_all_sources() {
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
        let (capture, _guard) = Capture::start();
        assert_eq!(send(&app, with_token(&issuer.token().audience(API).mint())).await.status, 503);

        let lines = capture.take();
        assert_eq!(lines.len(), 2, "the fetch and the rejection: {lines:#?}");
        for line in &lines {
            assert_eq!(line.level, Level::WARN, "{line:?}");
            assert!(line.text.contains(cause), "{fault:?}: {line:?}");
            assert!(line.text.contains("https://issuer.test"), "{fault:?}: {line:?}");
        }
        assert!(lines[0].text.starts_with("could not fetch keys"), "{:?}", lines[0]);
    }
}

#[tokio::test]
async fn an_outage_is_logged_per_fetch_and_not_per_request() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    let long_lived = issuer.token().audience(API).expires_in(Duration::from_secs(86_400)).mint();
    assert_eq!(send(&app, with_token(&long_lived)).await.status, 200);
    issuer.fail(Fault::Unreachable);
    issuer.clock().advance(Duration::from_secs(3600));

    let (capture, _guard) = Capture::start();
    for _ in 0..100 {
        assert_eq!(send(&app, with_token(&long_lived)).await.status, 200);
    }
    assert_eq!(single(capture.take()).level, Level::WARN);
}
