use super::KeyError;
use crate::jose::algorithm::Algorithm;

/// An elliptic curve for ECDSA, as in the `crv` of a JWK ([RFC 7518
/// §6.2.1.1](https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1.1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// Returns the name of the curve in a key set. It is only needed for the key sets of tests.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Returns the only JWS algorithm for this curve.
    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }

    /// Returns the length of a coordinate, in bytes.
    pub(crate) const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Returns the uncompressed point with these coordinates. Each should have the length of a
    /// coordinate of the curve ([RFC 7518 §6.2.1.2]). Shorter ones are padded, because some servers
    /// omit leading zeros.
    ///
    /// [RFC 7518 §6.2.1.2]: https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1.2
    pub(crate) fn point(self, x: &[u8], y: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut point = vec![UNCOMPRESSED];
        for coordinate in [x, y] {
            let missing = self.coordinate_len().checked_sub(coordinate.len());
            let missing = missing.filter(|_| !coordinate.is_empty());
            let missing = missing.ok_or(KeyError::Malformed(
                "its x or y is longer than a coordinate of its curve",
            ))?;
            point.extend(std::iter::repeat_n(0, missing));
            point.extend_from_slice(coordinate);
        }
        Ok(point)
    }

    /// Returns the length of an uncompressed point, in bytes: a tag, `x` and `y`.
    pub(crate) const fn point_len(self) -> usize {
        match self {
            Self::P256 => 65,
            Self::P384 => 97,
            Self::P521 => 133,
        }
    }
}

/// The tag of an uncompressed point (SEC 1, 2.3.3).
pub(super) const UNCOMPRESSED: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_consists_of_two_coordinates_of_the_exact_length() {
        for curve in Curve::ALL {
            let len = curve.coordinate_len();
            let point = curve.point(&vec![1; len], &vec![2; len]).unwrap();
            assert_eq!(point, [vec![4], vec![1; len], vec![2; len]].concat());
            assert_eq!(point.len(), curve.point_len());

            let padded = curve.point(&vec![1; len - 1], &vec![2; len]).unwrap();
            assert_eq!(padded, [vec![4, 0], vec![1; len - 1], vec![2; len]].concat());

            for (x, y) in [(len + 1, len), (len, len + 1), (len - 1, len + 1), (0, len), (len, 0)] {
                assert!(curve.point(&vec![1; x], &vec![2; y]).is_err(), "{curve:?}, {x}, {y}");
            }
        }
    }
}
