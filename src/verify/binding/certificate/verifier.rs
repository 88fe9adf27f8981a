//! Compares a client's certificate with the one to which its token is bound (RFC 8705 §3).

use std::{net::IpAddr, sync::Arc};

use http::HeaderMap;

use super::{
    client_certificate::ClientCertificate, header::CertificateHeader, network::Network,
    peer_address::PeerAddress,
};
use crate::{Error, error::TokenFault, verify::binding::verdict::BoundRequest};

/// A verifier that requires clients to present the certificate to which their token is bound ([RFC 8705 §3]).
///
/// Pass it to [`AuthenticateLayer::client_certificates`](crate::AuthenticateLayer::client_certificates).
///
/// The certificate's digest is compared with `cnf["x5t#S256"]`, for cached tokens too. Nothing else about the
/// certificate is verified. Whether its issuer is trusted is up to the TLS server.
///
/// ```
/// use portcullis::binding::{CertificateHeader, ClientCertificates};
///
/// let proxies = ClientCertificates::from_proxy(["10.0.0.0/8"], CertificateHeader::ClientCert);
/// assert!(proxies.required().build().is_ok());
/// ```
///
/// [RFC 8705 §3]: https://www.rfc-editor.org/rfc/rfc8705#section-3
#[derive(Debug, Clone)]
pub struct ClientCertificates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    is_required: bool,
}

/// The source of certificates.
#[derive(Debug)]
pub(super) enum Source {
    Connection,
    Proxy { networks: Box<[Network]>, header: CertificateHeader },
}

impl ClientCertificates {
    pub(super) fn new(source: Source, is_required: bool) -> Self {
        Self(Arc::new(Inner { source, is_required }))
    }

    /// Returns whether tokens without any binding are rejected.
    pub(in crate::verify::binding) fn is_required(&self) -> bool {
        self.0.is_required
    }

    /// Removes the header of the proxy, whether or not it was used.
    pub(in crate::verify::binding) fn remove_header(&self, headers: &mut HeaderMap) {
        if let Source::Proxy { header, .. } = &self.0.source {
            header.remove(headers);
        }
    }

    /// Verifies that the client's certificate is the one with this thumbprint.
    pub(in crate::verify::binding) fn verify(
        &self,
        request: BoundRequest<'_>,
        thumbprint: &[u8; 32],
    ) -> Result<(), Error> {
        match self.0.source.find(request)? {
            Some(certificate) if certificate.thumbprint() == thumbprint => Ok(()),
            Some(_) => Err(rejected("the client's certificate isn't the one in the token's `cnf`")),
            None => Err(rejected("the client presented no certificate")),
        }
    }
}

impl Source {
    fn find(&self, request: BoundRequest<'_>) -> Result<Option<ClientCertificate>, Error> {
        match self {
            Self::Connection => Ok(request.extensions.get().copied()),
            Self::Proxy { networks, header } => {
                let peer = PeerAddress::find(request.extensions).ok_or_else(unknown_peer)?;
                if !networks.iter().any(|network| network.contains(peer)) {
                    return Err(untrusted(peer, header));
                }
                header.read(request.headers).map_err(|fault| {
                    rejected(format!("the header `{}` of the proxy {peer}: {fault}", header.name()))
                })
            }
        }
    }
}

/// The client doesn't see the reason, which is for the log.
fn rejected(reason: impl Into<String>) -> Error {
    Error::from(TokenFault::Binding).with_source(reason.into())
}

fn untrusted(peer: IpAddr, header: &CertificateHeader) -> Error {
    let name = header.name();
    rejected(format!(
        "the connection comes from {peer}, which isn't a trusted proxy, so `{name}` is ignored"
    ))
}

fn unknown_peer() -> Error {
    Error::misconfigured(
        "the address of the connection is unknown: serve the router with \
         `into_make_service_with_connect_info::<SocketAddr>()`, or insert a `PeerAddress` into the request's extensions",
    )
}
