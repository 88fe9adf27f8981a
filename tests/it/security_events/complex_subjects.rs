//! Complex subjects (Shared Signals Framework §3), whose members are subject identifiers of RFC 9493.

use serde_json::{Value, json};

use super::{CAEP, SESSION, Setting, USER};

/// Sends an event about a subject, and returns its status, and that of a token of `USER` and `SESSION` after it.
async fn outcome(subject: impl FnOnce(&str) -> Value) -> (u16, u16) {
    let setting = Setting::new();
    let subject = subject(setting.issuer.issuer());
    let token = setting.token(USER, SESSION);
    let event = setting.event(&format!("{CAEP}session-revoked"), subject);
    let response = setting.push(&event).await;
    (response.status.as_u16(), setting.status(&token).await)
}

#[tokio::test]
async fn a_session_of_the_issuer_is_revoked() {
    let named =
        |iss: &str| json!({ "session": { "format": "iss_sub", "iss": iss, "sub": SESSION } });
    assert_eq!(outcome(named).await, (202, 401));
    let opaque = |_: &str| json!({ "session": { "format": "opaque", "id": SESSION } });
    assert_eq!(outcome(opaque).await, (202, 401));
}

#[tokio::test]
async fn a_session_of_another_issuer_is_rejected() {
    let foreign = |_: &str| {
        json!({ "format": "complex", "session": {
            "format": "iss_sub", "iss": "https://other.example", "sub": SESSION,
        } })
    };
    assert_eq!(outcome(foreign).await, (400, 200));
}

#[tokio::test]
async fn a_nested_complex_subject_is_rejected_instead_of_ignored() {
    let inner = |iss: &str| json!({ "format": "iss_sub", "iss": iss, "sub": USER });
    for outer in ["session", "user"] {
        for format in [None, Some("complex")] {
            let nested = |iss: &str| {
                let mut nested = json!({ "user": inner(iss) });
                if let Some(format) = format {
                    nested["format"] = json!(format);
                }
                json!({ outer: nested })
            };
            assert_eq!(outcome(nested).await, (400, 200), "{outer} {format:?}");
        }
    }
    let alias = |iss: &str| json!({ "format": "aliases", "identifiers": [{ "user": inner(iss) }] });
    assert_eq!(outcome(alias).await, (400, 200));
}
