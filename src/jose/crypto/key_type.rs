//! The object identifiers of key types and curves, as DER contains them (RFC 3279 §2.3, RFC 5480 §2.1, RFC 8410 §3).

use super::Curve;

pub(super) const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
pub(super) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Returns the curve with this object identifier, if it is supported.
pub(super) fn curve(object_identifier: &[u8]) -> Option<Curve> {
    Curve::ALL.into_iter().find(|curve| identifier(*curve) == object_identifier)
}

/// Returns the object identifier of a curve.
pub(super) const fn identifier(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
    }
}
