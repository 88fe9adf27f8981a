//! `Client-Cert` (RFC 9440): a byte sequence of structured fields, `:` base64 `:` (RFC 9651 §3.3.5).

use super::{client_certificate::ClientCertificate, pem::certificate_in_base64};

/// Parses the value of the header. Parameters are ignored, because none are defined.
pub(super) fn parse(value: &[u8]) -> Option<ClientCertificate> {
    let value = value.trim_ascii().strip_prefix(b":")?;
    let end = value.iter().position(|&byte| byte == b':')?;
    let (base64, rest) = value.split_at_checked(end)?;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let is_valid = base64.iter().all(is_base64) && matches!(rest, [b':'] | [b':', b';', ..]);
    is_valid.then(|| certificate_in_base64(base64))?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9440 appendix A, figure 2, without the line breaks, which are for display only.
    const EXAMPLE: &str = ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNV\
        BAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZI\
        zj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7\
        uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAww\
        CgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6Y\
        K0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:";

    #[test]
    fn the_example_of_rfc_9440_is_read() {
        // Figure 1: the same certificate as PEM.
        let pem = EXAMPLE
            .trim_matches(':')
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap());
        let pem = pem.collect::<Vec<_>>().join("\n");
        let pem = format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n");
        let certificate = parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(Some(certificate), super::super::pem::first_certificate(pem.as_bytes()));
        let der = base64_simd::STANDARD.decode_to_vec(EXAMPLE.trim_matches(':')).unwrap();
        assert_eq!(certificate, ClientCertificate::from_der(&der));
        assert_eq!(der.len(), 428);
    }

    #[test]
    fn a_byte_sequence_is_read_and_anything_else_is_not() {
        let expected = Some(ClientCertificate::from_der(b"a certificate?>"));
        for value in
            [":YSBjZXJ0aWZpY2F0ZT8+:", " :YSBjZXJ0aWZpY2F0ZT8+: ", ":YSBjZXJ0aWZpY2F0ZT8+:;a=1"]
        {
            assert_eq!(parse(value.as_bytes()), expected, "{value}");
        }
        // RFC 9651 §4.2.7 accepts missing padding.
        assert_eq!(parse(b":YWI:"), Some(ClientCertificate::from_der(b"ab")));
        for value in [
            "",
            ":",
            "::",
            "YSBj",
            ":YSBj",
            "YSBj:",
            ":YSBj:,",
            ":YSBj:, :YSBj:",
            ":YSBj: a",
            ":YS Bj:",
            ":YSBj_-:",
            ":YS=j:",
            ":YSBj====:",
            ":Y:",
            "\"YSBj\"",
            ":YSB\u{e9}:",
        ] {
            assert_eq!(parse(value.as_bytes()), None, "{value}");
        }
    }
}
