//! A token store in memory.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{TokenDigest, TokenLookup, TokenRecord, TokenStore, TokenUse};

/// A [`TokenStore`] in memory, for tests and for small services.
///
/// Tokens are lost when the process ends. Clones share the same tokens.
///
/// ```
/// use std::time::SystemTime;
///
/// use portcullis::own_tokens::{MemoryTokenStore, OwnTokenFormat, TokenRecord};
///
/// let store = MemoryTokenStore::new();
/// let token = OwnTokenFormat::new("hcms_pat")?.generate()?;
/// store.insert(token.digest(), TokenRecord::new("1", "alice").name("laptop"));
///
/// assert_eq!(store.list("alice").len(), 1);
/// assert!(store.revoke("1", SystemTime::now()));
/// assert!(!store.list("alice")[0].is_valid_at(SystemTime::now()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Expired and revoked tokens are kept until [`remove`](Self::remove) is called. The look-up of a token
/// takes constant time; the other methods iterate over all tokens.
#[derive(Clone, Default)]
pub struct MemoryTokenStore(Arc<Mutex<HashMap<TokenDigest, Entry>>>);

struct Entry {
    record: TokenRecord,
    last_used: Option<SystemTime>,
}

impl MemoryTokenStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Inserts the record of a token. Replaces a record with the same digest.
    pub fn insert(&self, digest: TokenDigest, record: TokenRecord) {
        self.entries().insert(digest, Entry { record, last_used: None });
    }

    /// Returns the tokens of `subject`, sorted by id.
    #[must_use]
    pub fn list(&self, subject: &str) -> Vec<TokenRecord> {
        let entries = self.entries();
        let records = entries.values().map(|entry| &entry.record);
        let mut list: Vec<_> = records.filter(|one| one.subject == subject).cloned().collect();
        list.sort_by(|one, other| one.id.cmp(&other.id));
        list
    }

    /// Revokes the token with this id, and returns `false` if there is none. A token that is already
    /// revoked keeps its time of revocation.
    ///
    /// Before you call this for a user, ensure that the user may revoke the token.
    #[expect(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn revoke(&self, id: &str, at: SystemTime) -> bool {
        let mut found = false;
        for entry in self.entries().values_mut().filter(|entry| entry.record.id == id) {
            entry.record.revoke(at);
            found = true;
        }
        found
    }

    /// Returns the time at which the token with this id was last used. `None` if it hasn't been used yet,
    /// or doesn't exist.
    ///
    /// Uses are recorded in the background, so a use may appear shortly after its request.
    #[must_use]
    pub fn last_used(&self, id: &str) -> Option<SystemTime> {
        let entries = self.entries();
        let with_id = entries.values().filter(|entry| entry.record.id == id);
        with_id.filter_map(|entry| entry.last_used).max()
    }

    /// Removes the token with this id, and returns `false` if there is none.
    #[expect(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn remove(&self, id: &str) -> bool {
        let mut entries = self.entries();
        let before = entries.len();
        entries.retain(|_, entry| entry.record.id != id);
        entries.len() != before
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<TokenDigest, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryTokenStore {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        let record = self.entries().get(&digest).map(|entry| entry.record.clone());
        Box::pin(std::future::ready(Ok(record)))
    }

    fn used(&self, uses: &[TokenUse]) {
        let mut entries = self.entries();
        for used in uses {
            if let Some(entry) = entries.get_mut(&used.digest()) {
                // Keeps the latest use, because `None` is less than any `Some`.
                entry.last_used = entry.last_used.max(Some(used.at()));
            }
        }
    }
}

impl fmt::Debug for MemoryTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTokenStore").field("tokens", &self.entries().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const THEN: SystemTime = SystemTime::UNIX_EPOCH;

    fn store() -> MemoryTokenStore {
        let store = MemoryTokenStore::new();
        for (id, subject) in [("2", "alice"), ("1", "alice"), ("3", "bob")] {
            store.insert(TokenDigest::of(id), TokenRecord::new(id, subject));
        }
        store
    }

    fn ids(store: &MemoryTokenStore, subject: &str) -> Vec<String> {
        store.list(subject).iter().map(|record| record.id.clone()).collect()
    }

    #[test]
    fn each_subject_has_its_own_tokens() {
        let store = store();
        assert_eq!(ids(&store, "alice"), ["1", "2"]);
        assert_eq!(ids(&store, "bob"), ["3"]);
        assert!(ids(&store, "carol").is_empty());
    }

    #[test]
    fn revoked_tokens_stay_listed_and_removed_ones_do_not() {
        let store = store();
        assert!(store.revoke("1", THEN));
        assert!(!store.revoke("9", THEN));
        let valid: Vec<_> = store.list("alice").iter().map(|one| one.is_valid_at(THEN)).collect();
        assert_eq!(valid, [false, true]);

        assert!(store.remove("1"));
        assert!(!store.remove("1"));
        assert_eq!(ids(&store, "alice"), ["2"]);
    }

    #[test]
    fn the_last_use_is_the_latest_in_any_order() {
        let store = store();
        let later = THEN + Duration::from_secs(60);
        assert_eq!(store.last_used("1"), None);
        let used = |at| TokenUse::new(TokenDigest::of("1"), "1".to_owned(), at, None);
        store.used(&[used(later), used(THEN)]);
        assert_eq!(store.last_used("1"), Some(later));
        assert_eq!(store.last_used("2"), None);
    }
}
