//! A JWK Set (RFC 7517 §5), parsed once.

use serde::Deserialize;
use serde_json::Value;

use super::{Key, KeyUse, jwk, left_out::LeftOutKeys};
use crate::{error::TokenFault, http_client::read_object, jose::algorithm::Algorithm};

/// The default maximum number of keys. A set with more keys is rejected as an attack or an
/// accident.
pub(crate) const DEFAULT_MAX_KEYS: usize = 100;

/// The maximum number of keys that are tried for a token without a `kid`, or with a `kid` that several
/// keys share.
const MAX_CANDIDATES: usize = 16;

/// Keys by `kid`.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    /// Sorted by `kid`. Keys without one come first.
    keys: Vec<Key>,
    left_out: LeftOutKeys,
}

/// The reason why a document isn't a usable key set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeySetError {
    #[error("it has no key that verifies signatures{0}")]
    NoKey(LeftOutKeys),
    #[error("it isn't a JWK Set")]
    NotAKeySet,
    #[error("it has {found} keys, which is more than {max}; see `max_keys`")]
    TooMany { found: usize, max: usize },
}

impl KeySet {
    pub(crate) const EMPTY: Self = Self { keys: Vec::new(), left_out: LeftOutKeys::NONE };

    pub(crate) fn new(mut keys: Vec<Key>) -> Self {
        keys.sort_by(|one, other| one.kid.cmp(&other.kid));
        Self { keys, left_out: LeftOutKeys::NONE }
    }

    /// Reads a JWK Set. Keys that can't be used are left out.
    pub(crate) fn from_json(
        text: &[u8],
        max_keys: usize,
        key_use: KeyUse,
    ) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = read_object(text).ok_or(KeySetError::NotAKeySet)?;
        Self::from_values(&document.keys, max_keys, key_use)
    }

    /// Reads the members of a JWK Set.
    pub(crate) fn from_values(
        jwks: &[Value],
        max_keys: usize,
        key_use: KeyUse,
    ) -> Result<Self, KeySetError> {
        if jwks.len() > max_keys {
            return Err(KeySetError::TooMany { found: jwks.len(), max: max_keys });
        }
        let (mut keys, mut left_out) = (Vec::new(), LeftOutKeys::NONE);
        for jwk in jwks {
            match jwk::read(jwk, key_use) {
                Ok(key) => keys.push(key),
                Err(reason) => left_out.add(jwk, &reason),
            }
        }
        // An issuer that signs tokens has a key, so a set without one is a mistake.
        if keys.is_empty() {
            return Err(KeySetError::NoKey(left_out));
        }
        Ok(Self { left_out, ..Self::new(keys) })
    }

    /// Returns this set with the keys that were left out of its source sets.
    pub(crate) fn leaving_out(self, left_out: LeftOutKeys) -> Self {
        Self { left_out, ..self }
    }

    /// Returns the keys that were left out when the set was read.
    pub(crate) fn left_out(&self) -> &LeftOutKeys {
        &self.left_out
    }

    pub(crate) fn into_keys(self) -> Vec<Key> {
        self.keys
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns the keys that may have signed a token with this header: those with its `kid`, or otherwise
    /// those without a `kid`. For a token without a `kid`, these are all keys.
    pub(crate) fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &Key> {
        let (keys, _) = self.may_be(kid);
        keys.iter().filter(move |key| key.algorithms.contains(algorithm)).take(MAX_CANDIDATES)
    }

    /// Returns why no key in the set matches this header.
    pub(crate) fn mismatch(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<TokenFault> {
        let (keys, is_known) = self.may_be(kid);
        if keys.iter().any(|key| key.algorithms.contains(algorithm)) {
            None
        } else if is_known {
            Some(TokenFault::Algorithm)
        } else {
            Some(TokenFault::UnknownKey)
        }
    }

    /// Returns the distinct `kid`s, in order.
    pub(crate) fn key_ids(&self) -> impl Iterator<Item = &str> {
        let kids = self.keys.iter().filter_map(|key| key.kid.as_deref());
        kids.scan(None, |last, kid| Some((last.replace(kid) != Some(kid)).then_some(kid))).flatten()
    }

    /// Returns whether a key in the set supports this algorithm.
    pub(crate) fn can_verify(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.algorithms.contains(algorithm))
    }

    /// Returns whether a key in the set has this `kid`.
    pub(crate) fn has_kid(&self, kid: &str) -> bool {
        !self.named(kid).is_empty()
    }

    /// Returns the keys that a header may refer to, and whether they were found by their `kid`.
    fn may_be(&self, kid: Option<&str>) -> (&[Key], bool) {
        let Some(kid) = kid else { return (&self.keys, false) };
        match self.named(kid) {
            [] => (self.unnamed(), false),
            named => (named, true),
        }
    }

    fn named(&self, kid: &str) -> &[Key] {
        let start = self.keys.partition_point(|key| key.kid.as_deref() < Some(kid));
        let rest = self.keys.get(start..).unwrap_or_default();
        let len = rest.iter().take_while(|key| key.kid.as_deref() == Some(kid)).count();
        rest.get(..len).unwrap_or_default()
    }

    /// Returns the keys without a `kid`, which come first.
    fn unnamed(&self) -> &[Key] {
        let len = self.keys.iter().take_while(|key| key.kid.is_none()).count();
        self.keys.get(..len).unwrap_or_default()
    }
}
