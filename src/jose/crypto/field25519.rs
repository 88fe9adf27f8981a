//! Determines whether the curve of Ed25519 has a point with a given `y`.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "limbs stay below 2^53, so neither sums nor products of them overflow"
)]

/// An element of the field of integers modulo p = 2^255 - 19, as five limbs of 51 bits.
///
/// The arithmetic isn't constant-time, because it is only used for public keys.
#[derive(Clone, Copy)]
struct Element([u64; 5]);

const MASK: u64 = (1 << 51) - 1;

/// Returns whether the curve of Ed25519 has a point with this `y` ([RFC 8032 §5.1.3]). `y` is little-endian,
/// and its last bit, which is the sign of `x`, is ignored.
///
/// The curve is -x² + y² = 1 + d x² y² with d = -121665 / 121666, so x² = u / v with u = 121666 (y² - 1) and
/// v = 121666 - 121665 y². This is a square if u v is a square, because v is never zero.
///
/// [RFC 8032 §5.1.3]: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.3
pub(super) fn has_point(y: &[u8; 32]) -> bool {
    let y = Element::from_bytes(y);
    let y2 = y.times(y);
    let u = Element::small(121_666).times(y2.minus(Element::small(1)));
    let v = Element::small(121_666).minus(Element::small(121_665).times(y2));
    u.times(v).is_square()
}

impl Element {
    const fn small(number: u64) -> Self {
        Self([number, 0, 0, 0, 0])
    }

    fn from_bytes(bytes: &[u8; 32]) -> Self {
        let (words, _) = bytes.as_chunks();
        let mut words = words.iter().copied().map(u64::from_le_bytes);
        let [a, b, c, d] = std::array::from_fn(|_| words.next().unwrap_or_default());
        Self([
            a & MASK,
            (a >> 51 | b << 13) & MASK,
            (b >> 38 | c << 26) & MASK,
            (c >> 25 | d << 39) & MASK,
            d >> 12 & MASK,
        ])
    }

    fn times(self, other: Self) -> Self {
        let [a0, a1, a2, a3, a4] = self.0.map(u128::from);
        let [b0, b1, b2, b3, b4] = other.0.map(u128::from);
        // 2^255 is 19 modulo p.
        Self::carry([
            a0 * b0 + 19 * (a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1),
            a0 * b1 + a1 * b0 + 19 * (a2 * b4 + a3 * b3 + a4 * b2),
            a0 * b2 + a1 * b1 + a2 * b0 + 19 * (a3 * b4 + a4 * b3),
            a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + 19 * (a4 * b4),
            a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0,
        ])
    }

    fn minus(self, other: Self) -> Self {
        // Adds 4p, which is greater than any `other`, so that no limb becomes negative.
        let [a0, a1, a2, a3, a4] = self.0.map(u128::from);
        let [b0, b1, b2, b3, b4] = other.0.map(u128::from);
        let p = u128::from(MASK);
        Self::carry([
            a0 + 4 * (p - 18) - b0,
            a1 + 4 * p - b1,
            a2 + 4 * p - b2,
            a3 + 4 * p - b3,
            a4 + 4 * p - b4,
        ])
    }

    /// Carries the bits beyond the 51st, so that limbs are below 2^52.
    fn carry(mut limbs: [u128; 5]) -> Self {
        // The carry of the first round may be longer than a limb.
        for _ in 0..2 {
            let mut carry = 0;
            for limb in &mut limbs {
                *limb += carry;
                carry = *limb >> 51;
                *limb &= u128::from(MASK);
            }
            let [first, ..] = &mut limbs;
            *first += 19 * carry;
        }
        // Nothing is lost: each limb is below 2^52.
        Self(limbs.map(|limb| u64::try_from(limb).unwrap_or_default()))
    }

    /// Returns whether this is a square: zero, or 1 when raised to (p - 1) / 2 = 2^254 - 10 (Euler).
    fn is_square(self) -> bool {
        let mut power = Self::small(1);
        // All bits of 2^254 - 10 are set but the lowest and the fourth.
        for bit in (0..254).rev() {
            power = power.times(power);
            if !matches!(bit, 0 | 3) {
                power = power.times(self);
            }
        }
        matches!(power.reduced(), [0 | 1, 0, 0, 0, 0])
    }

    /// Returns the limbs of the unique representative below p.
    fn reduced(self) -> [u64; 5] {
        let Self(limbs) = Self::carry(self.0.map(u128::from));
        // The number is at least p if adding 19 carries out of the last limb. In that case, p is subtracted by
        // adding 19 and dropping 2^255.
        let exceeds = limbs.iter().fold(19, |carry, limb| (limb + carry) >> 51);
        let mut carry = 19 * exceeds;
        limbs.map(|limb| {
            let sum = limb + carry;
            carry = sum >> 51;
            sum & MASK
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number as an element, even if it is p or more.
    fn number(least: u8, rest: u8) -> Element {
        let mut bytes = [rest; 32];
        bytes[0] = least;
        Element::from_bytes(&bytes)
    }

    #[test]
    fn numbers_are_reduced_modulo_p() {
        for (element, reduced) in [
            (number(0, 0), [0, 0, 0, 0, 0]),
            (number(7, 0), [7, 0, 0, 0, 0]),
            // p - 1, p, p + 1 and p + 18
            (number(0xec, 0xff), [MASK - 19, MASK, MASK, MASK, MASK]),
            (number(0xed, 0xff), [0, 0, 0, 0, 0]),
            (number(0xee, 0xff), [1, 0, 0, 0, 0]),
            (number(0xff, 0xff), [18, 0, 0, 0, 0]),
            (number(0xec, 0xff).times(number(0xec, 0xff)), [1, 0, 0, 0, 0]),
            (number(0xec, 0xff).times(number(2, 0)), [MASK - 20, MASK, MASK, MASK, MASK]),
            (number(0, 0).minus(number(1, 0)), [MASK - 19, MASK, MASK, MASK, MASK]),
            (number(0xff, 0xff).minus(number(18, 0)), [0, 0, 0, 0, 0]),
        ] {
            assert_eq!(element.reduced(), reduced);
        }
    }

    #[test]
    fn squares_are_recognized() {
        // -1 is a square, because p is 1 modulo 4, and 2 isn't, because p is 5 modulo 8.
        for (element, is_square) in [
            (number(0, 0), true),
            (number(1, 0), true),
            (number(2, 0), false),
            (number(4, 0), true),
            (number(8, 0), false),
            (number(0xec, 0xff), true),
            (number(0xeb, 0xff), false),
            (number(0xed, 0xff), true),
        ] {
            assert_eq!(element.is_square(), is_square, "{:?}", element.reduced());
        }
        let mut root = number(0x5a, 0xc3);
        for _ in 0..100 {
            let square = root.times(root);
            assert!(square.is_square());
            assert!(!square.times(Element::small(2)).is_square());
            root = square.minus(Element::small(9));
        }
    }
}
