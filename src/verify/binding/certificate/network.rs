//! Networks of trusted proxies: an address, or an address and a prefix length (RFC 4632, RFC 4291 §2.3).

use std::net::IpAddr;

/// A network. An IPv4-mapped IPv6 address is treated as the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    /// The bits after the prefix are ignored.
    address: IpAddr,
    prefix_length: u8,
}

impl Network {
    /// Parses `10.0.0.0/8`, `2001:db8::/32`, or a single address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix_length = match length {
            None => bits,
            Some(digits) => parse_number(digits).filter(|length| *length <= bits)?,
        };
        // `::ffff:0:0/96` contains exactly the IPv4 addresses. A network with a shorter prefix stays an
        // IPv6 network, which contains none of them.
        Some(match (address.to_canonical(), prefix_length.checked_sub(96)) {
            (mapped @ IpAddr::V4(_), Some(prefix_length)) if address.is_ipv6() => {
                Self { address: mapped, prefix_length }
            }
            _ => Self { address, prefix_length },
        })
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let length = u32::from(self.prefix_length);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let difference = network.to_bits() ^ address.to_bits();
                difference.leading_zeros() >= length
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let difference = network.to_bits() ^ address.to_bits();
                difference.leading_zeros() >= length
            }
            _ => false,
        }
    }
}

/// Accepts only digits, unlike `str::parse`, which also accepts a sign.
fn parse_number(digits: &str) -> Option<u8> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_that_share_its_prefix() {
        for (network, inside, outside) in [
            (
                "10.0.0.0/8",
                &["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"][..],
                &["11.0.0.0", "9.255.255.255", "::a00:1"][..],
            ),
            ("10.1.2.3/8", &["10.9.9.9"], &["11.1.2.3"]),
            ("10.1.2.3", &["10.1.2.3", "::ffff:10.1.2.3"], &["10.1.2.2", "::10.1.2.3"]),
            ("10.1.2.3/32", &["10.1.2.3"], &["10.1.2.2"]),
            ("10.1.2.2/31", &["10.1.2.2", "10.1.2.3"], &["10.1.2.1", "10.1.2.4"]),
            (
                "0.0.0.0/0",
                &["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"],
                &["::", "2001:db8::1"],
            ),
            ("2001:db8::/32", &["2001:db8::1", "2001:db8:ffff::"], &["2001:db9::", "32.1.13.184"]),
            ("::1", &["::1"], &["::2", "127.0.0.1"]),
            ("::/0", &["::", "2001:db8::1"], &["10.0.0.1", "::ffff:10.0.0.1"]),
            ("::ffff:10.0.0.0/104", &["10.1.2.3", "::ffff:10.1.2.3"], &["11.0.0.0", "::a01:203"]),
            ("::ffff:0:0/96", &["10.1.2.3"], &["::1"]),
            ("::ffff:10.1.2.3", &["10.1.2.3"], &["10.1.2.4"]),
            ("::ffff:10.1.2.3/64", &["::1"], &["10.1.2.3"]),
        ] {
            let parsed = Network::parse(network).unwrap();
            for (addresses, expected) in [(inside, true), (outside, false)] {
                for address in addresses {
                    let contained = parsed.contains(address.parse().unwrap());
                    assert_eq!(contained, expected, "{address} in {network}");
                }
            }
        }
    }

    #[test]
    fn anything_else_is_not_a_network() {
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "10.0.0.0/256",
            "10.0.0.0/1000",
            "10.0.0",
            "010.0.0.1",
            "10.0.0.1:80",
            "[::1]",
            "fe80::1%eth0",
            " 10.0.0.1",
            "10.0.0.0/ 8",
            "proxy.example",
            "10.0.0.0-10.0.0.9",
            "*",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
