//! The search for secrets in all that is shown.

use std::error::Error as StdError;

use crate::support::Answer;

/// Stands in claims that are nobody's business.
pub const PRIVATE: &str = "pr1v4te-cl41m-v4lue";

/// In Basic credentials, and as a client secret of introspection.
pub const PASSWORD: &str = "hunter2hunter2";
/// `someuser:hunter2hunter2`
pub const BASIC: &str = "c29tZXVzZXI6aHVudGVyMmh1bnRlcjI=";

pub const HMAC: &str = "hm4c-s3cret-of-at-least-thirty-two-bytes";

/// What of a credential must appear nowhere: each part that is long enough to be told from other text.
pub fn traces(credential: &str) -> Vec<String> {
    let parts = credential.split(['.', ' ', ',', '=', '"']).filter(|part| part.len() > 8);
    // A header is no secret of its own, and the same for every token.
    let parts = parts.filter(|part| !part.starts_with("eyJhbGciOi"));
    parts.map(|part| part.chars().take(24).collect()).collect()
}

/// How `Debug` would show the bytes of a text, and how they look in hexadecimal.
pub fn bytes(text: &str) -> [String; 2] {
    let list = format!("{:?}", &text.as_bytes()[..8]);
    let hex = text.bytes().take(8).map(|byte| format!("{byte:02x}")).collect();
    [list.trim_matches(['[', ']']).to_owned(), hex]
}

/// All that an answer shows, and all that its error tells the operator.
pub fn shown(answer: &Answer) -> Vec<String> {
    let mut shown = vec![answer.body.clone(), format!("{:?}", answer.headers)];
    let mut error: Option<&dyn StdError> = answer.error.as_ref().map(|error| error as _);
    while let Some(cause) = error {
        shown.push(cause.to_string());
        shown.push(format!("{cause:?} {cause:#?}"));
        error = cause.source();
    }
    shown
}

pub fn assert_clean(shown: &[String], secrets: &[String], what: &str) {
    assert!(!secrets.is_empty(), "{what}");
    for text in shown {
        for secret in secrets.iter().map(String::as_str).chain([PRIVATE, PASSWORD, BASIC, HMAC]) {
            assert!(!text.contains(secret), "{what}: `{secret}` is in `{text}`");
        }
    }
}
