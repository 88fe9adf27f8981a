//! The `WWW-Authenticate` response header (RFC 9110 §11.6.1, RFC 6750 §3).

use http::HeaderValue;

use crate::Error;

/// One challenge: a scheme and its parameters, each at most once.
#[derive(Debug)]
pub(crate) struct Challenge {
    text: String,
    first: bool,
}

impl Challenge {
    pub(crate) fn new(scheme: &str) -> Self {
        let mut text = String::with_capacity(160);
        text.push_str(scheme);
        Self { text, first: true }
    }

    /// Adds a parameter as a quoted-string. Control characters can't stand in one and are dropped.
    pub(crate) fn parameter(mut self, name: &str, value: &str) -> Self {
        self.text.push_str(if self.first { " " } else { ", " });
        self.first = false;
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.quote(value);
        self.text.push('"');
        self
    }

    /// Most values are plain, which is seen many bytes at a time.
    #[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
    fn quote(&mut self, value: &str) {
        let plain =
            |all, byte: &u8| all & matches!(byte, b' '..=b'~') & (*byte != b'"') & (*byte != b'\\');
        if value.as_bytes().iter().fold(true, plain) {
            self.text.push_str(value);
            return;
        }
        for character in value.chars() {
            match character {
                '"' | '\\' => self.text.extend(['\\', character]),
                '\t' | ' '..='~' | '\u{a0}'.. => self.text.push(character),
                _ => {}
            }
        }
    }

    /// Adds what RFC 6750 §3 says of an error. Its descriptions are fixed texts of ours, so they
    /// keep to the character set of `error_description`.
    pub(crate) fn error(self, error: &Error) -> Self {
        let Some(code) = error.code() else { return self };
        let challenge = self
            .parameter("error", code)
            .parameter("error_description", error.kind().description());
        match error.scope() {
            Some(scope) => challenge.parameter("scope", scope),
            None => challenge,
        }
    }

    pub(crate) fn into_header(self) -> HeaderValue {
        // The parameters were filtered, so this only fails for a scheme that no one configures.
        HeaderValue::from_bytes(self.text.as_bytes())
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenFault;

    #[test]
    fn challenges_are_right_to_the_letter() {
        for (challenge, header) in [
            (Challenge::new("Bearer"), "Bearer"),
            (Challenge::new("Bearer").parameter("realm", "orders"), r#"Bearer realm="orders""#),
            (
                Challenge::new("Bearer").parameter("realm", "r").error(&TokenFault::Expired.into()),
                r#"Bearer realm="r", error="invalid_token", error_description="Token expired.""#,
            ),
            (
                Challenge::new("Bearer").error(&Error::insufficient_scope("a b")),
                r#"Bearer error="insufficient_scope", error_description="Token lacks the required scope.", scope="a b""#,
            ),
            (
                Challenge::new("Bearer").parameter("realm", "a\"b\\c\r\nd"),
                r#"Bearer realm="a\"b\\cd""#,
            ),
        ] {
            assert_eq!(challenge.into_header(), header);
        }
    }

    #[test]
    fn a_realm_may_be_utf_8() {
        let header = Challenge::new("Bearer").parameter("realm", "caf\u{e9}").into_header();
        assert_eq!(header.as_bytes(), "Bearer realm=\"caf\u{e9}\"".as_bytes());
    }

    #[test]
    fn descriptions_keep_to_the_character_set_of_rfc_6750() {
        use crate::{ErrorKind, RequestFault};
        for kind in [
            ErrorKind::AccessDenied,
            ErrorKind::InsufficientScope,
            ErrorKind::InvalidRequest(RequestFault::Malformed),
            ErrorKind::InvalidRequest(RequestFault::Repeated),
            ErrorKind::InvalidRequest(RequestFault::TooLong),
            ErrorKind::InvalidToken(TokenFault::Type),
            ErrorKind::InvalidToken(TokenFault::Signature),
        ] {
            let description = kind.description();
            assert!(
                description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            );
        }
    }
}
