//! The address that a connection comes from.

use std::net::IpAddr;

use http::Extensions;

/// The address of the other end of a connection, for servers that aren't axum's or tonic's.
///
/// The acceptor puts it into the extensions of each request, so that
/// [`ClientCertificates::from_proxy`](super::ClientCertificates::from_proxy) knows whether the connection comes from
/// a trusted proxy. With the feature `axum`, `ConnectInfo<SocketAddr>` is read too, and with the feature `tonic`,
/// `TcpConnectInfo`; if there are several, `PeerAddress` is used.
///
/// Never take it from `Forwarded` or `X-Forwarded-For`, which the client can send too.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use http::Request;
/// use portcullis::binding::PeerAddress;
///
/// let mut request = Request::new(());
/// // The connection is a Unix domain socket, at which only the proxy can connect.
/// request.extensions_mut().insert(PeerAddress(Ipv4Addr::LOCALHOST.into()));
/// # assert!(request.extensions().get::<PeerAddress>().is_some());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an address, and nothing else")]
pub struct PeerAddress(pub IpAddr);

impl PeerAddress {
    /// Returns the address that a server has put into the extensions of a request.
    pub(super) fn find(extensions: &Extensions) -> Option<IpAddr> {
        let own = || extensions.get().map(|Self(address)| *address);
        own().or_else(|| of_axum(extensions)).or_else(|| of_tonic(extensions))
    }
}

#[cfg(feature = "axum")]
fn of_axum(extensions: &Extensions) -> Option<IpAddr> {
    use axum::extract::ConnectInfo;

    let ConnectInfo(address) = extensions.get::<ConnectInfo<std::net::SocketAddr>>()?;
    Some(address.ip())
}

#[cfg(not(feature = "axum"))]
const fn of_axum(_: &Extensions) -> Option<IpAddr> {
    None
}

#[cfg(feature = "tonic")]
fn of_tonic(extensions: &Extensions) -> Option<IpAddr> {
    // With TLS, tonic's server provides this beside `TlsConnectInfo`.
    let info = extensions.get::<tonic::transport::server::TcpConnectInfo>()?;
    Some(info.remote_addr()?.ip())
}

#[cfg(not(feature = "tonic"))]
const fn of_tonic(_: &Extensions) -> Option<IpAddr> {
    None
}
