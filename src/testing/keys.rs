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

/// The keys for the algorithms that were used. Generating an RSA key is slow, so each key is generated
/// on first use, and one RSA key is shared by its six algorithms. If no key was used, there is one for
/// ES256, because an issuer must have a key.
#[derive(Default)]
pub(super) struct Keys {
    generation: u32,
    current: BTreeMap<&'static str, Arc<SigningKey>>,
    /// Public keys that no longer sign but are still published.
    retired: Vec<Value>,
}

impl Keys {
    /// Returns the `kid` of the key that currently signs with this algorithm.
    pub(super) fn kid(&self, algorithm: Algorithm) -> String {
        format!("{}-{}", family(algorithm), self.generation)
    }

    pub(super) fn signing_key(&mut self, algorithm: Algorithm) -> Arc<SigningKey> {
        let key = self.current.entry(family(algorithm));
        Arc::clone(key.or_insert_with(|| Arc::new(SigningKey::generate(algorithm))))
    }

    /// Replaces all keys. If `keep` is true, the old public keys stay in the set.
    pub(super) fn rotate(&mut self, keep: bool) {
        let published = self.published();
        self.retired = if keep { published } else { Vec::new() };
        self.current.clear();
        self.generation += 1;
    }

    /// Returns the JWK Set, with the current keys that were used and the retired ones.
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

/// Returns the name of the key for an algorithm. The algorithms of RSA share a key. Secrets aren't
/// shared, because a secret is for one algorithm.
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
        Algorithm::MlDsa44 => "ml-dsa-44",
        Algorithm::MlDsa65 => "ml-dsa-65",
        Algorithm::MlDsa87 => "ml-dsa-87",
        Algorithm::Hs256 => "hs256",
        Algorithm::Hs384 => "hs384",
        Algorithm::Hs512 => "hs512",
    }
}

/// Returns the JWK of a public key, or `None` for a secret, which is never published.
pub(super) fn public_jwk(key: &SigningKey) -> Option<Value> {
    let text = |bytes: &[u8]| base64url::encode(bytes);
    match key.public_parts() {
        PublicParts::Ec { curve, x, y } => {
            Some(json!({ "kty": "EC", "crv": curve.name(), "x": text(&x), "y": text(&y) }))
        }
        PublicParts::Ed25519 { x } => {
            Some(json!({ "kty": "OKP", "crv": "Ed25519", "x": text(&x) }))
        }
        PublicParts::MlDsa { parameters, public } => {
            let alg = parameters.algorithm().name();
            Some(json!({ "kty": "AKP", "alg": alg, "pub": text(&public) }))
        }
        PublicParts::Rsa { n, e } => Some(json!({ "kty": "RSA", "n": text(&n), "e": text(&e) })),
        PublicParts::None => None,
    }
}
