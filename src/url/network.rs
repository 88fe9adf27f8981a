//! The network that an address belongs to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of network that an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    Public,
    /// RFC 1918, RFC 4193 (ULA), RFC 6598 (shared address space), and the old site-local addresses.
    Private,
    Loopback,
    /// RFC 3927 and `fe80::/10`. This includes the metadata services of cloud providers.
    LinkLocal,
    /// Unspecified, multicast, broadcast, reserved and documentation addresses (RFC 6890).
    Special,
}

impl Network {
    /// Returns the network of an address. For an IPv6 address that embeds an IPv4 address, it is that of the latter.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    /// Returns the network of the host in a URL, or `None` for a name, which only the DNS can resolve. Every spelling
    /// that a resolver or a URL parser reads as an address is recognized.
    pub(crate) fn of_host(host: &str) -> Option<Self> {
        if let Some(bracketed) = host.strip_prefix('[') {
            let address = bracketed.strip_suffix(']').unwrap_or(bracketed);
            let (address, _zone) = address.split_once('%').unwrap_or((address, ""));
            return Some(address.parse().map_or(Self::Special, of_v6));
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host == "localhost" || host.ends_with(".localhost") {
            return Some(Self::Loopback);
        }
        let last = host.rsplit('.').next().unwrap_or_default();
        if host.is_empty() || host.contains('%') {
            return Some(Self::Special);
        }
        // A host whose last label is a number is never a name (URL Standard, "ends in a number checker").
        (parse_number(last).is_some() || last.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| parse_v4(&host).map_or(Self::Special, of_v4))
    }
}

/// Returns whether two hosts are the same.
pub(crate) fn is_same_host(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

fn of_v4(address: Ipv4Addr) -> Network {
    match address.octets() {
        [127, ..] => Network::Loopback,
        [169, 254, ..] => Network::LinkLocal,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Network::Private,
        [0 | 224..=255, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        // The address of the host for virtual machines on Azure.
        | [168, 63, 129, 16] => Network::Special,
        _ => Network::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> Network {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        of_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Network::Loopback,
        // IPv4-mapped addresses, the translation prefix of RFC 6052, and 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => embedded(high, low),
        // The local translation prefix of RFC 8215, whose addresses only the network can resolve.
        [0x64, 0xff9b, 1, ..] | [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Network::Private,
        [0xfe80..=0xfebf, ..] => Network::LinkLocal,
        // Protocol assignments such as Teredo, and documentation prefixes.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Network::Special,
        [0x2000..=0x3fff, ..] => Network::Public,
        _ => Network::Special,
    }
}

/// Parses an IPv4 address in any spelling: one to four numbers that are decimal, octal or hexadecimal. The last number
/// fills the remaining bytes (URL Standard, "IPv4 parser"; `inet_aton` of POSIX).
fn parse_v4(host: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u32> = host.split('.').map(parse_number).collect::<Option<_>>()?;
    let (last, leading) = numbers.split_last()?;
    if leading.len() > 3 || leading.iter().any(|number| *number > 255) {
        return None;
    }
    let mut address: u32 = 0;
    for (number, shift) in leading.iter().zip([24, 16, 8]) {
        address |= number << shift;
    }
    let room = u32::MAX >> leading.len().saturating_mul(8);
    (*last <= room).then(|| Ipv4Addr::from(address | last))
}

fn parse_number(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x") {
        return if digits.is_empty() { Some(0) } else { u32::from_str_radix(digits, 16).ok() };
    }
    if text.starts_with('+') {
        return None;
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u32::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use Network::{LinkLocal, Loopback, Private, Public, Special};

    use super::*;

    #[test]
    fn an_address_belongs_to_a_network() {
        for (address, network) in [
            ("8.8.8.8", Public),
            ("172.15.255.255", Public),
            ("172.32.0.0", Public),
            ("100.63.255.255", Public),
            ("100.128.0.0", Public),
            ("192.167.255.255", Public),
            ("223.255.255.255", Public),
            ("168.63.129.15", Public),
            ("10.0.0.0", Private),
            ("10.255.255.255", Private),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("192.168.0.1", Private),
            ("100.64.0.0", Private),
            ("100.127.255.255", Private),
            ("127.0.0.1", Loopback),
            ("127.255.255.255", Loopback),
            ("169.254.169.254", LinkLocal),
            ("0.0.0.0", Special),
            ("0.1.2.3", Special),
            ("192.0.0.192", Special),
            ("192.0.2.1", Special),
            ("192.88.99.1", Special),
            ("198.18.0.1", Special),
            ("198.19.255.255", Special),
            ("198.51.100.1", Special),
            ("203.0.113.1", Special),
            ("168.63.129.16", Special),
            ("224.0.0.1", Special),
            ("240.0.0.1", Special),
            ("255.255.255.255", Special),
            ("2606:4700::1111", Public),
            ("2a00:1450::1", Public),
            ("::1", Loopback),
            ("::", Special),
            ("::2", Special),
            ("::127.0.0.1", Special),
            ("::ffff:8.8.8.8", Public),
            ("::ffff:127.0.0.1", Loopback),
            ("::ffff:10.0.0.1", Private),
            ("::ffff:169.254.169.254", LinkLocal),
            ("64:ff9b::8.8.8.8", Public),
            ("64:ff9b::10.0.0.1", Private),
            ("64:ff9b:1::8.8.8.8", Private),
            ("2002:808:808::", Public),
            ("2002:7f00:1::", Loopback),
            ("fc00::1", Private),
            ("fd00:ec2::254", Private),
            ("fec0::1", Private),
            ("fe80::1", LinkLocal),
            ("febf::1", LinkLocal),
            ("ff02::1", Special),
            ("100::1", Special),
            ("2001::1", Special),
            ("2001:1ff::1", Special),
            ("2001:200::1", Public),
            ("2001:db8::1", Special),
            ("3fff::1", Special),
            ("3fff:1000::1", Public),
            ("4000::1", Special),
        ] {
            assert_eq!(Network::of(address.parse().unwrap()), network, "{address}");
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_recognised() {
        for (host, network) in [
            ("as.example", None),
            ("as.example.", None),
            ("10.example", None),
            ("0xa.example", None),
            ("localhost.example", None),
            ("notlocalhost", None),
            ("1e3", None),
            ("8.8.8.8", Some(Public)),
            ("8.8.8.8.", Some(Public)),
            ("localhost", Some(Loopback)),
            ("LOCALHOST.", Some(Loopback)),
            ("a.localhost", Some(Loopback)),
            ("127.0.0.1", Some(Loopback)),
            ("127.0.0.1.", Some(Loopback)),
            ("127.1", Some(Loopback)),
            ("127.0.1", Some(Loopback)),
            ("2130706433", Some(Loopback)),
            ("0x7f000001", Some(Loopback)),
            ("0X7F.1", Some(Loopback)),
            ("0177.0.0.1", Some(Loopback)),
            ("017700000001", Some(Loopback)),
            ("0x7f.0.0.0x1", Some(Loopback)),
            ("10.1", Some(Private)),
            ("10.255.1", Some(Private)),
            ("255.1", Some(Special)),
            ("8.256.8", Some(Special)),
            ("0xa9fea9fe", Some(LinkLocal)),
            ("0", Some(Special)),
            ("0x", Some(Special)),
            ("256.1.1.1", Some(Special)),
            ("1.2.3.4.5", Some(Special)),
            ("4294967296", Some(Special)),
            ("127.0.0.16777216", Some(Special)),
            ("a.1", Some(Special)),
            ("08", Some(Special)),
            ("%31%32%37.0.0.1", Some(Special)),
            ("%6cocalhos%74", Some(Special)),
            ("", Some(Special)),
            (".", Some(Special)),
            ("[::1]", Some(Loopback)),
            ("[::ffff:7f00:1]", Some(Loopback)),
            ("[::ffff:127.0.0.1]", Some(Loopback)),
            ("[fe80::1%25eth0]", Some(LinkLocal)),
            ("[2606:4700::1111]", Some(Public)),
            ("[fd00::1]", Some(Private)),
            ("[", Some(Special)),
            ("[v1.a]", Some(Special)),
        ] {
            assert_eq!(Network::of_host(host), network, "{host}");
        }
    }

    #[test]
    fn hosts_are_the_same_in_any_case_and_with_a_final_dot() {
        for (one, other, same) in [
            ("as.example", "as.example", true),
            ("AS.example", "as.EXAMPLE.", true),
            ("as.example", "keys.as.example", false),
            ("as.example", "as.example.evil", false),
        ] {
            assert_eq!(is_same_host(one, other), same, "{one} {other}");
        }
    }
}
