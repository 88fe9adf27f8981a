//! Searches texts for secrets.

use std::error::Error as StdError;

use crate::support::TestResponse;

/// A private claim value.
pub const PRIVATE: &str = "pr1v4te-cl41m-v4lue";

/// A password in Basic credentials, and the client secret for introspection.
pub const PASSWORD: &str = "hunter2hunter2";
/// `someuser:hunter2hunter2`
pub const BASIC: &str = "c29tZXVzZXI6aHVudGVyMmh1bnRlcjI=";

pub const HMAC: &str = "hm4c-s3cret-of-at-least-thirty-two-bytes";

/// The parts of a credential that must not appear: each one that is long enough to be distinctive.
pub fn traces(credential: &str) -> Vec<String> {
    let parts = credential.split(['.', ' ', ',', '=', '"']).filter(|part| part.len() > 8);
    // The JOSE header isn't secret, and is the same for every token.
    let parts = parts.filter(|part| !part.starts_with("eyJhbGciOi"));
    parts.map(|part| part.chars().take(24).collect()).collect()
}

/// The bytes of a text as `Debug` would show them, and in hexadecimal.
pub fn bytes(text: &str) -> [String; 2] {
    let list = format!("{:?}", &text.as_bytes()[..8]);
    let hex = text.bytes().take(8).map(|byte| format!("{byte:02x}")).collect();
    [list.trim_matches(['[', ']']).to_owned(), hex]
}

/// Everything that a response and its error show.
pub fn shown(response: &TestResponse) -> Vec<String> {
    let mut shown = vec![response.body.clone(), format!("{:?}", response.headers)];
    let mut error: Option<&dyn StdError> = response.error.as_ref().map(|error| error as _);
    while let Some(cause) = error {
        shown.push(cause.to_string());
        shown.push(format!("{cause:?} {cause:#?}"));
        error = cause.source();
    }
    shown
}

pub fn assert_clean(shown: &[String], secrets: &[String], name: &str) {
    assert!(!secrets.is_empty(), "{name}");
    for text in shown {
        for secret in secrets.iter().map(String::as_str).chain([PRIVATE, PASSWORD, BASIC, HMAC]) {
            assert!(!text.contains(secret), "{name}: `{secret}` is in `{text}`");
        }
    }
}
