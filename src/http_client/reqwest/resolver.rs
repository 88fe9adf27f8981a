//! Name resolution that respects an [`AddressPolicy`].

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::http_client::AddressPolicy;

/// Resolves names with the resolver of the system, to addresses that a policy permits.
#[derive(Debug)]
pub(super) struct PolicyResolver(pub(super) AddressPolicy);

/// The error of a request that wasn't sent, because the host of its URL has no permitted address.
#[derive(Debug, thiserror::Error)]
#[error(
    "the metadata of the issuer contains the host `{host}`, which has no public address; see \
     `dangerous().private_addresses()`"
)]
pub(super) struct AddressError {
    host: String,
}

impl AddressError {
    pub(super) fn new(host: &str) -> Self {
        Self { host: host.to_owned() }
    }
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self(policy) = *self;
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses = permitted(policy, name.as_str(), addresses)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Returns the permitted addresses of a name. The others are ignored, so that a name with both kinds of
/// addresses works.
fn permitted(
    policy: AddressPolicy,
    name: &str,
    addresses: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, AddressError> {
    let permitted: Vec<_> = addresses.filter(|address| policy.permits(address.ip())).collect();
    if permitted.is_empty() { Err(AddressError::new(name)) } else { Ok(permitted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_permitted_addresses_of_a_name_are_used() {
        let addresses = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect()
        };
        for (found, used) in [
            (&["8.8.8.8"][..], Some(&["8.8.8.8"][..])),
            (&["10.0.0.1", "8.8.8.8", "::1"], Some(&["8.8.8.8"])),
            (&["10.0.0.1", "fd00::1"], None),
            (&["::ffff:127.0.0.1"], None),
            (&[], None),
        ] {
            let result =
                permitted(AddressPolicy::PUBLIC, "keys.example", addresses(found).into_iter());
            assert_eq!(result.ok(), used.map(addresses), "{found:?}");
        }
    }

    #[tokio::test]
    async fn a_name_on_loopback_is_not_resolved_for_a_public_host() {
        for (policy, resolves) in [(AddressPolicy::PUBLIC, false), (AddressPolicy::ANY, true)] {
            let resolved = PolicyResolver(policy).resolve("localhost".parse().unwrap()).await;
            assert_eq!(resolved.is_ok(), resolves, "{policy:?}");
        }
    }

    #[test]
    fn the_error_names_the_host_and_the_option_to_permit_it() {
        let error =
            permitted(AddressPolicy::PUBLIC, "keys.example", std::iter::empty()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the metadata of the issuer contains the host `keys.example`, which has no public address; see \
             `dangerous().private_addresses()`"
        );
    }
}
