//! A revocation in the form in which it is stored.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use super::revocation_list::{Entry, EntryKey};

/// A revocation as a list stores it and as replicas share it: a digest of what is revoked, and two times.
///
/// It contains neither a token nor the name of a subject, so a store that others can read reveals only how many
/// revocations there are, and when they expire.
///
/// ```
/// use portcullis::verify::SharedRevocation;
///
/// let mut bytes = [7; 24];
/// let revocation = SharedRevocation::from_bytes(bytes);
/// assert_eq!(revocation.to_bytes(), bytes);
///
/// // The same tokens, revoked for longer.
/// bytes[19] = 8;
/// let longer = SharedRevocation::from_bytes(bytes);
/// assert_eq!(revocation.key(), longer.key());
/// assert_eq!(longer.merge(revocation), longer);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SharedRevocation {
    pub(crate) key: EntryKey,
    pub(crate) entry: Entry,
}

impl SharedRevocation {
    /// Returns the digest of what is revoked. Two revocations of the same tokens have the same
    /// digest.
    #[must_use]
    pub fn key(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let EntryKey([high, low]) = self.key;
        let words = [high.to_be_bytes(), low.to_be_bytes()];
        bytes.iter_mut().zip(words.as_flattened()).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// Returns the time from which on the revoked tokens have expired, so that a store can remove the
    /// revocation.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        let time = Duration::from_secs(self.entry.expires_at.into());
        SystemTime::UNIX_EPOCH.checked_add(time).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Combines two revocations with the same key. Of each time, the later one is kept. The key of `other` is
    /// ignored.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self { key: self.key, entry: self.entry.merge(other.entry) }
    }

    /// Serializes the revocation as 24 bytes: the key, followed by the two times as big-endian 32-bit numbers.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let Entry { expires_at, issued_before } = self.entry;
        let times = [expires_at.to_be_bytes(), issued_before.to_be_bytes()];
        let parts = self.key().into_iter().chain(times.into_iter().flatten());
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    /// Deserializes a revocation from the bytes that [`to_bytes`](Self::to_bytes) returned.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 24]) -> Self {
        let word = |at: usize| {
            let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk).copied();
            u64::from_be_bytes(bytes.unwrap_or_default())
        };
        let time = |at: usize| {
            let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk).copied();
            u32::from_be_bytes(bytes.unwrap_or_default())
        };
        Self {
            key: EntryKey([word(0), word(8)]),
            entry: Entry { expires_at: time(16), issued_before: time(20) },
        }
    }
}

impl fmt::Debug for SharedRevocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EntryKey([start, _]) = self.key;
        write!(f, "SharedRevocation({start:016x}…, until {})", self.entry.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_the_key_and_both_times() {
        let revocation = SharedRevocation {
            key: EntryKey([1, 2]),
            entry: Entry { expires_at: 3, issued_before: Entry::ALWAYS },
        };
        let bytes = revocation.to_bytes();
        assert_eq!(bytes[..16], revocation.key());
        assert_eq!((bytes[7], bytes[15], bytes[19], bytes[23]), (1, 2, 3, 255));
        assert_eq!(SharedRevocation::from_bytes(bytes), revocation);
        assert_eq!(revocation.expires_at(), SystemTime::UNIX_EPOCH + Duration::from_secs(3));
    }
}
