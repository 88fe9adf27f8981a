use super::{KeyError, der};

/// The validated numbers of an RSA public key: big-endian, and without leading zeros.
pub(super) struct RsaComponents<'a> {
    pub(super) n: &'a [u8],
    pub(super) e: &'a [u8],
}

impl<'a> RsaComponents<'a> {
    /// Validates the numbers. Leading zeros are accepted, because some implementations write them
    /// ([RFC 7518 §6.3.1.1]).
    ///
    /// [RFC 7518 §6.3.1.1]: https://www.rfc-editor.org/rfc/rfc7518#section-6.3.1.1
    pub(super) fn new(n: &'a [u8], e: &'a [u8]) -> Result<Self, KeyError> {
        let (n, e) = (significant(n), significant(e));
        match bits(n) {
            0..MIN_BITS => {
                return Err(KeyError::Weak { unit: "bits", given: bits(n), needed: MIN_BITS });
            }
            MIN_BITS..=MAX_BITS => {}
            _ => return Err(KeyError::Unsupported("its RSA modulus has more than 8192 bits")),
        }
        if !is_odd(n) {
            return Err(KeyError::Malformed("its RSA modulus is even"));
        }
        if !is_odd(e) || bits(e) < 2 {
            return Err(KeyError::Malformed("its RSA exponent is even or less than 3"));
        }
        if bits(e) > MAX_EXPONENT_BITS {
            return Err(KeyError::Unsupported("its RSA exponent has more than 33 bits"));
        }
        Ok(Self { n, e })
    }

    /// Reads an `RSAPublicKey` in DER ([RFC 8017 A.1.1]).
    ///
    /// [RFC 8017 A.1.1]: https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1
    pub(super) fn from_pkcs1_der(der: &'a [u8]) -> Result<Self, KeyError> {
        let (n, e) = rsa_public_key(der)
            .ok_or(KeyError::Malformed("it isn't an RSAPublicKey in DER (RFC 8017, A.1.1)"))?;
        Self::new(n, e)
    }
}

/// The minimum size of a modulus (NIST SP 800-131A, RFC 7518 §3.3 and §3.5).
const MIN_BITS: usize = 2048;
/// The maximum size of a modulus. A larger one would make the verification of each token too
/// expensive.
const MAX_BITS: usize = 8192;
/// The maximum size of an exponent, for the same reason. Both back ends have the same limit.
const MAX_EXPONENT_BITS: usize = 33;

fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn bits(significant: &[u8]) -> usize {
    let unused = significant.first().map_or(0, |first| first.leading_zeros() as usize);
    significant.len().saturating_mul(8).saturating_sub(unused)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, rest) = der::value(der::SEQUENCE, der)?;
    let (n, integers) = der::integer(sequence)?;
    let (e, none) = der::integer(integers)?;
    (rest.is_empty() && none.is_empty()).then_some((n, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    const E: &[u8] = &[1, 0, 1];

    fn modulus(bits: usize) -> Vec<u8> {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] >>= bits.wrapping_neg() % 8;
        n
    }

    fn der(n: &[u8], e: &[u8]) -> Vec<u8> {
        let integer = |bytes| der::write(der::INTEGER, bytes).unwrap();
        der::write(der::SEQUENCE, &[integer(n), integer(e)].concat()).unwrap()
    }

    // Verifies rfc8725-3.2-current.
    #[test]
    fn a_modulus_of_2048_to_8192_bits_is_accepted() {
        for bits in [2048, 2049, 3072, 4096, 8191, 8192] {
            let n = modulus(bits);
            assert_eq!(RsaComponents::new(&n, E).ok().unwrap().n, n, "{bits}");
        }
        for bits in [0, 1, 512, 1024, 2047] {
            let error = RsaComponents::new(&modulus(bits.max(1)), E).err().unwrap();
            assert!(matches!(error, KeyError::Weak { .. }), "{bits}");
        }
        for bits in [8193, 16_384, 1 << 20] {
            let error = RsaComponents::new(&modulus(bits), E).err().unwrap();
            assert!(matches!(error, KeyError::Unsupported(_)), "{bits}");
        }
        assert_eq!(
            RsaComponents::new(&modulus(1024), E).err().unwrap().to_string(),
            "the key is too weak: it has 1024 bits, but at least 2048 are required"
        );
    }

    #[test]
    fn leading_zeros_of_a_number_are_ignored() {
        let n = modulus(2048);
        let (padded_n, padded_e) = ([&[0, 0], &*n].concat(), [&[0; 9], E].concat());
        let components = RsaComponents::new(&padded_n, &padded_e).ok().unwrap();
        assert_eq!((components.n, components.e), (&*n, E));

        let weak = [&[0; 200], &*modulus(1024)].concat();
        assert!(RsaComponents::new(&weak, E).is_err());
    }

    #[test]
    fn an_even_number_and_an_exponent_out_of_bounds_are_rejected() {
        let n = modulus(2048);
        let mut even = n.clone();
        even[255] = 0xfe;
        assert!(RsaComponents::new(&even, E).is_err());
        for e in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[2, 0, 0, 0, 1], &[1; 256]] {
            assert!(RsaComponents::new(&n, e).is_err(), "{e:?}");
        }
        for e in [&[3][..], &[0, 3], &[1, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]] {
            assert!(RsaComponents::new(&n, e).is_ok(), "{e:?}");
        }
    }

    #[test]
    fn only_canonical_der_is_read_as_an_rsa_public_key() {
        let n = [&[0], &*modulus(2048)].concat();
        let valid = der(&n, E);
        let components = RsaComponents::from_pkcs1_der(&valid).ok().unwrap();
        assert_eq!((components.n, components.e), (&n[1..], E));

        for cut in 0..valid.len() {
            assert!(RsaComponents::from_pkcs1_der(&valid[..cut]).is_err(), "cut at {cut}");
        }
        let mut indefinite = valid.clone();
        indefinite[1] = 0x80;
        let invalid = [
            ("trailing bytes", [&*valid, &[0]].concat()),
            ("a third number", {
                let mut three = [&*valid, &[2, 1, 3]].concat();
                three[3] += 3;
                three
            }),
            ("negative", der(&n[1..], E)),
            ("padded", der(&[&[0], &*n].concat(), E)),
            ("an empty exponent", der(&n, &[])),
            ("a long length", [&[0x30, 0x83, 0], &valid[2..]].concat()),
            ("an indefinite length", indefinite),
        ];
        for (name, der) in invalid {
            assert!(RsaComponents::from_pkcs1_der(&der).is_err(), "{name}");
        }
    }
}
