//! The address from which a response came.

use std::net::IpAddr;

/// The IP address of the server, set as an extension of the response.
///
/// An [`HttpClient`](super::HttpClient) should add it if the address is known and isn't that of a proxy. If
/// the metadata of an issuer came from a private address, it may contain private addresses: see
/// [`AddressPolicy`](super::AddressPolicy).
///
/// ```
/// use http::Response;
/// use portcullis::http_client::PeerAddress;
///
/// let mut response = Response::new(Vec::<u8>::new());
/// response.extensions_mut().insert(PeerAddress("10.0.0.1".parse().unwrap()));
/// assert!(response.extensions().get::<PeerAddress>().is_some());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);
