//! The keys that are left out of a set, for operators.

use std::fmt;

use serde_json::Value;

use super::jwk::{JwkError, kid};
use crate::telemetry;

/// The maximum number of keys that are listed.
const MAX_LISTED: usize = 16;

/// The maximum length of a `kid` in an error or event, in characters.
const MAX_KID: usize = 64;

/// The keys of a set that can't be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LeftOutKeys {
    listed: Vec<LeftOutKey>,
    /// The number of further keys, which aren't listed.
    more: usize,
}

/// A key that can't be used, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LeftOutKey {
    /// The `kid`, shortened and without control characters.
    kid: Option<String>,
    reason: String,
}

impl LeftOutKeys {
    pub(crate) const NONE: Self = Self { listed: Vec::new(), more: 0 };

    pub(super) fn add(&mut self, jwk: &Value, reason: &JwkError) {
        if self.listed.len() == MAX_LISTED {
            self.more = self.more.saturating_add(1);
            return;
        }
        let kid = kid(jwk).ok().flatten();
        let kid = kid.map(|kid| shown(&kid));
        self.listed.push(LeftOutKey { kid, reason: reason.to_string() });
    }

    /// Adds the keys that were left out of another set.
    pub(crate) fn append(&mut self, other: &Self) {
        let room = MAX_LISTED.saturating_sub(self.listed.len());
        self.listed.extend(other.listed.iter().take(room).cloned());
        let more = other.listed.len().saturating_sub(room).saturating_add(other.more);
        self.more = self.more.saturating_add(more);
    }

    /// Returns why the key with this `kid` was left out, if it is listed.
    pub(crate) fn reason(&self, kid: &str) -> Option<&str> {
        let kid = shown(kid);
        let key = self.listed.iter().find(|key| key.kid.as_deref() == Some(&*kid))?;
        Some(&key.reason)
    }

    /// Logs the keys. Must be called once per set.
    pub(crate) fn report(&self, issuer: &str) {
        for key in &self.listed {
            telemetry::key_left_out(issuer, key.kid.as_deref(), &key.reason);
        }
        if self.more > 0 {
            telemetry::more_keys_left_out(issuer, self.more);
        }
    }
}

/// Shortens a `kid`, and escapes its control characters.
fn shown(kid: &str) -> String {
    kid.chars().take(MAX_KID).flat_map(char::escape_debug).collect()
}

/// Formats the list for an error, where it follows "it has no key that verifies signatures".
impl fmt::Display for LeftOutKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.listed.iter().enumerate() {
            f.write_str(if index == 0 { " (" } else { "; " })?;
            match &key.kid {
                Some(kid) => write!(f, "key `{kid}`: {}", key.reason)?,
                None => write!(f, "a key without `kid`: {}", key.reason)?,
            }
        }
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        f.write_str(if self.listed.is_empty() { "" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left_out(kids: impl IntoIterator<Item = Value>) -> LeftOutKeys {
        let mut left_out = LeftOutKeys::default();
        for kid in kids {
            left_out.add(&json!({ "kid": kid }), &JwkError::Unsupported("kty"));
        }
        left_out
    }

    #[test]
    fn the_list_is_shown_with_reasons() {
        assert_eq!(LeftOutKeys::default().to_string(), "");
        assert_eq!(
            left_out([json!("one"), json!(null)]).to_string(),
            " (key `one`: `kty` isn't supported; a key without `kid`: `kty` isn't supported)"
        );
    }

    #[test]
    fn the_list_is_bounded() {
        let keys = left_out((0..100).map(|kid| json!(kid)));
        assert_eq!((keys.listed.len(), keys.more), (16, 84));
        assert!(keys.to_string().ends_with("key `15`: `kty` isn't supported; and 84 more)"));
        let keys = left_out([json!("x".repeat(10_000))]);
        let key = &keys.listed[0];
        assert_eq!(key.kid.as_ref().unwrap().len(), 64);
    }

    #[test]
    fn a_kid_cannot_forge_a_line_of_a_log() {
        let keys = left_out([json!("one\nINFO two\u{1b}[0m")]);
        let key = &keys.listed[0];
        assert_eq!(key.kid.as_deref(), Some("one\\nINFO two\\u{1b}[0m"));
    }
}
