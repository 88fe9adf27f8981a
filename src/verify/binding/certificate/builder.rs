//! The configuration of [`ClientCertificates`].

use super::{
    header::CertificateHeader,
    network::Network,
    verifier::{ClientCertificates, Source},
};
use crate::ConfigError;

/// A builder for [`ClientCertificates`].
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

/// The configured source of certificates, before it is validated.
#[derive(Debug, Clone)]
enum Unchecked {
    Connection,
    Proxy { networks: Vec<String>, header: CertificateHeader },
}

impl ClientCertificates {
    /// Reads the certificate from the request extension [`ClientCertificate`](super::ClientCertificate), for
    /// services that terminate TLS themselves.
    ///
    /// The TLS acceptor inserts the extension. `docs/bound-tokens.md` shows one for axum and rustls.
    ///
    /// ```
    /// use portcullis::binding::ClientCertificates;
    ///
    /// assert!(ClientCertificates::from_connection().build().is_ok());
    /// ```
    ///
    /// # tonic
    ///
    /// tonic's server inserts the certificates as the extension `TlsConnectInfo`, which exists only with
    /// tonic's TLS features. Convert it in a layer outside this one:
    ///
    /// ```text
    /// type TlsInfo = TlsConnectInfo<TcpConnectInfo>;
    ///
    /// fn translate<B>(mut request: http::Request<B>) -> http::Request<B> {
    ///     let chain = request.extensions().get().and_then(TlsInfo::peer_certs);
    ///     if let Some(der) = chain.as_ref().and_then(|chain| chain.first()) {
    ///         request.extensions_mut().insert(ClientCertificate::from_der(der));
    ///     }
    ///     request
    /// }
    ///
    /// Server::builder().layer(MapRequestLayer::new(translate)).layer(authenticate)
    /// ```
    pub const fn from_connection() -> ClientCertificatesBuilder {
        ClientCertificatesBuilder { source: Unchecked::Connection, is_required: false }
    }

    /// Reads the certificate from a header, for services behind a proxy that terminates TLS.
    ///
    /// The header is read only if the connection comes from one of these addresses and networks, such as
    /// `10.1.2.3`, `10.0.0.0/8` or `2001:db8::/32`; bits after the prefix are ignored. It is removed from every
    /// request, so that inner services never see it.
    ///
    /// The proxy must set the header on every request, replacing one that the client sent, and remove it if
    /// the client has no certificate.
    ///
    /// The address of the connection is read from the request extensions: axum's `ConnectInfo<SocketAddr>`,
    /// which `Router::into_make_service_with_connect_info` provides, tonic's `TcpConnectInfo`, or
    /// [`PeerAddress`](super::PeerAddress). Without any of them, requests with tokens that are bound to a
    /// certificate are rejected with 500.
    ///
    /// ```
    /// use portcullis::binding::{CertificateHeader, ClientCertificates};
    ///
    /// let proxies = ["10.0.0.0/8", "2001:db8::7"];
    /// let certificates = ClientCertificates::from_proxy(proxies, CertificateHeader::ClientCert).build();
    /// assert!(certificates.is_ok());
    /// ```
    pub fn from_proxy(
        networks: impl IntoIterator<Item = impl Into<String>>,
        header: CertificateHeader,
    ) -> ClientCertificatesBuilder {
        let networks = networks.into_iter().map(Into::into).collect();
        ClientCertificatesBuilder {
            source: Unchecked::Proxy { networks, header },
            is_required: false,
        }
    }
}

impl ClientCertificatesBuilder {
    /// Rejects tokens that aren't bound. By default, they are accepted, with or without a certificate.
    ///
    /// A token that is bound to a DPoP key counts as bound. It is accepted with its proof if the layer
    /// verifies [DPoP](crate::AuthenticateLayer#method.dpop) too.
    pub const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if a trusted proxy is neither an IP address nor a network.
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
