//! A JWK Set (RFC 7517 §5), parsed once.

use serde::Deserialize;
use serde_json::Value;

use super::{Key, jwk};
use crate::{TokenFault, http_client::read_object, jose::algorithm::Algorithm};

/// More keys than this are no key set of an issuer, but an attack or an accident.
const MAX_KEYS: usize = 100;

/// How many keys are tried for a token that names none, or names one that several share.
const MAX_CANDIDATES: usize = 4;

/// Keys by `kid`.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    /// Sorted by `kid`, those without one first.
    keys: Vec<Key>,
}

/// Why a text is not a key set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeySetError {
    #[error("it has no key that verifies signatures")]
    NoKey,
    #[error("it is not a JWK Set")]
    NotAKeySet,
    #[error("it has {0} keys, and at most {MAX_KEYS} are read")]
    TooMany(usize),
}

impl KeySet {
    pub(crate) const EMPTY: Self = Self { keys: Vec::new() };

    pub(crate) fn new(mut keys: Vec<Key>) -> Self {
        keys.sort_by(|one, other| one.kid.cmp(&other.kid));
        Self { keys }
    }

    /// Reads a JWK Set. A key that we can't use is left out, the rest still serves.
    pub(crate) fn from_json(text: &[u8]) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = read_object(text).ok_or(KeySetError::NotAKeySet)?;
        Self::from_values(&document.keys)
    }

    /// Reads the members of a JWK Set.
    pub(crate) fn from_values(keys: &[Value]) -> Result<Self, KeySetError> {
        if keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany(keys.len()));
        }
        let keys: Vec<_> = keys.iter().filter_map(|key| jwk::read(key).ok()).collect();
        // An issuer that signs has a key: a set without any is an accident, like no set at all.
        if keys.is_empty() { Err(KeySetError::NoKey) } else { Ok(Self::new(keys)) }
    }

    pub(crate) fn into_keys(self) -> Vec<Key> {
        self.keys
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The keys that a token with that header may be signed with: those of its `kid`; else those
    /// without one; for a token without a `kid`, all.
    pub(crate) fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &Key> {
        let (keys, _) = self.may_be(kid);
        keys.iter().filter(move |key| key.algorithms.contains(algorithm)).take(MAX_CANDIDATES)
    }

    /// What is wrong with a header that none of the keys is for.
    pub(crate) fn misfit(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<TokenFault> {
        let (keys, is_known) = self.may_be(kid);
        if keys.iter().any(|key| key.algorithms.contains(algorithm)) {
            None
        } else if is_known {
            Some(TokenFault::Algorithm)
        } else {
            Some(TokenFault::UnknownKey)
        }
    }

    /// Whether a key is for that algorithm.
    pub(crate) fn can_verify(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.algorithms.contains(algorithm))
    }

    /// Whether a key has that name.
    pub(crate) fn knows(&self, kid: &str) -> bool {
        !self.named(kid).is_empty()
    }

    /// The keys that may have been meant, and whether they were meant by their name.
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

    /// The keys without a name, which come first.
    fn unnamed(&self) -> &[Key] {
        let len = self.keys.iter().take_while(|key| key.kid.is_none()).count();
        self.keys.get(..len).unwrap_or_default()
    }
}
