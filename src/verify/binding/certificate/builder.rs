//! The configuration of [`ClientCertificates`].

use super::{
    header::CertificateHeader,
    network::Network,
    verifier::{ClientCertificates, Source},
};
use crate::ConfigError;

/// Configures [`ClientCertificates`].
///
/// ```
/// use portcullis::binding::{CertificateHeader, ClientCertificates};
///
/// let proxies = ClientCertificates::from_proxy(["10.0.0.0/33"], CertificateHeader::ClientCert);
/// let error = proxies.build().unwrap_err();
/// assert_eq!(error.to_string(), "trusted proxy `10.0.0.0/33`: not an IP address or a network such as `10.0.0.0/8`");
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientCertificatesBuilder {
    source: Unchecked,
    is_required: bool,
}

/// Where certificates come from, as configured.
#[derive(Debug, Clone)]
enum Unchecked {
    Connection,
    Proxy { networks: Vec<String>, header: CertificateHeader },
}

impl ClientCertificatesBuilder {
    pub(super) const fn from_connection() -> Self {
        Self { source: Unchecked::Connection, is_required: false }
    }

    pub(super) const fn from_proxy(networks: Vec<String>, header: CertificateHeader) -> Self {
        Self { source: Unchecked::Proxy { networks, header }, is_required: false }
    }

    /// Rejects tokens that aren't bound. By default they are accepted, with a certificate and without.
    ///
    /// A token that is bound to a DPoP key is bound, and accepted with its proof if the layer verifies
    /// [DPoP](crate::AuthenticateLayer#method.dpop) too.
    pub const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if a trusted proxy is neither an IP address nor a network.
    pub fn build(self) -> Result<ClientCertificates, ConfigError> {
        let source = match self.source {
            Unchecked::Connection => Source::Connection,
            Unchecked::Proxy { networks, header } => {
                let networks = networks.into_iter().map(|text| {
                    let problem = "not an IP address or a network such as `10.0.0.0/8`";
                    Network::parse(&text)
                        .ok_or_else(|| ConfigError::new("trusted proxy", text, problem))
                });
                Source::Proxy { networks: networks.collect::<Result<_, _>>()?, header }
            }
        };
        Ok(ClientCertificates::new(source, self.is_required))
    }
}
