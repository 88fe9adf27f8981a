//! The address that a response came from.

use std::net::IpAddr;

/// The IP address of the server, in the extensions of a response.
///
/// An [`HttpClient`](super::HttpClient) adds it if it knows it, and if the server is not a proxy. An issuer
/// whose metadata came from a private address may name private addresses in it: see
/// [`AddressPolicy`](super::AddressPolicy).
///
/// ```
/// use http::Response;
/// use portcullis::http_client::PeerAddress;
///
/// let mut response = Response::new(Vec::<u8>::new());
/// response.extensions_mut().insert(PeerAddress("10.0.0.1".parse().unwrap()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);
