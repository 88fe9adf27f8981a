//! Which addresses a request may connect to.

use std::net::IpAddr;

use http::Request;

use crate::url::Network;

/// The addresses that a request may connect to, in its extensions.
///
/// The metadata of an issuer names further URLs: the `jwks_uri` and the `introspection_endpoint`. Metadata
/// that was tampered with could lead requests into the network of the service. A request to such a URL
/// carries a policy, which permits public addresses and those of the kind that the issuer itself has
/// (private for an issuer on a private network, loopback for one on loopback). URLs that were configured,
/// and those on the issuer's own host, are not restricted.
///
/// This crate compares addresses that are written in the URL. A name has to be compared where it is
/// resolved, so an [`HttpClient`](super::HttpClient) that resolves names should connect to permitted
/// addresses only. `ReqwestClient` does so, unless it uses a proxy, which resolves the name itself.
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
    /// Permits every address. It applies to requests without a policy.
    pub const ANY: Self = Self(Permitted::Any);

    /// Permits public addresses only: no loopback, private, link-local, multicast or otherwise reserved
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

    /// Returns false if `host` is an address that is not permitted. A name is permitted, because only its
    /// addresses matter.
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
    fn a_policy_permits_public_addresses_and_those_of_one_more_network() {
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
