//! Envoy's `x-forwarded-client-cert` (XFCC): comma-separated elements, each of which consists of
//! semicolon-separated pairs.

use std::borrow::Cow;

use super::{client_certificate::ClientCertificate, pem::first_certificate};

/// The error for a malformed header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads the certificate of the last element, which was added by the proxy in front of the service. Earlier
/// elements come from other proxies, or from the client.
///
/// `Hash` is sufficient. An element with neither `Hash` nor `Cert` names no certificate.
pub(super) fn parse(value: &[u8]) -> Result<Option<ClientCertificate>, Malformed> {
    let mut last = Element::default();
    let mut rest = value.trim_ascii();
    // The whole value is parsed, because the quotes determine which comma is the last one. Anything that could
    // open a quote without closing it, or close one early, is rejected. Otherwise the client could hide the
    // element of the proxy.
    while !rest.is_empty() {
        let (pair, end, after) = next_pair(rest)?;
        if let Some(pair) = pair {
            last.add(pair)?;
        }
        if end == Some(b',') {
            last = Element::default();
        }
        rest = after;
    }
    last.certificate()
}

/// The relevant pairs of one element.
#[derive(Default)]
struct Element<'a> {
    hash: Option<Value<'a>>,
    certificate: Option<Value<'a>>,
}

struct Pair<'a> {
    key: &'a [u8],
    value: Value<'a>,
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Plain(&'a [u8]),
    /// The text between the quotes, including backslashes.
    Quoted(&'a [u8]),
}

impl<'a> Element<'a> {
    fn add(&mut self, Pair { key, value }: Pair<'a>) -> Result<(), Malformed> {
        let place = if key.eq_ignore_ascii_case(b"Hash") {
            &mut self.hash
        } else if key.eq_ignore_ascii_case(b"Cert") {
            &mut self.certificate
        } else {
            return Ok(());
        };
        if place.replace(value).is_some() { Err(Malformed) } else { Ok(()) }
    }

    fn certificate(&self) -> Result<Option<ClientCertificate>, Malformed> {
        let digest = self.hash.map(|hash| thumbprint(&hash.text()).ok_or(Malformed)).transpose()?;
        let hash = digest.map(ClientCertificate::from_thumbprint);
        let certificate = self.certificate.map(|it| first_certificate(&it.text()).ok_or(Malformed));
        match (hash, certificate.transpose()?) {
            (Some(hash), Some(certificate)) if hash != certificate => Err(Malformed),
            (hash, certificate) => Ok(hash.or(certificate)),
        }
    }
}

impl<'a> Value<'a> {
    fn text(self) -> Cow<'a, [u8]> {
        match self {
            Self::Quoted(text) if text.contains(&b'\\') => {
                let mut bytes = text.iter().copied();
                let unescape = move || match bytes.next()? {
                    b'\\' => bytes.next(),
                    byte => Some(byte),
                };
                std::iter::from_fn(unescape).collect()
            }
            Self::Quoted(text) | Self::Plain(text) => text.into(),
        }
    }
}

/// Parses up to the end of a pair. Returns the pair (unless it is blank), the separator, and the rest.
fn next_pair(text: &[u8]) -> Result<(Option<Pair<'_>>, Option<u8>, &[u8]), Malformed> {
    let (key, separator, after) = split(text, b"=;,\"");
    let key = key.trim_ascii();
    match separator {
        Some(b'=') => {}
        Some(b'"') => return Err(Malformed),
        _ if key.is_empty() => return Ok((None, separator, after)),
        _ => return Err(Malformed),
    }
    let after = after.trim_ascii_start();
    let (value, separator, after) = match after.strip_prefix(b"\"") {
        Some(quoted) => {
            let (value, after) = split_quoted(quoted).ok_or(Malformed)?;
            match split(after, b";,") {
                (blank, separator, after) if blank.trim_ascii().is_empty() => {
                    (Value::Quoted(value), separator, after)
                }
                _ => return Err(Malformed),
            }
        }
        None => match split(after, b";,\"") {
            (_, Some(b'"'), _) => return Err(Malformed),
            (value, separator, after) => (Value::Plain(value.trim_ascii()), separator, after),
        },
    };
    Ok((Some(Pair { key, value }), separator, after))
}

