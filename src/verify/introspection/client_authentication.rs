//! How this service authenticates itself to the introspection endpoint (RFC 7662 §2.1).

use std::fmt;

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use zeroize::Zeroizing;

use super::client_assertion::{self, AssertionError, PrivateKey};
use crate::{ConfigError, Secret, claims::NumericDate};

/// The value of `client_assertion_type` (RFC 7523 §2.2), form-encoded.
const ASSERTION_TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

/// The credentials of this service.
#[derive(Clone)]
pub(super) enum ClientAuthentication {
    /// `client_secret_basic` (RFC 6749 §2.3.1).
    Basic { client_id: String, secret: Secret },
    /// An access token of this service (RFC 6750).
    BearerToken(Secret),
    /// `client_secret_post` (RFC 6749 §2.3.1).
    Post { client_id: String, secret: Secret },
    /// `private_key_jwt` (RFC 7523 §2.2).
    PrivateKeyJwt { client_id: String, key: PrivateKey },
    /// `tls_client_auth` or `self_signed_tls_client_auth` (RFC 8705 §2), whose certificate the HTTP client has.
    Tls { client_id: String },
}

impl ClientAuthentication {
    /// Rejects invalid credentials. The error shows no secret.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self {
            Self::PrivateKeyJwt { client_id, .. } | Self::Tls { client_id } => {
                if client_id.is_empty() {
                    return Err(ConfigError::new("client id", "", "must not be empty"));
                }
            }
            Self::Basic { client_id, secret } | Self::Post { client_id, secret } => {
                if client_id.is_empty() {
                    return Err(ConfigError::new("client id", "", "must not be empty"));
                }
                if secret.expose().is_empty() {
                    return Err(ConfigError::new(
                        "client secret of",
                        client_id,
                        "must not be empty",
                    ));
                }
            }
            Self::BearerToken(token) => {
                let is_token = crate::BearerToken::parse(token.expose()).is_ok();
                if !is_token {
                    return Err(ConfigError::new(
                        "bearer token",
                        "…",
                        "contains characters that a bearer token can't have",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Returns the client id of this service, if it is known.
    pub(super) fn client_id(&self) -> Option<&str> {
        match self {
            Self::Basic { client_id, .. }
            | Self::Post { client_id, .. }
            | Self::PrivateKeyJwt { client_id, .. }
            | Self::Tls { client_id } => Some(client_id),
            Self::BearerToken(_) => None,
        }
    }

    /// Returns a hint on why a server may reject these credentials although they are correct.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Basic { client_id, secret }
                if is_changed_by_encoding(client_id.as_bytes())
                    || is_changed_by_encoding(secret.expose()) =>
            {
                "; the client id or the secret contains characters that are form-encoded in Basic \
                 (RFC 6749 §2.3.1), and some servers don't decode them: if the secret is correct, \
                 use client_secret_post"
            }
            _ => "",
        }
    }

    /// Adds the credentials to a request: to its headers, or to the form in its body. `audience` is that of a client
    /// assertion.
    pub(super) fn apply(
        &self,
        headers: &mut HeaderMap,
        form: &mut Vec<u8>,
        audience: &str,
        now: NumericDate,
    ) -> Result<(), AssertionError> {
        let line = match self {
            Self::Basic { client_id, secret } => {
                // Both are form-encoded first, so that a colon in the id isn't mistaken for the
                // separator.
                let mut pair = Zeroizing::new(Vec::new());
                append_encoded(&mut pair, client_id.as_bytes());
                pair.push(b':');
                append_encoded(&mut pair, secret.expose());
                format!("Basic {}", base64_simd::STANDARD.encode_to_string(&*pair)).into_bytes()
            }
            Self::BearerToken(token) => [b"Bearer ", token.expose()].concat(),
            Self::Post { client_id, secret } => {
                form.extend_from_slice(b"&client_id=");
                append_encoded(form, client_id.as_bytes());
                form.extend_from_slice(b"&client_secret=");
                append_encoded(form, secret.expose());
                return Ok(());
            }
            Self::PrivateKeyJwt { client_id, key } => {
                let assertion = client_assertion::sign(key, client_id, audience, now)?;
                form.extend_from_slice(b"&client_id=");
                append_encoded(form, client_id.as_bytes());
                form.extend_from_slice(b"&client_assertion_type=");
                form.extend_from_slice(ASSERTION_TYPE.as_bytes());
                form.extend_from_slice(b"&client_assertion=");
                append_encoded(form, assertion.as_bytes());
                return Ok(());
            }
            Self::Tls { client_id } => {
                form.extend_from_slice(b"&client_id=");
                append_encoded(form, client_id.as_bytes());
                return Ok(());
            }
        };
        // `check` has rejected invalid header values.
        if let Ok(mut line) = HeaderValue::try_from(line) {
            line.set_sensitive(true);
            headers.insert(AUTHORIZATION, line);
        }
        Ok(())
    }
}

/// Appends `value`, encoded as in `application/x-www-form-urlencoded`.
pub(super) fn append_encoded(form: &mut Vec<u8>, value: &[u8]) {
    for piece in form_urlencoded::byte_serialize(value) {
        form.extend_from_slice(piece.as_bytes());
    }
}

fn is_changed_by_encoding(value: &[u8]) -> bool {
    let mut encoded = Zeroizing::new(Vec::new());
    append_encoded(&mut encoded, value);
    **encoded != *value
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { client_id, .. } => write!(f, "Basic({client_id:?}, [redacted])"),
            Self::BearerToken(_) => f.write_str("BearerToken([redacted])"),
            Self::Post { client_id, .. } => write!(f, "Post({client_id:?}, [redacted])"),
            Self::PrivateKeyJwt { client_id, key } => {
                write!(f, "PrivateKeyJwt({client_id:?}, {key:?})")
            }
            Self::Tls { client_id } => write!(f, "Tls({client_id:?})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: NumericDate = NumericDate::from_secs(1_800_000_000);

    fn basic(client_id: &str, secret: &str) -> ClientAuthentication {
        ClientAuthentication::Basic { client_id: client_id.into(), secret: secret.into() }
    }

    #[test]
    fn id_and_secret_are_form_encoded_before_they_are_joined() {
        for (client_id, secret, pair) in [
            ("app", "s3cret", "app:s3cret"),
            ("rs:odd", "a+b c%d&e=f/g:h", "rs%3Aodd:a%2Bb+c%25d%26e%3Df%2Fg%3Ah"),
            ("äpp", "ü", "%C3%A4pp:%C3%BC"),
        ] {
            let (mut headers, mut form) = (HeaderMap::new(), Vec::new());
            basic(client_id, secret).apply(&mut headers, &mut form, "aud", NOW).unwrap();
            let line = &headers[AUTHORIZATION];
            assert!(line.is_sensitive());
            let encoded = line.to_str().unwrap().strip_prefix("Basic ").unwrap();
            let decoded = base64_simd::STANDARD.decode_to_vec(encoded).unwrap();
            assert_eq!(String::from_utf8(decoded).unwrap(), pair);
            assert!(form.is_empty());
        }
    }

    #[test]
    fn posted_credentials_are_only_in_the_form() {
        let (mut headers, mut form) = (HeaderMap::new(), b"token=t".to_vec());
        let post = ClientAuthentication::Post { client_id: "a&b".into(), secret: "c d".into() };
        post.apply(&mut headers, &mut form, "aud", NOW).unwrap();
        assert_eq!(form, b"token=t&client_id=a%26b&client_secret=c+d");
        assert!(headers.is_empty());
    }

    #[test]
    fn a_bearer_token_is_sent_as_a_sensitive_header() {
        let (mut headers, mut form) = (HeaderMap::new(), Vec::new());
        ClientAuthentication::BearerToken("mine".into())
            .apply(&mut headers, &mut form, "aud", NOW)
            .unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer mine");
        assert!(headers[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn errors_name_the_invalid_value_and_show_no_secret() {
        for (authentication, message) in [
            (basic("", "s3cret"), "client id ``: must not be empty"),
            (basic("app", ""), "client secret of `app`: must not be empty"),
            (
                ClientAuthentication::BearerToken("s3cret\n".into()),
                "bearer token `…`: contains characters that a bearer token can't have",
            ),
        ] {
            assert_eq!(authentication.check().unwrap_err().to_string(), message);
        }
        let post = ClientAuthentication::Post { client_id: "app".into(), secret: "s3cret".into() };
        let bearer = ClientAuthentication::BearerToken("s3cret".into());
        for authentication in [basic("app", "s3cret"), post, bearer] {
            assert!(authentication.check().is_ok());
            let shown = format!("{authentication:?}");
            assert!(!shown.contains("s3cret") && shown.contains("[redacted]"), "{shown}");
        }
    }
}
