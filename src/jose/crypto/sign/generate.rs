#![expect(clippy::expect_used, reason = "only tests create keys, and should stop if that fails")]

use zeroize::Zeroizing;

use super::{PublicParts, SigningKey, backend};
#[cfg(test)]
use crate::jose::crypto::VerifyingKey;
use crate::jose::{
    algorithm::Algorithm,
    crypto::{UNSUPPORTED, supports},
};

/// Keys for tests.
impl SigningKey {
    /// Generates a key for an algorithm: an RSA key of 2048 bits, a key on the curve of the algorithm, an ML-DSA
    /// key, or a random secret with the length of the HMAC's hash.
    ///
    /// # Panics
    ///
    /// Panics if the random number generator fails, or if the back end doesn't implement the
    /// algorithm.
    pub(crate) fn generate(algorithm: Algorithm) -> Self {
        assert!(supports(algorithm), "{algorithm}: {UNSUPPORTED}");
        if let Some(len) = algorithm.min_secret_len() {
            return Self::hmac(algorithm, &backend::random(len).expect("random bytes"));
        }
        Self::new(backend::Key::generate(algorithm).expect("a new key"), None)
    }

    /// Creates a key from a secret of any length, because the verifying key has to reject a short
    /// one.
    ///
    /// # Panics
    ///
    /// Panics if the algorithm isn't an HMAC.
    pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        let key = backend::Key::hmac(algorithm, secret).expect("an HMAC algorithm");
        Self::new(key, Some(Zeroizing::new(secret.to_vec())))
    }

    /// Signs a message. The signature has the format of a JWS.
    ///
    /// # Panics
    ///
    /// Panics if the key can't be used with the algorithm.
    pub(crate) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        self.try_sign(algorithm, message).expect("an algorithm for the key")
    }

    /// Returns the public parts of this key for a key set.
    pub(crate) fn public_parts(&self) -> PublicParts {
        self.try_public_parts().expect("the public parts of a key")
    }

    /// Returns the key that verifies the signatures of this one.
    #[cfg(test)]
    pub(crate) fn verifying_key(&self, algorithm: Algorithm) -> VerifyingKey {
        match self.public_parts() {
            PublicParts::Ec { curve, x, y } => {
                curve.point(&x, &y).and_then(|point| VerifyingKey::ec(curve, &point))
            }
            PublicParts::Ed25519 { x } => VerifyingKey::ed25519(&x),
            PublicParts::MlDsa { parameters, public } => VerifyingKey::ml_dsa(parameters, &public),
            PublicParts::None => VerifyingKey::hmac(algorithm, self.secret().unwrap_or_default()),
            PublicParts::Rsa { n, e } => VerifyingKey::rsa(&n, &e),
        }
        .expect("a valid key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_part_of_a_key() {
        let secret = SigningKey::hmac(Algorithm::Hs256, b"hunter2");
        assert_eq!(format!("{secret:?}"), "SigningKey([redacted])");
        assert_eq!(secret.secret(), Some(b"hunter2".as_slice()));
    }

    #[test]
    fn the_public_parts_of_a_key_contain_no_secret() {
        let mut cases = vec![
            (Algorithm::EdDsa, vec![32]),
            (Algorithm::Es256, vec![32, 32]),
            (Algorithm::Es384, vec![48, 48]),
            (Algorithm::Es512, vec![66, 66]),
            (Algorithm::Hs384, vec![]),
            (Algorithm::Ps256, vec![256, 3]),
        ];
        if supports(Algorithm::MlDsa65) {
            cases.push((Algorithm::MlDsa65, vec![1952]));
        }
        for (algorithm, lengths) in cases {
            let parts = match SigningKey::generate(algorithm).public_parts() {
                PublicParts::Ec { curve, x, y } => {
                    assert_eq!(curve.algorithm(), algorithm);
                    vec![x, y]
                }
                PublicParts::Ed25519 { x } => vec![x],
                PublicParts::MlDsa { parameters, public } => {
                    assert_eq!(parameters.algorithm(), algorithm);
                    vec![public]
                }
                PublicParts::None => vec![],
                PublicParts::Rsa { n, e } => vec![n, e],
            };
            assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), lengths, "{algorithm}");
        }
    }

    #[test]
    fn generated_keys_differ() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Hs256] {
            let [one, other] = [(); 2].map(|()| SigningKey::generate(algorithm));
            assert!(
                one.public_parts() != other.public_parts() || one.secret() != other.secret(),
                "{algorithm}"
            );
        }
    }

    #[test]
    #[should_panic(expected = "an algorithm for the key")]
    fn a_key_signs_only_with_its_own_algorithms() {
        SigningKey::generate(Algorithm::Es256).sign(Algorithm::Es384, b"message");
    }
}
