//! The headers in which proxies pass on the certificate of a client.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{client_cert, client_certificate::ClientCertificate, forwarded, pem};

/// The maximum length of the header, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

static CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
static CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
static FORWARDED_CLIENT_CERT: HeaderName = HeaderName::from_static("x-forwarded-client-cert");

/// The header in which a proxy passes on the certificate of a client.
///
/// ```
/// use http::HeaderName;
/// use portcullis::binding::CertificateHeader;
///
/// assert_eq!(CertificateHeader::ClientCert.name(), "client-cert");
/// let nginx = CertificateHeader::Pem(HeaderName::from_static("x-client-certificate"));
/// assert_eq!(nginx.name(), "x-client-certificate");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateHeader {
    /// `Client-Cert` ([RFC 9440]): the certificate in base64 between colons.
    ///
    /// `Client-Cert-Chain` is removed from requests together with it.
    ///
    /// [RFC 9440]: https://www.rfc-editor.org/rfc/rfc9440
    ClientCert,
    /// The `x-forwarded-client-cert` header of Envoy and Istio, with `Hash`, `Cert` or both in the
    /// last element.
    ForwardedClientCert,
    /// A header with this name that contains the percent-encoded certificate in PEM form, like nginx's
    /// `$ssl_client_escaped_cert` or the `X-Amzn-Mtls-Clientcert-Leaf` header of AWS load balancers. If there
    /// are several certificates, the first one is read.
    Pem(HeaderName),
}

/// The reason why a header contains no usable certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderFault {
    #[error("malformed")]
    Malformed,
    #[error("appears more than once")]
    Repeated,
    #[error("longer than 16 KiB")]
    TooLong,
}

impl CertificateHeader {
    /// Returns the name of the header.
    #[must_use]
    pub const fn name(&self) -> &HeaderName {
        match self {
            Self::ClientCert => &CLIENT_CERT,
            Self::ForwardedClientCert => &FORWARDED_CLIENT_CERT,
            Self::Pem(name) => name,
        }
    }

    /// Reads the certificate. Returns `None` if the header is missing or empty.
    pub(super) fn read(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<ClientCertificate>, HeaderFault> {
        let mut lines = headers.get_all(self.name()).iter().map(HeaderValue::as_bytes);
        let line = match self {
            // Several lines form one list.
            Self::ForwardedClientCert => lines.next_back(),
            Self::ClientCert | Self::Pem(_) => {
                let first = lines.next();
                if lines.next().is_some() {
                    return Err(HeaderFault::Repeated);
                }
                first
            }
        };
        let Some(line) = line.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) else {
            return Ok(None);
        };
        if line.len() > MAX_LENGTH {
            return Err(HeaderFault::TooLong);
        }
        let certificate = match self {
            Self::ClientCert => client_cert::parse(line),
            Self::ForwardedClientCert => {
                return forwarded::parse(line).map_err(|_| HeaderFault::Malformed);
            }
            Self::Pem(_) => pem::first_certificate(line),
        };
        certificate.map(Some).ok_or(HeaderFault::Malformed)
    }

    /// Removes the header, whether or not it was used.
    pub(super) fn remove(&self, headers: &mut HeaderMap) {
        headers.remove(self.name());
        if *self == Self::ClientCert {
            headers.remove(&CLIENT_CERT_CHAIN);
        }
    }
}
