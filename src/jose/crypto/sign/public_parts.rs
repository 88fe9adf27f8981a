use crate::jose::crypto::{Curve, MlDsa, curve::UNCOMPRESSED};

/// The public parts of a key, which are the members of a JWK before they are encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicParts {
    Ec {
        curve: Curve,
        x: Vec<u8>,
        y: Vec<u8>,
    },
    Ed25519 {
        x: Vec<u8>,
    },
    MlDsa {
        parameters: MlDsa,
        public: Vec<u8>,
    },
    /// The key is a secret.
    None,
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl PublicParts {
    /// Creates the parts from an uncompressed point: `0x04`, `x`, `y`.
    pub(super) fn ec(curve: Curve, point: &[u8]) -> Option<Self> {
        let (x, y) =
            point.strip_prefix(&[UNCOMPRESSED])?.split_at_checked(curve.coordinate_len())?;
        Some(Self::Ec { curve, x: x.to_vec(), y: y.to_vec() })
    }
}
