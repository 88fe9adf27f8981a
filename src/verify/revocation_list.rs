//! The entries of a revocation list, in bounded hash tables.

use std::{collections::HashMap, hash::BuildHasherDefault, time::Duration};

use super::digest_hasher::DigestHasher;
use crate::claims::NumericDate;

/// The first 16 bytes of the SHA-256 digest of what an entry revokes.
///
/// A digest identifies its value, because it is infeasible to construct another value with the same digest.
/// Digests also keep tokens and subjects out of memory and out of shared stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct EntryKey(pub(crate) [u64; 2]);

/// What is revoked under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    /// The time from which on the revoked tokens have expired, in seconds since 1970.
    pub(crate) expires_at: u32,
    /// Tokens that were issued at this time or later are not revoked. In seconds since 1970.
    pub(crate) issued_before: u32,
}

impl Entry {
    /// Revokes tokens regardless of when they were issued.
    pub(crate) const ALWAYS: u32 = u32::MAX;

    pub(crate) fn merge(self, other: Self) -> Self {
        Self {
            expires_at: self.expires_at.max(other.expires_at),
            issued_before: self.issued_before.max(other.issued_before),
        }
    }
}

/// Returns a time in whole seconds, rounded up so that no revocation ends early.
pub(crate) fn seconds(time: NumericDate) -> u32 {
    let rounded_up = time.saturating_add(Duration::from_nanos(999_999_999));
    u32::try_from(rounded_up.as_secs()).unwrap_or(u32::MAX)
}

/// The number of tables of a list that has entries.
const SEGMENTS: usize = 64;

type Segment = HashMap<EntryKey, Entry, BuildHasherDefault<DigestHasher>>;

/// Entries by key, distributed over tables by their digest.
///
/// A table that grows exists twice for a moment. With one table, this would be half of all memory more.
#[derive(Debug)]
pub(crate) struct RevocationList {
    /// Empty as long as nothing has been revoked, because most lists stay empty.
    segments: Vec<Segment>,
    len: usize,
    max: usize,
}

/// The effect of an insertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Inserted {
    /// Whether the list revokes anything that it didn't revoke before.
    pub(crate) is_changed: bool,
    /// How many entries were evicted although their tokens haven't expired.
    pub(crate) evicted: usize,
}

