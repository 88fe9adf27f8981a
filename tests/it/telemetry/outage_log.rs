//! The log during an outage: one line per minute, regardless of the number of tokens.

use portcullis::testing::{Fault, TestIssuer};
use serde_json::json;
use tracing::Level;

use crate::{
    support::{
        API,
        outcome::{run_until_idle, seconds, verify_token},
        protected, send, with_token,
    },
    telemetry::capture::{Capture, Line},
};

/// The lines of this crate at WARN and ERROR, and those at DEBUG.
fn split(lines: Vec<Line>) -> (Vec<Line>, Vec<Line>) {
    lines.into_iter().partition(|line| line.level <= Level::WARN)
}

#[tokio::test(start_paused = true)]
async fn unverifiable_tokens_are_logged_once_a_minute_with_a_count() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Status(502));
    let app = protected(&issuer);
    let (capture, _guard) = Capture::start();
    for minute in 0..5 {
        for number in 0..100 {
            let token = issuer.token().audience(API).claim("number", json!(number)).mint();
            assert_eq!(send(&app, with_token(&token)).await.status, 503);
        }
        let (warnings, others) = split(capture.take());
        let (fetches, rejections): (Vec<_>, Vec<_>) =
            warnings.into_iter().partition(|line| line.text.starts_with("could not fetch keys"));
        assert_eq!((fetches.len(), rejections.len()), (1, 1), "in minute {minute}");
        let text = &rejections[0].text;
        for part in ["reason=\"unavailable\"", "issuer=\"https://issuer.test\"", "502"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(text.contains(" suppressed=99"), minute > 0, "in minute {minute}: {text}");
        let rejected = others.iter().filter(|line| line.text.contains("reason=\"unavailable\""));
        assert_eq!(rejected.count(), 99, "the others are at DEBUG");
        issuer.clock().advance(seconds(60));
    }
}

#[tokio::test(start_paused = true)]
async fn failed_fetches_are_logged_at_warn_once_a_minute_with_a_count() {
    let issuer = TestIssuer::new();
    issuer.fail(Fault::Status(502));
    let app = protected(&issuer);
    let (capture, _guard) = Capture::start();
    let mut warnings = Vec::new();
    for second in 0..180 {
        let token = issuer.token().audience(API).mint();
        assert_eq!(send(&app, with_token(&token)).await.status, 503);
        run_until_idle().await;
        let (logged, _) = split(capture.take());
        let fetches =
            logged.into_iter().filter(|line| line.text.starts_with("could not fetch keys"));
        warnings.extend(fetches.map(|line| (second, line.text)));
        issuer.clock().advance(seconds(1));
    }
    assert!((2..=3).contains(&warnings.len()), "{warnings:#?}");
    assert!(warnings.windows(2).all(|two| two[1].0 - two[0].0 >= 60), "{warnings:#?}");
    assert!(warnings[1].1.contains(" suppressed="), "{warnings:#?}");
}

#[tokio::test]
async fn an_endpoint_is_reachable_again_once() {
    let issuer = TestIssuer::new();
    let verifier = issuer.introspection().audience(API).build().unwrap();
    let (capture, _guard) = Capture::start();
    let mut recoveries = Vec::new();
    for (number, is_failing) in [false, true, true, false, false].into_iter().enumerate() {
        if is_failing {
            issuer.fail(Fault::Status(502));
        } else {
            issuer.recover();
        }
        drop(verify_token(&verifier, &format!("unknown{number}")).await);
        let lines = capture.take();
        if lines.iter().any(|line| line.text.contains("endpoint reachable again")) {
            recoveries.push(number);
        }
    }
    assert_eq!(recoveries, [3]);
}

#[tokio::test(start_paused = true)]
async fn each_issuer_has_its_own_lines() {
    let (capture, _guard) = Capture::start();
    for name in ["https://one.test", "https://two.test"] {
        let issuer = TestIssuer::named(name);
        issuer.fail(Fault::Unreachable);
        let token = issuer.token().audience(API).mint();
        assert_eq!(send(&protected(&issuer), with_token(&token)).await.status, 503);
        let (warnings, _) = split(capture.take());
        assert_eq!(warnings.len(), 2, "{warnings:#?}");
        assert!(warnings.iter().all(|line| line.text.contains(name)), "{warnings:#?}");
    }
}
