//! The policy for the addresses to which a request may connect.

use std::net::IpAddr;

use http::Request;

use crate::url::Network;

/// A policy for the addresses to which a request may connect, set as an extension of the request.
///
/// The metadata of an issuer contains other URLs: the `jwks_uri` and the `introspection_endpoint`.
/// Manipulated metadata could direct requests to the internal network of the service. Requests to such a
/// URL therefore have a policy, which permits public addresses, and addresses of the same kind as the
/// issuer's (private for an issuer on a private network, loopback for one on loopback). Configured URLs,
/// and URLs on the host of the issuer, are not restricted.
///
/// This crate checks addresses in URLs. The addresses of a name can be checked only after it is
/// resolved, so an [`HttpClient`](super::HttpClient) should connect only to permitted addresses.
/// `ReqwestClient` does so, unless it uses a proxy, which resolves the name itself.
///
/// ```
/// use http::Request;
/// use portcullis::http_client::AddressPolicy;
///
/// let mut request = Request::new(Vec::<u8>::new());
/// let (public, private) = ("8.8.8.8".parse().unwrap(), "10.0.0.1".parse().unwrap());
/// assert!(AddressPolicy::of(&request).permits(private));
///
/// request.extensions_mut().insert(AddressPolicy::PUBLIC);
/// assert!(AddressPolicy::of(&request).permits(public));
/// assert!(!AddressPolicy::of(&request).permits(private));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AddressPolicy(Permitted);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
enum Permitted {
    #[default]
    Any,
    PublicAnd(Option<Network>),
}

impl AddressPolicy {
    /// Permits every address. This is the policy of requests without the extension.
    pub const ANY: Self = Self(Permitted::Any);

    /// Permits only public addresses: no loopback, private, link-local, multicast or otherwise reserved
    /// address ([RFC 6890]), and no IPv6 address that embeds such an IPv4 address.
    ///
    /// [RFC 6890]: https://www.rfc-editor.org/rfc/rfc6890
    pub const PUBLIC: Self = Self(Permitted::PublicAnd(None));

    /// Permits public addresses and those of `network`.
    pub(crate) const fn public_and(network: Network) -> Self {
        match network {
            Network::Public => Self::PUBLIC,
            _ => Self(Permitted::PublicAnd(Some(network))),
        }
    }

    /// Returns the policy of a request.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        request.extensions().get().copied().unwrap_or_default()
    }

    /// Returns whether a request with this policy may connect to `address`.
    #[must_use]
    pub fn permits(self, address: IpAddr) -> bool {
        self.permits_network(Network::of(address))
    }

    /// Returns false if `host` is an address that isn't permitted. A name is always permitted, because
    /// its addresses are checked after it is resolved.
    pub(crate) fn permits_host(self, host: &str) -> bool {
        Network::of_host(host).is_none_or(|network| self.permits_network(network))
    }

    fn permits_network(self, network: Network) -> bool {
        match self.0 {
            Permitted::Any => true,
            Permitted::PublicAnd(other) => network == Network::Public || Some(network) == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_permits_public_addresses_and_those_of_a_network() {
        let private = AddressPolicy::public_and(Network::Private);
        let loopback = AddressPolicy::public_and(Network::Loopback);
        for (address, permitting) in [
            ("8.8.8.8", [true, true, true]),
            ("10.0.0.1", [false, true, false]),
            ("fd00::1", [false, true, false]),
            ("127.0.0.1", [false, false, true]),
            ("::ffff:127.0.0.1", [false, false, true]),
            ("169.254.169.254", [false, false, false]),
            ("0.0.0.0", [false, false, false]),
        ] {
            let address = address.parse().unwrap();
            let found = [AddressPolicy::PUBLIC, private, loopback].map(|it| it.permits(address));
            assert_eq!(found, permitting, "{address}");
            assert!(AddressPolicy::ANY.permits(address));
        }
    }
}
