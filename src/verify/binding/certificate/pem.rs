//! A certificate in PEM form (RFC 7468), percent-encoded for a header.

use super::client_certificate::ClientCertificate;
use crate::credentials::PercentDecoder;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Reads the first certificate. The rest of a chain is ignored.
///
/// A `+` isn't decoded as a space, because proxies that leave it unencoded (AWS) mean the base64
/// character.
pub(super) fn first_certificate(encoded: &[u8]) -> Option<ClientCertificate> {
    let mut text = Vec::with_capacity(encoded.len());
    for byte in PercentDecoder::uri(encoded) {
        text.push(byte?);
        if text.ends_with(END) {
            break;
        }
    }
    let base64 = text.trim_ascii_start().strip_prefix(BEGIN)?.strip_suffix(END)?;
    certificate_in_base64(base64)
}

/// Decodes base64 in which white space and missing padding are allowed.
pub(super) fn certificate_in_base64(base64: &[u8]) -> Option<ClientCertificate> {
    let der = base64_simd::forgiving_decode_to_vec(base64).ok()?;
    (!der.is_empty()).then(|| ClientCertificate::from_der(&der))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_certificate_is_read() {
        let expected = Some(ClientCertificate::from_der(b"a certificate?>"));
        // Everything but unreserved characters is encoded (nginx), or `+`, `=` and `/` are left as well
        // (AWS), or nothing is.
        for text in [
            "-----BEGIN%20CERTIFICATE-----%0AYSBjZXJ0aWZpY2F0ZT8%2B%0A-----END%20CERTIFICATE-----%0A",
            "-----BEGIN%20CERTIFICATE-----%0AYSBjZXJ0aWZpY2F0ZT8+%0A-----END%20CERTIFICATE-----",
            "-----BEGIN%20CERTIFICATE-----%0D%0AYSBjZXJ0%0D%0AaWZpY2F0ZT8%2b%0D%0A-----END%20CERTIFICATE-----",
            "%2D----BEGIN CERTIFICATE-----\tYSBjZXJ0\taWZpY2F0ZT8+\t-----END CERTIFICATE-----",
            "%0a-----BEGIN%20CERTIFICATE-----YSBjZXJ0aWZpY2F0ZT8%2B-----END%20CERTIFICATE-----",
            "-----BEGIN%20CERTIFICATE-----%0AYSBjZXJ0aWZpY2F0ZT8%2B%0A-----END%20CERTIFICATE-----%0A\
             -----BEGIN%20CERTIFICATE-----%0A%zz",
        ] {
            assert_eq!(first_certificate(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_a_certificate() {
        for text in [
            "",
            "%",
            "YSBjZXJ0aWZpY2F0ZT8%2B",
            "-----BEGIN%20CERTIFICATE-----%0AYSBjZXJ0aWZpY2F0ZT8%2B%0A",
            "-----BEGIN%20CERTIFICATE-----%0A-----END%20CERTIFICATE-----",
            "-----BEGIN%20CERTIFICATE-----%0AYSBjZXJ0aWZ\u{e9}%0A-----END%20CERTIFICATE-----",
            "-----BEGIN%20CERTIFICATE-----%0AYSBjZXJ0aWZp%zz%0A-----END%20CERTIFICATE-----",
            "-----BEGIN%20CERTIFICATE-----%0AYSBj%3DZXJ0%0A-----END%20CERTIFICATE-----",
            "-----BEGIN+CERTIFICATE-----%0AYSBjZXJ0aWZpY2F0ZT8%2B%0A-----END+CERTIFICATE-----",
            "-----BEGIN%20PUBLIC%20KEY-----%0AYSBj%0A-----END%20PUBLIC%20KEY-----",
            "text%0A-----BEGIN%20CERTIFICATE-----%0AYSBj%0A-----END%20CERTIFICATE-----",
            "-----END%20CERTIFICATE-----%0AYSBj%0A-----BEGIN%20CERTIFICATE-----",
        ] {
            assert_eq!(first_certificate(text.as_bytes()), None, "{text}");
        }
    }
}