impl RevocationList {
    pub(crate) fn new(max: usize) -> Self {
        Self { segments: Vec::new(), len: 0, max }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Returns the table that a key belongs to. The tables hash keys by other bits too, so each is filled evenly.
    #[expect(clippy::cast_possible_truncation, reason = "only the lowest bits count")]
    const fn segment_of(key: &EntryKey) -> usize {
        let EntryKey([word, _]) = key;
        *word as usize % SEGMENTS
    }

    /// Returns whether a token that was issued at `issued_at` is revoked under this key. A token without a
    /// time counts as issued before any time.
    pub(crate) fn is_revoked(
        &self,
        key: &EntryKey,
        issued_at: Option<NumericDate>,
        now: u32,
    ) -> bool {
        let segment = self.segments.get(Self::segment_of(key));
        segment.and_then(|segment| segment.get(key)).is_some_and(|entry| {
            let issued_at = issued_at.map_or(0, NumericDate::as_secs);
            now < entry.expires_at && issued_at < u64::from(entry.issued_before)
        })
    }

    /// Adds an entry, or extends the one with the same key. If the list is full, expired entries are removed
    /// first, and then those that are closest to their expiry.
    pub(crate) fn insert(&mut self, key: EntryKey, entry: Entry, now: u32) -> Inserted {
        if self.segments.is_empty() {
            self.segments.resize_with(SEGMENTS, Segment::default);
        }
        let index = Self::segment_of(&key);
        if let Some(known) = self.segments.get_mut(index).and_then(|segment| segment.get_mut(&key))
        {
            let merged = known.merge(entry);
            let is_changed = merged != *known;
            *known = merged;
            return Inserted { is_changed, evicted: 0 };
        }
        let mut inserted = Inserted { is_changed: true, evicted: 0 };
        if self.len >= self.max {
            self.remove_expired(now);
        }
        if self.len >= self.max {
            inserted.evicted = self.evict();
        }
        if let Some(segment) = self.segments.get_mut(index) {
            segment.insert(key, entry);
            self.len = self.len.saturating_add(1);
        }
        inserted
    }

    /// Returns the entries that haven't expired.
    pub(crate) fn entries(&self, now: u32) -> impl Iterator<Item = (EntryKey, Entry)> {
        let entries = self.segments.iter().flatten().map(|(key, entry)| (*key, *entry));
        entries.filter(move |(_, entry)| now < entry.expires_at)
    }

    pub(crate) fn remove_expired(&mut self, now: u32) {
        self.retain(|entry| now < entry.expires_at);
    }

    fn retain(&mut self, mut is_kept: impl FnMut(&Entry) -> bool) {
        for segment in &mut self.segments {
            segment.retain(|_, entry| is_kept(entry));
        }
        self.len = self.segments.iter().map(HashMap::len).sum();
    }

    /// Removes the thousandth of the entries that is closest to expiry. Finding them takes a pass over all
    /// entries, so they are removed in batches.
    fn evict(&mut self) -> usize {
        let count = self.len.div_ceil(1000);
        let entries = self.segments.iter().flat_map(HashMap::values);
        let mut expiries: Vec<u32> = entries.map(|entry| entry.expires_at).collect();
        let last = count.saturating_sub(1).min(expiries.len().saturating_sub(1));
        let (_, &mut limit, _) = expiries.select_nth_unstable(last);
        let mut left = count;
        self.retain(|entry| {
            let is_evicted = left > 0 && entry.expires_at <= limit;
            left = left.saturating_sub(usize::from(is_evicted));
            !is_evicted
        });
        count.saturating_sub(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> EntryKey {
        EntryKey([n, n.wrapping_mul(0x9e37_79b9_7f4a_7c15)])
    }

    fn entry(expires_at: u32) -> Entry {
        Entry { expires_at, issued_before: Entry::ALWAYS }
    }

    #[test]
    fn an_entry_revokes_older_tokens_until_it_expires() {
        let mut list = RevocationList::new(10);
        list.insert(key(1), Entry { expires_at: 200, issued_before: 100 }, 0);
        for (issued_at, now, is_revoked) in [
            (Some(99), 150, true),
            (Some(100), 150, false),
            (None, 150, true),
            (Some(99), 199, true),
            (Some(99), 200, false),
        ] {
            let issued_at = issued_at.map(NumericDate::from_secs);
            assert_eq!(list.is_revoked(&key(1), issued_at, now), is_revoked, "{issued_at:?} {now}");
            assert!(!list.is_revoked(&key(2), issued_at, now));
        }
    }

    #[test]
    fn a_second_entry_never_shortens_the_first() {
        let mut list = RevocationList::new(10);
        list.insert(key(1), Entry { expires_at: 200, issued_before: 100 }, 0);
        list.insert(key(1), Entry { expires_at: 150, issued_before: 120 }, 0);
        assert!(list.is_revoked(&key(1), Some(NumericDate::from_secs(110)), 199));
        assert_eq!(list.len(), 1);
        assert_eq!(list.entries(199).count(), 1);
        assert_eq!(list.entries(200).count(), 0);
    }

    #[test]
    fn a_full_list_evicts_entries_in_the_order_of_their_expiry() {
        let mut list = RevocationList::new(3);
        for (n, expires_at) in [(1, 100), (2, 300), (3, 400)] {
            assert_eq!(list.insert(key(n), entry(expires_at), 0).evicted, 0);
        }
        assert_eq!(list.insert(key(4), entry(500), 150).evicted, 0);
        assert_eq!(list.insert(key(5), entry(350), 150).evicted, 1);
        let revoked = |n| list.is_revoked(&key(n), None, 150);
        assert_eq!([1, 2, 3, 4, 5].map(revoked), [false, false, true, true, true]);
        assert_eq!(list.len(), 3);
    }

    #[test]
    fn a_large_list_evicts_in_batches_of_one_in_a_thousand() {
        let mut list = RevocationList::new(5000);
        for n in 0..5000 {
            list.insert(key(n), entry(1000 + u32::try_from(n).unwrap()), 0);
        }
        assert_eq!(list.insert(key(9999), entry(9999), 0).evicted, 5);
        assert_eq!(list.len(), 4996);
        assert!((0..5).all(|n| !list.is_revoked(&key(n), None, 0)));
        assert!((5..5000).all(|n| list.is_revoked(&key(n), None, 0)));
    }

    #[test]
    fn a_large_list_only_grows_one_table_at_a_time() {
        let mut list = RevocationList::new(1_000_000);
        assert_eq!(list.segments.capacity(), 0, "nothing is allocated for an empty list");
        for n in 0..100_000 {
            list.insert(key(n), entry(1000), 0);
        }
        assert_eq!(list.len(), 100_000);
        let largest = list.segments.iter().map(HashMap::capacity).max().unwrap();
        let all: usize = list.segments.iter().map(HashMap::capacity).sum();
        assert!(largest * 32 <= all, "{largest} of {all}");
        assert_eq!(list.entries(0).count(), 100_000);
        list.remove_expired(1000);
        assert_eq!((list.len(), list.entries(0).count()), (0, 0));
    }

    #[test]
    fn times_are_rounded_up() {
        assert_eq!(seconds(NumericDate::from_secs(7)), 7);
        assert_eq!(seconds(NumericDate::from_secs_f64(7.1).unwrap()), 8);
        assert_eq!(seconds(NumericDate::from_secs(u64::MAX)), u32::MAX);
    }
}
