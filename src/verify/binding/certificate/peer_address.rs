//! The address from which a connection comes.

use std::net::IpAddr;

use http::Extensions;

/// The address of the other end of a connection, for servers that aren't axum's or tonic's.
///
/// The server inserts it into the extensions of each request, so that
/// [`ClientCertificates::from_proxy`](super::ClientCertificates::from_proxy) can tell whether the connection
/// comes from a trusted proxy. The `axum` feature also reads `ConnectInfo<SocketAddr>`, and the `tonic` feature
/// `TcpConnectInfo`. `PeerAddress` takes precedence.
///
/// Never set it from `Forwarded` or `X-Forwarded-For`, because clients can send these headers too.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use http::Request;
/// use portcullis::binding::PeerAddress;
///
/// let mut request = Request::new(());
/// // The service listens on a Unix domain socket, to which only the proxy can connect.
/// request.extensions_mut().insert(PeerAddress(Ipv4Addr::LOCALHOST.into()));
/// # assert!(request.extensions().get::<PeerAddress>().is_some());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an address, and nothing else")]
pub struct PeerAddress(pub IpAddr);

impl PeerAddress {
    /// Returns the address that a server has inserted into the extensions of a request.
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
    // With TLS, tonic's server provides this in addition to `TlsConnectInfo`.
    let info = extensions.get::<tonic::transport::server::TcpConnectInfo>()?;
    Some(info.remote_addr()?.ip())
}

#[cfg(not(feature = "tonic"))]
const fn of_tonic(_: &Extensions) -> Option<IpAddr> {
    None
}
