//! The key to which a token is bound (`cnf`, RFC 7800).

use std::fmt;

#[cfg(all(feature = "dpop", feature = "_jwt"))]
use super::token_hash::TokenHash;
use crate::jose::{
    base64url,
    json::{Text, Value},
};

/// The key to which a token is bound ([RFC 7800]). Only a client that proves possession of the key may use
/// the token.
///
/// [`AuthenticateLayer`](crate::AuthenticateLayer) rejects a bound token unless it is configured to
/// verify the binding.
///
/// [RFC 7800]: https://www.rfc-editor.org/rfc/rfc7800
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Confirmation {
    key_thumbprint: Option<[u8; 32]>,
    certificate_thumbprint: Option<[u8; 32]>,
    /// Whether there is any other binding.
    has_other: bool,
    #[cfg(all(feature = "dpop", feature = "_jwt"))]
    token_hash: TokenHash,
}

impl Confirmation {
    /// Creates the confirmation for a token that is bound to a DPoP key: `jkt`, the SHA-256 thumbprint of
    /// the JWK ([RFC 9449 §6.1]).
    ///
    /// ```
    /// use portcullis::identity::Confirmation;
    ///
    /// let confirmation = Confirmation::dpop([7; 32]);
    /// assert_eq!(confirmation.key_thumbprint(), Some(&[7; 32]));
    /// assert!(confirmation.is_supported());
    /// ```
    ///
    /// [RFC 9449 §6.1]: https://www.rfc-editor.org/rfc/rfc9449#section-6.1
    #[must_use]
    pub const fn dpop(key_thumbprint: [u8; 32]) -> Self {
        Self::new(Some(key_thumbprint), None)
    }

    /// Creates the confirmation for a token that is bound to a client certificate: `x5t#S256`, the
    /// SHA-256 digest of the DER encoding ([RFC 8705 §3.1]).
    ///
    /// ```
    /// use portcullis::identity::Confirmation;
    ///
    /// let confirmation = Confirmation::certificate([7; 32]);
    /// assert_eq!(confirmation.certificate_thumbprint(), Some(&[7; 32]));
    /// ```
    ///
    /// [RFC 8705 §3.1]: https://www.rfc-editor.org/rfc/rfc8705#section-3.1
    #[must_use]
    pub const fn certificate(thumbprint: [u8; 32]) -> Self {
        Self::new(None, Some(thumbprint))
    }

    const fn new(
        key_thumbprint: Option<[u8; 32]>,
        certificate_thumbprint: Option<[u8; 32]>,
    ) -> Self {
        Self {
            key_thumbprint,
            certificate_thumbprint,
            has_other: false,
            #[cfg(all(feature = "dpop", feature = "_jwt"))]
            token_hash: TokenHash::new(),
        }
    }

    /// Returns `jkt`, the thumbprint of the DPoP key, if the token is bound to one.
    #[must_use]
    pub const fn key_thumbprint(&self) -> Option<&[u8; 32]> {
        self.key_thumbprint.as_ref()
    }

    /// Returns `x5t#S256`, the digest of the client certificate, if the token is bound to one.
    #[must_use]
    pub const fn certificate_thumbprint(&self) -> Option<&[u8; 32]> {
        self.certificate_thumbprint.as_ref()
    }

    /// Returns whether this crate supports every member of `cnf`. A token with any other binding is
    /// rejected.
    #[must_use]
    pub const fn is_supported(&self) -> bool {
        !self.has_other
    }

    /// Returns the SHA-256 digest of the token to which this confirmation belongs, which a DPoP proof contains
    /// as `ath`.
    #[cfg(all(feature = "dpop", feature = "_jwt"))]
    pub(crate) fn token_hash(&self, token: &[u8]) -> [u8; 32] {
        self.token_hash.of(token)
    }

    /// Adds a binding without a key, such as `token_type: DPoP` without `cnf`.
    pub(super) const fn add_unknown(&mut self) {
        self.has_other = true;
    }

    /// Reads the value of `cnf`. Returns `None` if it isn't an object.
    pub(super) fn read(value: Value<'_>) -> Option<Self> {
        let Value::Object(members) = value else { return None };
        let mut confirmation = Self::default();
        for (name, value) in members.iter() {
            confirmation.member(name, value);
        }
        // An empty `cnf` is a binding that can't be verified.
        confirmation.has_other |= confirmation == Self::default();
        Some(confirmation)
    }

    fn member(&mut self, name: Text<'_>, value: Value<'_>) {
        match (&*name.to_cow(), thumbprint(value)) {
            ("jkt", Some(thumbprint)) => self.key_thumbprint = Some(thumbprint),
            ("x5t#S256", Some(thumbprint)) => self.certificate_thumbprint = Some(thumbprint),
            _ => self.has_other = true,
        }
    }
}

/// Reads a SHA-256 digest in base64url.
fn thumbprint(value: Value<'_>) -> Option<[u8; 32]> {
    let Value::String(text) = value else { return None };
    let mut buffer = [0; 33];
    base64url::decode_into(text.to_cow().as_bytes(), &mut buffer)?.try_into().ok()
}

/// Shows which bindings there are, without the thumbprints. They aren't secret, but identify a
/// client.
impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmation")
            .field("jkt", &self.key_thumbprint.is_some())
            .field("x5t#S256", &self.certificate_thumbprint.is_some())
            .field("has_other", &self.has_other)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json;

    fn read(cnf: &str) -> Option<Confirmation> {
        let text = format!("{{\"cnf\":{cnf}}}");
        let mut confirmation = None;
        json::object(&text, |_, value| confirmation = Confirmation::read(value)).unwrap();
        confirmation
    }

    // Verifies rfc8705-3.1-thumbprint.
    #[test]
    fn thumbprints_are_read_and_everything_else_is_unsupported() {
        // RFC 9449 §6.1 and RFC 8705 appendix A.
        let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        let x5t = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
        for (cnf, has_jkt, has_x5t, is_supported) in [
            (format!(r#"{{"jkt":"{jkt}"}}"#), true, false, true),
            (format!(r#"{{"x5t#S256":"{x5t}"}}"#), false, true, true),
            (format!(r#"{{"jkt":"{jkt}","x5t#S256":"{x5t}"}}"#), true, true, true),
            (format!(r#"{{"jkt":"{jkt}","kid":"k"}}"#), true, false, false),
            (format!(r#"{{"jkt":"{jkt}x"}}"#), false, false, false),
            (format!(r#"{{"jkt":"{jkt}="}}"#), false, false, false),
            (r#"{"jkt":""}"#.to_owned(), false, false, false),
            (r#"{"jkt":null}"#.to_owned(), false, false, false),
            (r#"{"jwk":{"kty":"EC"}}"#.to_owned(), false, false, false),
            ("{}".to_owned(), false, false, false),
        ] {
            let confirmation = read(&cnf).unwrap();
            assert_eq!(confirmation.key_thumbprint().is_some(), has_jkt, "{cnf}");
            assert_eq!(confirmation.certificate_thumbprint().is_some(), has_x5t, "{cnf}");
            assert_eq!(confirmation.is_supported(), is_supported, "{cnf}");
        }
    }

    #[test]
    fn a_cnf_that_is_not_an_object_is_not_read() {
        for cnf in ["null", "true", "\"jkt\"", "[]", "1"] {
            assert_eq!(read(cnf), None, "{cnf}");
        }
    }
}
