use super::{KeyError, field25519};

/// Returns the bytes as an Ed25519 public key, if they are the encoding of a point ([RFC 8032 §5.1.3]) that
/// doesn't have a small order.
///
/// If the key is a point of small order, anyone can create valid signatures, but [RFC 8032 §5.1.7] doesn't
/// reject such a key. aws-lc-rs accepts any 32 bytes as a key, and rejects all signatures if they aren't a
/// point, while the back end in pure Rust rejects most of these keys. This function makes both behave in the
/// same way.
///
/// [RFC 8032 §5.1.3]: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.3
/// [RFC 8032 §5.1.7]: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.7
pub(super) fn public_key(x: &[u8]) -> Result<&[u8; 32], KeyError> {
    let x = x
        .try_into()
        .map_err(|_| KeyError::Malformed("an Ed25519 public key must be exactly 32 bytes long"))?;
    if has_small_order(x) {
        return Err(KeyError::Malformed("its Ed25519 point has a small order"));
    }
    if !is_canonical(x) {
        return Err(KeyError::Malformed("its Ed25519 point isn't in canonical form"));
    }
    if field25519::has_point(x) { Ok(x) } else { Err(KeyError::OFF_CURVE) }
}

/// Returns whether the y-coordinate is less than p, which is 2^255 - 19.
fn is_canonical(x: &[u8; 32]) -> bool {
    let [least, middle @ .., most] = x;
    most & 0x7f != 0x7f || *least < 0xed || middle.iter().any(|byte| *byte != 0xff)
}

fn has_small_order(x: &[u8; 32]) -> bool {
    let mut y = *x;
    // Clears the sign of the x-coordinate, because both points with this y have the same order.
    y[31] &= 0x7f;
    SMALL_ORDERS.contains(&y)
}

/// The y-coordinates of the points of order 1, 2, 4 and 8, including unreduced encodings.
const SMALL_ORDERS: [[u8; 32]; 7] = [
    // order 4: 0, and p, which is 2^255 - 19
    little_endian(0x00, 0x00, 0x00),
    little_endian(0xed, 0xff, 0x7f),
    // order 1: 1, and p + 1
    little_endian(0x01, 0x00, 0x00),
    little_endian(0xee, 0xff, 0x7f),
    // order 2: p - 1
    little_endian(0xec, 0xff, 0x7f),
    // order 8: these two are each other's negative
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn little_endian(least: u8, middle: u8, most: u8) -> [u8; 32] {
    let mut number = [middle; 32];
    number[0] = least;
    number[31] = most;
    number
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests report by panic")]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_length_is_rejected() {
        for len in [0, 31, 33, 44, 64] {
            assert!(public_key(&vec![9; len]).is_err(), "{len}");
        }
        assert_eq!(public_key(&BASE_POINT), Ok(&BASE_POINT));
    }

    /// The base point of the curve, of a large order: y is 4 / 5.
    const BASE_POINT: [u8; 32] = {
        let mut point = [0x66; 32];
        point[0] = 0x58;
        point
    };

    // Verifies rfc8725-3.4-inputs.
    #[test]
    fn a_key_that_is_not_a_point_of_the_curve_is_rejected() {
        // The public keys of RFC 8032 §7.1, with either sign.
        for key in [
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        ] {
            let mut key = hex(key);
            assert_eq!(public_key(&key), Ok(&key));
            key[31] ^= 0x80;
            assert_eq!(public_key(&key), Ok(&key));
        }
        for y in [2, 7, 8] {
            assert_eq!(public_key(&little_endian(y, 0, 0)), Err(KeyError::OFF_CURVE), "{y}");
        }
    }

    #[test]
    fn a_point_that_is_not_in_canonical_form_is_rejected() {
        // 3 is the y of a point, and so is p + 3.
        assert!(public_key(&little_endian(3, 0, 0)).is_ok());
        for sign in [0x7f, 0xff] {
            let error = public_key(&little_endian(0xf0, 0xff, sign)).unwrap_err();
            assert_eq!(error, KeyError::Malformed("its Ed25519 point isn't in canonical form"));
        }
        // The greatest canonical y is p - 1, which has a small order, and p - 2 isn't on the curve.
        assert!(is_canonical(&little_endian(0xec, 0xff, 0x7f)));
        assert!(!is_canonical(&little_endian(0xed, 0xff, 0x7f)));
    }

    fn hex(text: &str) -> [u8; 32] {
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    }

    #[test]
    #[cfg(feature = "rust-crypto")]
    fn ed25519_dalek_agrees_on_what_is_on_the_curve() {
        let mut x = BASE_POINT;
        for round in 0..2000_u32 {
            x.rotate_left(7);
            x[usize::try_from(round).unwrap() % 32] ^= round.to_le_bytes()[0].wrapping_mul(37);
            let decodes = ed25519_dalek::VerifyingKey::from_bytes(&x).is_ok();
            assert_eq!(field25519::has_point(&x), decodes, "{x:02x?}");
        }
    }

    #[test]
    fn a_point_of_small_order_is_rejected_with_either_sign() {
        for mut x in SMALL_ORDERS {
            for sign in [0x00, 0x80] {
                x[31] |= sign;
                let error = public_key(&x).unwrap_err();
                assert_eq!(
                    error.to_string(),
                    "the key is malformed: its Ed25519 point has a small order"
                );
            }
        }
    }

    #[test]
    #[cfg(feature = "rust-crypto")]
    fn ed25519_dalek_agrees_on_what_has_a_small_order() {
        let is_weak =
            |x: &_| ed25519_dalek::VerifyingKey::from_bytes(x).is_ok_and(|key| key.is_weak());
        for x in SMALL_ORDERS {
            assert!(is_weak(&x), "{x:02x?}");
        }
        // All unreduced encodings, and the same number of reduced ones.
        for least in 0..=u8::MAX {
            for x in [little_endian(least, 0x00, 0x00), little_endian(least, 0xff, 0x7f)] {
                assert_eq!(is_weak(&x), has_small_order(&x), "{x:02x?}");
            }
        }
    }
}
