//! The keys of a test issuer.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use crate::{
    Algorithm,
    jose::{
        base64url,
        crypto::{PublicParts, SigningKey},
    },
};

/// A key for each algorithm that was asked for. RSA keys take a moment to make, so each is made when
/// it is first needed; one RSA key serves its six algorithms. Where none was asked for, there is one for
/// ES256, since an issuer without any key is none.
#[derive(Default)]
pub(super) struct Keys {
    generation: u32,
    current: BTreeMap<&'static str, Arc<SigningKey>>,
    /// Public keys that no longer sign, and are still published.
    retired: Vec<Value>,
}

impl Keys {
    /// The name of the key that signs with this algorithm now.
    pub(super) fn kid(&self, algorithm: Algorithm) -> String {
        format!("{}-{}", family(algorithm), self.generation)
    }

    pub(super) fn signing_key(&mut self, algorithm: Algorithm) -> Arc<SigningKey> {
        let key = self.current.entry(family(algorithm));
        Arc::clone(key.or_insert_with(|| Arc::new(SigningKey::generate(algorithm))))
    }

    /// New keys from now on. The old public ones stay in the set, or don't.
    pub(super) fn rotate(&mut self, keep: bool) {
        let published = self.published();
        self.retired = if keep { published } else { Vec::new() };
        self.current.clear();
        self.generation += 1;
    }

    /// The JWK Set: current keys that were used, and retired ones.
    pub(super) fn jwk_set(&mut self) -> Value {
        if self.current.values().all(|key| public_jwk(key).is_none()) {
            self.signing_key(Algorithm::Es256);
        }
        json!({ "keys": self.published() })
    }

    fn published(&self) -> Vec<Value> {
        let current = self.current.iter().filter_map(|(family, key)| {
            let mut jwk = public_jwk(key)?;
            jwk["kid"] = json!(format!("{family}-{}", self.generation));
            jwk["use"] = json!("sig");
            Some(jwk)
        });
        current.chain(self.retired.iter().cloned()).collect()
    }
}

/// Algorithms that share a key. Secrets aren't shared: a secret is for one algorithm.
fn family(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512 => "rsa",
        Algorithm::Es256 => "p256",
        Algorithm::Es384 => "p384",
        Algorithm::Es512 => "p521",
        Algorithm::EdDsa => "ed25519",
        Algorithm::Hs256 => "hs256",
        Algorithm::Hs384 => "hs384",
        Algorithm::Hs512 => "hs512",
    }
}

/// `None` for a secret, which is never published.
pub(super) fn public_jwk(key: &SigningKey) -> Option<Value> {
    let text = |bytes: &[u8]| base64url::encode(bytes);
    match key.public_parts() {
        PublicParts::Ec { curve, x, y } => {
            Some(json!({ "kty": "EC", "crv": curve.name(), "x": text(&x), "y": text(&y) }))
        }
        PublicParts::Ed25519 { x } => {
            Some(json!({ "kty": "OKP", "crv": "Ed25519", "x": text(&x) }))
        }
        PublicParts::Rsa { n, e } => Some(json!({ "kty": "RSA", "n": text(&n), "e": text(&e) })),
        PublicParts::None => None,
    }
}
