//! One line per request, with who made it and why it was rejected.

use axum::Router;
use portcullis::{
    Algorithm, AuthenticateLayer, JwtVerifier, Secret, access_log::SubjectField,
    testing::TestIssuer,
};

use super::log_buffer::LogBuffer;
use crate::support::{API, issuer_with, send, whoami, with_token};

// docs/operations.md shows what is between the two lines.
// recipe
mod recipe {
    use axum::Router;
    use http::{Request, Response};
    use portcullis::{
        AuthenticateLayer,
        access_log::{RecordIdentityLayer, SubjectField, record_rejection},
    };
    use tower_http::trace::TraceLayer;
    use tracing::{Span, field::Empty, info, info_span};

    pub fn with_access_log(
        app: Router,
        authenticate: AuthenticateLayer,
        subject: SubjectField,
    ) -> Router {
        let span = |request: &Request<_>| {
            info_span!(
                "request", method = %request.method(), path = request.uri().path(),
                issuer = Empty, client_id = Empty, subject = Empty,
                reason = Empty, rule = Empty, expected = Empty, found = Empty, hint = Empty,
            )
        };
        let respond = |response: &Response<_>, latency, span: &Span| {
            record_rejection(span, response.extensions());
            info!(status = response.status().as_u16(), ?latency, "responded");
        };
        app.layer(RecordIdentityLayer::new(subject))
            // Without it, `expected`, `found` and `hint` depend on the filter of the log.
            .layer(authenticate.record_diagnoses())
            .layer(TraceLayer::new_for_http().make_span_with(span).on_response(respond))
    }
}
// recipe

fn verifier(issuer: &TestIssuer) -> JwtVerifier {
    issuer.verifier().audience(API).build().unwrap()
}

/// Sends a token to a service with the access log, and returns the line of the response.
async fn line(issuer: &TestIssuer, subject: SubjectField, token: &str, status: u16) -> String {
    let app: Router =
        recipe::with_access_log(whoami(), AuthenticateLayer::bearer(verifier(issuer)), subject);
    let buffer = LogBuffer::default();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_writer(buffer.clone());
    let guard = tracing::subscriber::set_default(log.finish());
    assert_eq!(send(&app, with_token(token)).await.status, status);
    drop(guard);
    let log = buffer.text();
    assert!(!log.contains(token), "{log}");
    let line = log.lines().find(|line| line.contains("responded"));
    line.unwrap_or_else(|| panic!("no line in {log}")).to_owned()
}

#[tokio::test]
async fn the_recipe_logs_who_made_a_request_and_why_it_was_rejected() {
    let issuer = issuer_with([Algorithm::Es256]);
    let valid = issuer.token().audience(API).subject("alice@example.org").mint();
    let omitted = line(&issuer, SubjectField::omitted(), &valid, 200).await;
    assert!(omitted.contains("issuer=https://issuer.test"), "{omitted}");
    assert!(omitted.contains("status=200") && !omitted.contains("alice"), "{omitted}");
    let plain = line(&issuer, SubjectField::plain(), &valid, 200).await;
    assert!(plain.contains("subject=alice@example.org"), "{plain}");

    let hashed = |key: &'static str| SubjectField::hashed(&Secret::from(key));
    let subject_of = |line: &str| {
        let (_, rest) = line.split_once("subject=").expect("a subject");
        rest.trim_matches('"').split(['"', ' ', '}']).next().unwrap().to_owned()
    };
    let one = line(&issuer, hashed("one"), &valid, 200).await;
    assert!(!one.contains("alice"), "{one}");
    assert_eq!(subject_of(&one).len(), 16, "{one}");
    assert_eq!(subject_of(&line(&issuer, hashed("one"), &valid, 200).await), subject_of(&one));
    assert_ne!(subject_of(&line(&issuer, hashed("two"), &valid, 200).await), subject_of(&one));

    let slashed = issuer.token().audience("https://api.example/").mint();
    let rejected = line(&issuer, SubjectField::plain(), &slashed, 401).await;
    for part in [
        "status=401",
        "token_audience",
        "expected=https://api.example ",
        "found=https://api.example/ ",
        "extra slash",
    ] {
        assert!(rejected.contains(part), "{part}: {rejected}");
    }
    assert!(!rejected.contains("subject="), "{rejected}");
}
