//! Error messages and log events that name the likely cause.

use portcullis::{ErrorKind, IntrospectionVerifier};

use super::{INTROSPECT, endpoint::Endpoint, verify, with_sources};

#[tokio::test]
async fn the_hint_for_encoded_credentials_is_client_secret_post() {
    for status in [400, 401, 403] {
        let endpoint = Endpoint::new(move |_| (status, r#"{"error":"invalid_client"}"#.to_owned()));
        for (client_id, secret, is_encoded) in [
            ("orders-api", "s3cret", false),
            ("orders_api.1", "S3CRET-*_.", false),
            ("orders-api", "s3c+ret", true),
            ("orders-api", "s3cret/", true),
            ("orders-api", "s3cret=", true),
            ("orders-api", "s3 cret", true),
            ("orders-api", "s3:cret", true),
            ("orders@example", "s3cret", true),
            ("\u{e4}pp", "s3cret", true),
        ] {
            let builder =
                || IntrospectionVerifier::builder(INTROSPECT).http_client(endpoint.client());
            let basic = builder().client_secret_basic(client_id, secret);
            let post = builder().client_secret_post(client_id, secret);
            for (builder, has_hint) in [(basic, is_encoded), (post, false)] {
                let verifier = builder.without_audience().build().unwrap();
                let error = verify(&verifier, "t").await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Misconfigured);
                let message = with_sources(&error);
                let expected = format!(
                    "`{INTROSPECT}` rejected the credentials of this service (status {})",
                    http::StatusCode::from_u16(status).unwrap()
                );
                assert!(message.contains(&expected), "{message}");
                assert_eq!(message.contains("use client_secret_post"), has_hint, "{message}");
                assert!(!message.contains(secret), "{message}");
            }
        }
    }
}

#[cfg(feature = "tracing")]
mod log {
    use tracing::Level;

    use super::*;
    use crate::{
        introspection::builder_for,
        telemetry::capture::{Capture, Line},
    };

    fn warnings(capture: &Capture) -> Vec<Line> {
        let mut lines = capture.take();
        lines.retain(|line| line.level <= Level::WARN);
        lines
    }

    fn active_if_valid() -> Endpoint {
        Endpoint::new(|token| (200, format!(r#"{{"active":{}}}"#, token.starts_with("valid"))))
    }

    #[tokio::test]
    async fn an_endpoint_that_calls_every_token_inactive_is_reported_once() {
        let verifier = builder_for(&active_if_valid()).without_audience().build().unwrap();
        let (capture, _guard) = Capture::start();
        for n in 0..19 {
            verify(&verifier, &format!("t{n}")).await.unwrap_err();
        }
        assert_eq!(warnings(&capture).len(), 0);
        for n in 19..100 {
            verify(&verifier, &format!("t{n}")).await.unwrap_err();
        }
        let lines = warnings(&capture);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        for part in [
            "this client may not be permitted to introspect them",
            " endpoint=\"as.example\"",
            " tokens=20",
        ] {
            assert!(lines[0].text.contains(part), "{part}: {:?}", lines[0]);
        }
    }

    #[tokio::test]
    async fn after_one_active_token_inactive_ones_are_not_reported() {
        let verifier = builder_for(&active_if_valid()).without_audience().build().unwrap();
        let (capture, _guard) = Capture::start();
        for n in 0..10 {
            verify(&verifier, &format!("t{n}")).await.unwrap_err();
        }
        verify(&verifier, "valid").await.unwrap();
        for n in 10..100 {
            verify(&verifier, &format!("t{n}")).await.unwrap_err();
        }
        assert_eq!(warnings(&capture).len(), 0);
    }

    #[tokio::test]
    async fn an_active_token_that_is_rejected_by_a_rule_counts_as_active() {
        let endpoint = Endpoint::new(|token| {
            let is_active = token.starts_with("valid");
            (200, format!(r#"{{"active":{is_active},"aud":"another"}}"#))
        });
        let verifier = builder_for(&endpoint).audience("api").build().unwrap();
        let (capture, _guard) = Capture::start();
        verify(&verifier, "valid").await.unwrap_err();
        for n in 0..100 {
            verify(&verifier, &format!("t{n}")).await.unwrap_err();
        }
        assert_eq!(warnings(&capture).len(), 0);
    }

    #[tokio::test]
    async fn unsupported_tokens_are_reported_once_a_minute_with_a_hint() {
        let endpoint = Endpoint::new(|_| (400, r#"{"error":"unsupported_token_type"}"#.to_owned()));
        let clock = portcullis::testing::TestClock::new();
        let verifier = builder_for(&endpoint).without_audience().clock(clock.clone());
        let verifier = verifier.build().unwrap();
        let (capture, _guard) = Capture::start();
        for n in 0..50 {
            verify(&verifier, &format!("t{n}")).await.unwrap_err();
        }
        let lines = warnings(&capture);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].text.contains("which a JwtVerifier verifies"), "{:?}", lines[0]);
        clock.advance(std::time::Duration::from_secs(60));
        verify(&verifier, "another").await.unwrap_err();
        let lines = warnings(&capture);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].text.contains(" tokens=50"), "{:?}", lines[0]);
    }
}
