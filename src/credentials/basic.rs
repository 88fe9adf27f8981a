//! User-id and password (RFC 7617).

use std::fmt;

use base64_simd::STANDARD;
use http::HeaderMap;
use zeroize::Zeroizing;

use super::{Authorization, GuessKey};
use crate::{Error, error::RequestFault};

/// The unverified user-id and password of a request ([RFC 7617 §2]).
///
/// Both are UTF-8 without control characters, and either may be empty. They are not
/// trimmed, case-folded or normalized.
///
/// `Debug` shows neither, because the user-id may be an e-mail address. Their memory is cleared when they are dropped.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::BasicCredentials;
///
/// let mut headers = HeaderMap::new();
/// let line = HeaderValue::from_static("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// headers.insert(AUTHORIZATION, line);
/// let credentials = BasicCredentials::from_headers(&headers)?;
/// assert_eq!(credentials.user_id(), "Aladdin");
/// assert_eq!(credentials.password(), "open sesame");
/// assert_eq!(format!("{credentials:?}"), "BasicCredentials([redacted])");
/// # Ok::<(), portcullis::Error>(())
/// ```
///
/// With the `axum` feature this is also an extractor, which doesn't need a layer.
///
/// [RFC 7617 §2]: https://www.rfc-editor.org/rfc/rfc7617#section-2
#[derive(Clone)]
pub struct BasicCredentials {
    /// The user-id, and the password after it.
    text: Zeroizing<Box<str>>,
    user_id_length: usize,
    /// Boxed, because every request passes this type on, and few of them have a key.
    guess_key: Option<Box<GuessKey>>,
}

impl BasicCredentials {
    /// The scheme's name on the wire.
    pub(crate) const SCHEME: &'static str = "Basic";

