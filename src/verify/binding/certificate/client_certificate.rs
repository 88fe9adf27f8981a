//! The certificate that a client presented in its TLS handshake.

use std::fmt;

use crate::digest::sha256;

/// The SHA-256 thumbprint of the certificate that a client presented in the TLS handshake.
///
/// The TLS acceptor inserts it into the extensions of each request, where
/// [`ClientCertificates::from_connection`](super::ClientCertificates::from_connection) reads it. This crate
/// only compares the certificate with the token. If it must also be issued by a trusted CA, the acceptor has to
/// verify that.
///
/// ```
/// use http::Request;
/// use portcullis::binding::ClientCertificate;
///
/// let der = b"the DER encoding of a certificate";
/// let mut request = Request::new(());
/// request.extensions_mut().insert(ClientCertificate::from_der(der));
/// assert!(request.extensions().get::<ClientCertificate>().is_some());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientCertificate([u8; 32]);

impl ClientCertificate {
    /// Computes the thumbprint of a certificate in DER encoding. TLS libraries return a chain, whose first
    /// certificate is the client's.
    ///
    /// The certificate isn't parsed, because only its digest is used.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Self {
        Self(sha256(der))
    }

    /// Creates a thumbprint from the SHA-256 digest of the DER encoding, for acceptors that have already
    /// computed it.
    #[must_use]
    pub const fn from_thumbprint(thumbprint: [u8; 32]) -> Self {
        Self(thumbprint)
    }

    /// Returns the SHA-256 digest of the DER encoding, which tokens contain as `x5t#S256` ([RFC 8705 §3.1]).
    ///
    /// ```
    /// use portcullis::{binding::ClientCertificate, identity::Confirmation};
    ///
    /// let certificate = ClientCertificate::from_thumbprint([7; 32]);
    /// let confirmation = Confirmation::certificate(*certificate.thumbprint());
    /// assert_eq!(confirmation.certificate_thumbprint(), Some(certificate.thumbprint()));
    /// ```
    ///
    /// [RFC 8705 §3.1]: https://www.rfc-editor.org/rfc/rfc8705#section-3.1
    #[must_use]
    pub const fn thumbprint(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Doesn't show the thumbprint, which identifies a client.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::base64url;

    /// RFC 8705 appendix A: the thumbprint of figure 5 and the certificate of figure 6.
    // Verifies rfc8705-3.1-thumbprint.
    #[test]
    fn the_example_of_rfc_8705_has_its_thumbprint() {
        let der = base64_simd::STANDARD
            .decode_to_vec(
                "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUw\
                 MjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8Qnh\
                 xxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0E\
                 AwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUa\
                 KlLR50Q2DmFfQj1L+SY=",
            )
            .unwrap();
        let certificate = ClientCertificate::from_der(&der);
        let x5t = base64url::encode(certificate.thumbprint());
        assert_eq!(x5t, "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
        assert_eq!(certificate, ClientCertificate::from_thumbprint(*certificate.thumbprint()));
        assert_eq!(format!("{certificate:?}"), "ClientCertificate { .. }");
    }
}