/// Splits at the first of these bytes.
fn split<'a>(text: &'a [u8], separators: &[u8]) -> (&'a [u8], Option<u8>, &'a [u8]) {
    let end = text.iter().position(|byte| separators.contains(byte)).unwrap_or(text.len());
    let (before, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    match rest.split_first() {
        Some((&separator, after)) => (before, Some(separator), after),
        None => (before, None, &[]),
    }
}

/// Splits at the quote that ends a value. A backslash escapes the byte after it.
fn split_quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut is_escaped = false;
    let end = text.iter().position(|&byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    let (value, rest) = text.split_at_checked(end)?;
    Some((value, rest.get(1..)?))
}

/// Parses a SHA-256 digest in hexadecimal digits.
fn thumbprint(digits: &[u8]) -> Option<[u8; 32]> {
    let mut thumbprint = [0; 32];
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    if pairs.len() != thumbprint.len() {
        return None;
    }
    for (byte, [high, low]) in thumbprint.iter_mut().zip(pairs) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from((digit(*high)? << 4) | digit(*low)?).ok()?;
    }
    Some(thumbprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const OTHER: &str = "468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688";

    /// `Hash` is the digest of this certificate.
    fn certificate() -> (ClientCertificate, String) {
        let certificate = ClientCertificate::from_der(b"a certificate?>");
        let hash = certificate.thumbprint().map(|byte| format!("{byte:02x}")).concat();
        (certificate, hash)
    }

    const CERT: &str =
        "-----BEGIN%20CERTIFICATE-----%0AYSBjZXJ0aWZpY2F0ZT8%2B%0A-----END%20CERTIFICATE-----%0A";

    #[test]
    fn the_last_element_names_the_certificate() {
        let (expected, hash) = certificate();
        let upper = hash.to_uppercase();
        for value in [
            format!("Hash={hash}"),
            format!("hash={upper}"),
            format!("HASH=\"{hash}\""),
            format!("Cert=\"{CERT}\""),
            format!("Cert={CERT}"),
            format!("cert=\"{}\"", CERT.replace('-', "\\-")),
            format!("Hash={hash};Cert=\"{CERT}\""),
            format!("Cert=\"{CERT}\";Hash={hash};Chain=\"{CERT}{CERT}\""),
            // The forms of Envoy's documentation.
            format!("By=http://frontend.example;Hash={hash};URI=http://client.example"),
            format!(
                "By=http://frontend.example;Hash={hash};Subject=\"/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test \
                 Client\";URI=http://client.example"
            ),
            format!(
                "By=http://frontend.example;Hash={hash};Subject=\"\";URI=;DNS=a.example;DNS=b.example"
            ),
            format!(
                "By=http://frontend.example;Hash={OTHER};URI=http://client.example,\
                 By=http://backend.example;Hash={hash};URI=http://frontend.example"
            ),
            // Other elements only have to be well-formed.
            format!("Hash=00;Cert=\"a\",Hash={hash}"),
            format!("Hash={OTHER}, Hash={hash}"),
            format!(" , ,;; Hash = {hash} ; ;"),
            format!("Subject=\"a,Hash={OTHER};Cert=b\";Hash={hash}"),
            format!("Subject=\"CN=a\\\",Hash={OTHER},B=\\\"\" ; Hash={hash}"),
            format!("Subject=\"O=a\\\\\";Hash={hash}"),
        ] {
            assert_eq!(parse(value.as_bytes()), Ok(Some(expected)), "{value}");
        }
    }

    #[test]
    fn an_element_without_hash_and_cert_names_none() {
        let (_, hash) = certificate();
        for value in [
            String::new(),
            "By=http://frontend.example".to_owned(),
            "Subject=\"CN=a;Hash=b\"".to_owned(),
            format!("Hash={hash},By=http://frontend.example"),
            format!("Hash={hash},"),
            format!("Hash={hash}, ;"),
            format!("Chain=\"{CERT}\""),
        ] {
            assert_eq!(parse(value.as_bytes()), Ok(None), "{value}");
        }
    }

    #[test]
    fn malformed_elements_are_rejected() {
        let (_, hash) = certificate();
        for value in [
            "Hash=".to_owned(),
            "Hash".to_owned(),
            format!("Hash={hash}0"),
            format!("Hash={}", &hash[1..]),
            format!("Hash=g{}", &hash[1..]),
            format!("Hash=+{}", &hash[1..]),
            format!("Cert=\"{}\"", CERT.replace("END", "FIN")),
            "Cert=".to_owned(),
            "Cert=\"\"".to_owned(),
            // A mismatch of both, or the same key twice.
            format!("Hash={HASH};Cert=\"{CERT}\""),
            format!("Hash={hash};Hash={hash}"),
            format!("Hash={hash};hash={OTHER}"),
            format!("Cert=\"{CERT}\";Cert=\"{CERT}\""),
            // Quotes that aren't closed, or aren't allowed.
            format!("Hash={hash};Subject=\""),
            format!("Hash={hash};Subject=\"a\\\""),
            format!("Hash=\"{hash}"),
            format!("Hash=\"{hash}\"0"),
            format!("Hash={hash};URI=a\"b\""),
            format!("\"Hash\"={hash}"),
            format!("\"{hash}\""),
            format!("Hash={hash};\""),
            format!("Hash={hash};\"\""),
            format!("Hash={hash};a"),
            format!("=;Hash=g{hash}"),
        ] {
            assert_eq!(parse(value.as_bytes()), Err(Malformed), "{value}");
        }
    }

    /// A proxy that appends its element to what the client sent (`APPEND_FORWARD`).
    #[test]
    fn a_client_cannot_hide_the_element_of_the_proxy() {
        let (certificate, hash) = certificate();
        for proxy in [
            format!("By=http://a.example;Hash={hash}"),
            format!("By=http://a.example;Hash={hash};Subject=\"CN=a\";URI=;DNS=a.example"),
            format!("By=http://a.example;Hash={hash};Cert=\"{CERT}\";Subject=\"\""),
        ] {
            for client in [
                "Hash=\"".to_owned(),
                format!("Hash={OTHER};URI=\""),
                format!("Hash={OTHER};URI=\"\\"),
                format!("Hash={OTHER};URI=\";a=\""),
                format!("Hash={OTHER};URI=\\"),
                format!("Hash={OTHER};URI=\"\""),
                format!("Hash={OTHER};"),
                format!("Hash={OTHER};URI="),
                format!("Hash={OTHER}"),
                "=".to_owned(),
            ] {
                let value = format!("{client},{proxy}");
                let outcome = parse(value.as_bytes());
                assert!(
                    matches!(outcome, Err(Malformed)) || outcome == Ok(Some(certificate)),
                    "{value}"
                );
            }
        }
    }
}
