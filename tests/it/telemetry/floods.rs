//! Floods of rejections: few lines, and few series.

use std::time::Duration;

use axum::{Router, routing::get};
use portcullis::{
    Algorithm, AuthenticateLayer, Error, RequireScopeLayer, Scope, Verification,
    testing::{Fault, TestIssuer},
};
use serde_json::json;
use tracing::Level;

use super::capture::{Capture, Line};
use crate::support::{API, issuer_with, protected, send, whoami, with_token};

fn at(lines: &[Line], level: Level) -> Vec<&Line> {
    lines.iter().filter(|line| line.level == level).collect()
}

#[tokio::test]
async fn five_hundred_rejections_during_an_outage_are_few_warnings() {
    let issuer = TestIssuer::new();
    let app = protected(&issuer);
    issuer.fail(Fault::Unreachable);
    let (capture, _guard) = Capture::start();
    for _ in 0..500 {
        assert_eq!(send(&app, with_token(&issuer.token().audience(API).mint())).await.status, 503);
    }
    let lines = capture.take();
    assert!(lines.len() >= 500, "each rejection is an event: {}", lines.len());
    let warnings = at(&lines, Level::WARN);
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].text.starts_with("could not fetch keys"), "{warnings:#?}");
    assert_eq!(at(&lines, Level::ERROR).len(), 0);
    // A minute later, the count of the suppressed lines follows.
    issuer.clock().advance(Duration::from_secs(61));
    send(&app, with_token(&issuer.token().audience(API).mint())).await;
    let lines = capture.take();
    assert!(lines.iter().any(|line| line.text.contains(" suppressed=499")), "{lines:#?}");
}

#[tokio::test]
async fn failures_without_an_issuer_are_limited_for_each_layer() {
    struct Failing(fn() -> Error);
    impl portcullis::Verify<portcullis::BearerToken<'_>> for Failing {
        fn verify(&self, _: portcullis::BearerToken<'_>) -> Verification {
            Verification::ready(Err((self.0)()))
        }
    }
    for (error, level) in [
        (Failing(|| Error::unavailable("no database")), Level::WARN),
        (Failing(|| Error::misconfigured("no table")), Level::ERROR),
    ] {
        let app = whoami().layer(AuthenticateLayer::bearer(error));
        let (capture, _guard) = Capture::start();
        for _ in 0..500 {
            send(&app, with_token("t")).await;
        }
        let lines = capture.take();
        assert_eq!((lines.len(), at(&lines, level).len()), (500, 1));
    }
}

#[tokio::test]
async fn failures_outside_of_a_layer_are_limited_too() {
    // Its text is of this test alone: the limit is that of the process.
    let handler = async || Error::misconfigured("no table of flood tests");
    let unlayered = Router::new().route("/", get(handler));
    let layered = protected_by(handler);
    let guarded = Router::new().route("/", get(async || "in"));
    let guarded = guarded.layer(RequireScopeLayer::new(Scope::from_static("a")));
    let (capture, _guard) = Capture::start();
    let mut errors = 0;
    for app in [unlayered, layered] {
        for _ in 0..250 {
            assert_eq!(send(&app, with_token("t")).await.status, 500);
        }
        let lines = capture.take();
        assert_eq!(lines.len(), 250, "each rejection is an event");
        errors += at(&lines, Level::ERROR).len();
    }
    assert_eq!(errors, 1);
    for _ in 0..500 {
        assert_eq!(send(&guarded, with_token("t")).await.status, 500);
    }
    let lines = capture.take();
    // None if another test has caused it a moment ago.
    assert!(at(&lines, Level::ERROR).len() <= 1, "{:#?}", at(&lines, Level::ERROR));
    assert_eq!(lines.len(), 500);
}

/// A handler behind a layer that accepts every token.
fn protected_by<F: Future<Output = Error> + Send + 'static>(
    handler: impl FnOnce() -> F + Clone + Send + Sync + 'static,
) -> Router {
    struct Anyone;
    impl portcullis::Verify<portcullis::BearerToken<'_>> for Anyone {
        fn verify(&self, _: portcullis::BearerToken<'_>) -> Verification {
            Verification::ready(Ok(portcullis::Identity::assertion().build()))
        }
    }
    Router::new().route("/", get(handler)).layer(AuthenticateLayer::bearer(Anyone))
}

#[tokio::test]
async fn the_end_of_an_outage_and_a_rotation_are_logged_once_at_info() {
    let issuer = issuer_with([Algorithm::Es256]);
    let app = protected(&issuer);
    let token = || with_token(&issuer.token().audience(API).mint());
    issuer.fail(Fault::Status(503));
    let (capture, _guard) = Capture::start();
    assert_eq!(send(&app, token()).await.status, 503);
    issuer.recover();
    issuer.clock().advance(Duration::from_secs(61));
    for _ in 0..3 {
        assert_eq!(send(&app, token()).await.status, 200);
    }
    let lines = capture.take();
    let changes = at(&lines, Level::INFO);
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0].text, r#"issuer reachable again issuer="https://issuer.test""#);

    issuer.rotate_keys(false);
    for _ in 0..3 {
        assert_eq!(send(&app, token()).await.status, 200);
    }
    let lines = capture.take();
    let changes = at(&lines, Level::INFO);
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert!(changes[0].text.starts_with(r#"keys rotated issuer="https://issuer.test" added="#));
    assert!(changes[0].text.contains(" removed="), "{changes:#?}");
    assert_eq!(at(&lines, Level::WARN).len(), 0, "{lines:#?}");

    // A key that is added to the others.
    issuer.rotate_keys(true);
    issuer.clock().advance(Duration::from_secs(61));
    assert_eq!(send(&app, token()).await.status, 200);
    let lines = capture.take();
    let changes = at(&lines, Level::INFO);
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert!(changes[0].text.contains(" added="), "{changes:#?}");
    assert!(!changes[0].text.contains(" removed="), "{changes:#?}");
}

#[cfg(feature = "metrics")]
#[test]
fn labels_stay_bounded_under_random_issuers_keys_and_paths() {
    use metrics_util::debugging::DebuggingRecorder;
    use portcullis::Issuers;

    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let issuers = Issuers::builder()
        .trust(verifier)
        .tenants("https://{tenant}.login.test", async |_| Ok(None))
        .build()
        .unwrap();
    let app = whoami().layer(AuthenticateLayer::bearer(issuers));
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for n in 0..10_000 {
                let token = issuer.token().audience(API);
                let token = match n % 3 {
                    0 => token.claim("iss", json!(format!("https://{n}.test"))),
                    1 => token.claim("iss", json!(format!("https://t{n}.login.test"))),
                    _ => token.header("kid", json!(format!("kid-{n}"))),
                };
                let mut request = with_token(&token.mint());
                *request.uri_mut() = format!("/{n}?q={n}").parse().unwrap();
                assert!(!send(&app, request).await.status.is_success());
            }
        });
    });
    let series = snapshotter.snapshot().into_vec().len();
    assert!((2..20).contains(&series), "{series} series");
}
