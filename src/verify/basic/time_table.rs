//! A table of times whose size is bounded, no matter what clients send.

/// The number of entries that share a set.
const WAYS: usize = 8;

/// A bounded map from keys to times in milliseconds, which keeps the latest times.
///
/// Keys are hashes with a secret seed. Each key belongs to one set of eight entries. If all of them are in use,
/// a new key replaces the entry with the earliest time, which matters least: for a bucket, it is the one that
/// is closest to being full again.
pub(super) struct TimeTable {
    sets: Box<[[Entry; WAYS]]>,
}

/// An entry of a set, which is free if its time is zero.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    key: u64,
    time: u64,
}

impl TimeTable {
    /// Creates a table for `capacity` keys, at 16 bytes each.
    pub(super) fn new(capacity: usize) -> Self {
        Self { sets: vec![[Entry::default(); WAYS]; capacity.div_ceil(WAYS)].into() }
    }

    /// Returns the time of `key`, or zero if there is none.
    pub(super) fn get(&self, key: u64) -> u64 {
        let set = self.index(key).and_then(|index| self.sets.get(index));
        let entry = set.and_then(|set| set.iter().find(|entry| entry.key == key));
        entry.map_or(0, |entry| entry.time)
    }

    /// Sets the time of `key`. Zero removes it.
    pub(super) fn set(&mut self, key: u64, time: u64) {
        let index = self.index(key);
        let Some(set) = index.and_then(|index| self.sets.get_mut(index)) else { return };
        // The entry of this key, or otherwise the one with the earliest time.
        let entry = set.iter_mut().min_by_key(|entry| (entry.key != key, entry.time));
        if let Some(entry) = entry.filter(|entry| entry.key == key || time > 0) {
            *entry = Entry { key, time };
        }
    }

    /// Removes all times.
    pub(super) fn clear(&mut self) {
        self.sets.fill([Entry::default(); WAYS]);
    }

    fn index(&self, key: u64) -> Option<usize> {
        let index = key.checked_rem(u64::try_from(self.sets.len()).ok()?)?;
        usize::try_from(index).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_time_that_was_set_last() {
        let mut table = TimeTable::new(16);
        assert_eq!(table.get(7), 0);
        table.set(7, 100);
        table.set(9, 200);
        table.set(7, 50);
        assert_eq!((table.get(7), table.get(9), table.get(0)), (50, 200, 0));
        table.set(7, 0);
        assert_eq!((table.get(7), table.get(9)), (0, 200));
        table.clear();
        assert_eq!(table.get(9), 0);
    }

    #[test]
    fn a_full_set_drops_the_earliest_time() {
        let mut table = TimeTable::new(WAYS);
        for key in 1..=8 {
            table.set(key, key * 10);
        }
        table.set(99, 0);
        assert_eq!(table.get(1), 10);
        table.set(99, 5);
        assert_eq!((table.get(1), table.get(99)), (0, 5));
        table.set(100, 1_000);
        assert_eq!((table.get(99), table.get(100)), (0, 1_000));
        assert!((2..=8).all(|key| table.get(key) == key * 10));
    }

    #[test]
    fn a_flood_of_keys_does_not_drop_a_later_time() {
        let mut table = TimeTable::new(1024);
        table.set(u64::MAX, 200_000);
        for key in 0..100_000 {
            table.set(key, 10_000 + key % 7);
        }
        assert_eq!(table.get(u64::MAX), 200_000);
    }
}
