//! The key that failed attempts are counted by, in addition to the user.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// The origin of an attempt to log in, such as the address of the client. A
/// [`BasicVerifier`](crate::BasicVerifier) limits the failed attempts for each key, and lets the keys that try
/// to log in as the same user take turns.
///
/// Clients with the same key share its limit, so an attacker must not be able to choose the key: use the
/// address of the connection, or what a trusted proxy says about it, and never a header that a client can
/// set.
///
/// An IPv6 address stands for its /64 network, because a single host can use every address in it. Some
/// networks are larger. For these, use a text with the prefix as the key.
///
/// `Debug` doesn't show the key.
///
/// ```
/// use std::net::IpAddr;
///
/// use portcullis::credentials::GuessKey;
///
/// let key = |address: &str| Ok::<_, std::net::AddrParseError>(GuessKey::from(address.parse::<IpAddr>()?));
/// assert_eq!(key("2001:db8:0:1::1")?, key("2001:db8:0:1:2:3:4:5")?);
/// assert_ne!(key("2001:db8:0:1::1")?, key("2001:db8:0:2::1")?);
/// assert_eq!(key("192.0.2.1")?, key("::ffff:192.0.2.1")?);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GuessKey(Kind);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kind {
    Ipv4([u8; 4]),
    Ipv6Network([u16; 4]),
    Text(Box<str>),
}

impl GuessKey {
    /// Returns bytes that no other key has, for digests that replicas share.
    #[cfg(feature = "basic")]
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let (kind, bytes) = match &self.0 {
            Kind::Ipv4(octets) => (4, octets.to_vec()),
            Kind::Ipv6Network(segments) => {
                (6, segments.iter().flat_map(|segment| segment.to_be_bytes()).collect())
            }
            Kind::Text(text) => (0, text.as_bytes().to_vec()),
        };
        [vec![kind], bytes].concat()
    }
}

impl From<IpAddr> for GuessKey {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Kind::Ipv4(address.octets()),
            IpAddr::V6(address) => {
                let [first, second, third, fourth, ..] = address.segments();
                Kind::Ipv6Network([first, second, third, fourth])
            }
        })
    }
}

/// Uses the IP address. The port differs for each connection.
impl From<SocketAddr> for GuessKey {
    fn from(address: SocketAddr) -> Self {
        address.ip().into()
    }
}

/// Uses any text, such as the name of a tenant.
impl From<&str> for GuessKey {
    fn from(text: &str) -> Self {
        Self(Kind::Text(text.into()))
    }
}

/// Uses any text, such as the name of a tenant.
impl From<String> for GuessKey {
    fn from(text: String) -> Self {
        Self(Kind::Text(text.into()))
    }
}

impl fmt::Debug for GuessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuessKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_key_on_every_port_and_no_text() {
        let address: SocketAddr = "192.0.2.1:1234".parse().unwrap();
        assert_eq!(GuessKey::from(address), GuessKey::from(address.ip()));
        assert_ne!(GuessKey::from(address), GuessKey::from("192.0.2.1"));
        assert_eq!(GuessKey::from("acme"), GuessKey::from("acme".to_owned()));
        assert_eq!(format!("{:?}", GuessKey::from("acme")), "GuessKey([redacted])");
    }

    #[cfg(feature = "basic")]
    #[test]
    fn different_keys_have_different_bytes() {
        let address = |text: &str| GuessKey::from(text.parse::<IpAddr>().unwrap());
        let keys = [
            address("1.2.3.4"),
            address("1.2.3.5"),
            address("102:304::"),
            address("102:305::"),
            GuessKey::from("\u{1}\u{2}\u{3}\u{4}"),
            GuessKey::from("acme"),
            GuessKey::from(""),
        ];
        let bytes: std::collections::HashSet<_> = keys.iter().map(GuessKey::to_bytes).collect();
        assert_eq!(bytes.len(), keys.len());
    }
}