    /// Reads the user-id and the password from the `Authorization` header.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingCredentials`](crate::ErrorKind::MissingCredentials) without the header, or
    /// with another scheme in it; [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the
    /// header is repeated or malformed.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        Authorization::read_only(headers, Self::SCHEME, Self::parse)
    }

    /// Parses the base64 of `user-id ":" password`. Only the canonical encoding is accepted (RFC 4648 §3.5).
    pub(crate) fn parse(token68: &[u8]) -> Result<Self, RequestFault> {
        let bytes = STANDARD.decode_to_vec(token68).map_err(|_| RequestFault::Malformed)?;
        let bytes = Zeroizing::new(bytes);
        let text = str::from_utf8(&bytes).map_err(|_| RequestFault::Malformed)?;
        // Split at the first colon: a password may contain others, a user-id may not.
        let (user_id, password) = text.split_once(':').ok_or(RequestFault::Malformed)?;
        if text.contains(char::is_control) {
            return Err(RequestFault::Malformed);
        }
        Ok(Self::new(user_id, password))
    }

    /// Creates credentials that don't come from the header but from a login form or the password grant
    /// ([RFC 6749 §4.3]). If the same [`BasicVerifier`](crate::BasicVerifier) verifies both, it counts their failed
    /// attempts together.
    ///
    /// The texts aren't validated. The verifier rejects a user-id that it doesn't know, such as one with a colon.
    ///
    /// ```
    /// use portcullis::BasicCredentials;
    ///
    /// let credentials = BasicCredentials::new("Aladdin", "open sesame");
    /// assert_eq!(credentials.user_id(), "Aladdin");
    /// ```
    ///
    /// [RFC 6749 §4.3]: https://www.rfc-editor.org/rfc/rfc6749#section-4.3
    #[must_use]
    pub fn new(user_id: &str, password: &str) -> Self {
        // Allocated with its final length, because growing would leave a part in freed memory.
        let mut text = String::with_capacity(user_id.len().saturating_add(password.len()));
        text.push_str(user_id);
        text.push_str(password);
        Self {
            text: Zeroizing::new(text.into_boxed_str()),
            user_id_length: user_id.len(),
            guess_key: None,
        }
    }

    /// Sets the key that failed attempts are counted by, in addition to the user: usually the address of the client.
    ///
    /// A layer does this for the credentials that it reads, as
    /// [`AuthenticateLayer::guess_key`](crate::AuthenticateLayer::guess_key) says. Call it for credentials
    /// from a form.
    ///
    /// ```
    /// use std::net::IpAddr;
    ///
    /// use portcullis::{BasicCredentials, credentials::GuessKey};
    ///
    /// let address = IpAddr::from([192, 0, 2, 1]);
    /// let credentials = BasicCredentials::new("Aladdin", "open sesame").with_guess_key(address);
    /// assert_eq!(credentials.guess_key(), Some(&GuessKey::from(address)));
    /// ```
    #[must_use]
    pub fn with_guess_key(mut self, key: impl Into<GuessKey>) -> Self {
        self.guess_key = Some(Box::new(key.into()));
        self
    }

    /// Returns the key that failed attempts are counted by, in addition to the user, if it is set.
    #[must_use]
    pub fn guess_key(&self) -> Option<&GuessKey> {
        self.guess_key.as_deref()
    }

    /// Returns the user-id, which the caller only claims to have.
    #[must_use]
    pub fn user_id(&self) -> &str {
        self.text.get(..self.user_id_length).unwrap_or_default()
    }

    /// Returns the password. Compare it in constant time, or better, verify it against a hash.
    #[must_use]
    pub fn password(&self) -> &str {
        self.text.get(self.user_id_length..).unwrap_or_default()
    }
}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicCredentials([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::*;
    use crate::ErrorKind;

    fn parse(token68: &str) -> Option<(String, String)> {
        let credentials = BasicCredentials::parse(token68.as_bytes()).ok()?;
        Some((credentials.user_id().into(), credentials.password().into()))
    }

    // Verifies rfc7617-2-first-colon, rfc7617-2.1-user-id, rfc7617-2.1-password.
    #[test]
    fn the_first_colon_separates_user_id_and_password() {
        for (text, user_id, password) in [
            ("Aladdin:open sesame", "Aladdin", "open sesame"),
            ("test:123\u{a3}", "test", "123\u{a3}"),
            ("a:b:c", "a", "b:c"),
            ("a::", "a", ":"),
            ("a:", "a", ""),
            (":b", "", "b"),
            (":", "", ""),
            (" a : b ", " a ", " b "),
            ("a%3Ab+c:%20", "a%3Ab+c", "%20"),
        ] {
            let parsed = parse(&STANDARD.encode_to_string(text));
            assert_eq!(parsed, Some((user_id.into(), password.into())), "{text:?}");
        }
    }

    // Verifies rfc7617-2-control-characters.
    #[test]
    fn text_without_user_id_and_password_is_malformed() {
        let cases: [&[u8]; 11] = [
            b"",
            b"no colon",
            b"a\0:b",
            b"a:b\r\n",
            b"a:b\x7f",
            b"a\t:b",
            b"a:\x1b[2J",
            "a:\u{85}".as_bytes(),
            b"a:\xff",
            b"caf\xe9:b",
            b"a:\xc0\x80",
        ];
        for text in cases {
            assert_eq!(parse(&STANDARD.encode_to_string(text)), None, "{text:?}");
        }
    }

    #[test]
    fn only_canonical_base64_is_decoded() {
        assert_eq!(parse("YTo="), Some(("a".into(), String::new())));
        for token68 in [
            "",
            "=",
            "====",
            "YTo",
            "YTo==",
            "YTo=YTo=",
            "YTp=",
            "YT o=",
            "YTo= ",
            "YTo=\n",
            "Y",
            "YTo\u{e9}",
            "YTo-",
            "YTo_",
            "a:b",
            "YTo=,",
            "\"YTo=\"",
            "Bearer",
            "YTo= YTo=",
        ] {
            assert_eq!(parse(token68), None, "{token68:?}");
        }
    }

    #[test]
    fn debug_shows_neither_user_id_nor_password() {
        let credentials = BasicCredentials::new("alice", "s3cret");
        assert_eq!(format!("{credentials:?}"), "BasicCredentials([redacted])");
    }

    #[test]
    fn another_scheme_is_missing_and_a_second_header_is_rejected() {
        let missing = ErrorKind::MissingCredentials;
        let malformed = RequestFault::Malformed.into();
        let cases: [(&[&str], Option<ErrorKind>); 9] = [
            (&[], Some(missing)),
            (&[""], Some(missing)),
            (&["Bearer YTo="], Some(missing)),
            (&["BasicYTo="], Some(missing)),
            (&["Basic"], Some(malformed)),
            (&["Basic\tYTo="], Some(missing)),
            (&["Basic YTo=", "Basic YTo="], Some(RequestFault::Repeated.into())),
            (&["Basic YTo="], None),
            (&["bAsIc   YTo="], None),
        ];
        for (lines, kind) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, line.parse().unwrap());
            }
            let rejected = BasicCredentials::from_headers(&headers).err().map(|e| e.kind());
            assert_eq!(rejected, kind, "{lines:?}");
        }
    }
}
