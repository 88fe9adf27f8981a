//! Recently verified credentials as bytes, for a file or a store that replicas share.

use std::time::{Duration, SystemTime};

use crate::digest::{Digest, KeyedDigest};

/// The maximum number of credentials that are cached and exported.
pub(super) const CAPACITY: usize = 10_000;

/// Identifies the format and its version.
const MAGIC: [u8; 8] = *b"PCKNOWN1";

/// The length of a digest.
const DIGEST: usize = 32;

/// Four digests and a time.
const RECORD: usize = 4 * DIGEST + 8;

/// The value written for a user without a subject.
const NO_SUBJECT: [u8; DIGEST] = [0; DIGEST];

/// An error when exporting or importing verified credentials.
///
/// ```
/// use portcullis::{BasicVerifier, Identity, basic::KnownPasswordsError};
///
/// let verifier = BasicVerifier::builder(async |_| Ok(Some(Identity::assertion().build()))).build()?;
/// assert_eq!(verifier.export_known_passwords(), Err(KnownPasswordsError::NoKey));
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnownPasswordsError {
    /// The bytes aren't an export, or are one of an unsupported version.
    #[error("known passwords: not an export, or one of an unsupported version")]
    Format,
    /// The bytes were exported with another key, or modified.
    #[error("known passwords: exported with another key, or modified")]
    Key,
    /// The verifier was built without a key.
    #[error("known passwords: the verifier has no key; set `known_passwords_key`")]
    NoKey,
}

/// Credentials that were verified. All digests are computed with the same key.
#[derive(Clone, Copy)]
pub(super) struct KnownPassword {
    /// The digest of user-id and password.
    pub(super) credentials: Digest,
    /// The digest of the user-id.
    pub(super) user: Digest,
    /// The digest of the identity's subject.
    pub(super) subject: Option<Digest>,
    /// The digest of the hash in the store.
    pub(super) stored_hash: Digest,
    pub(super) verified_at: SystemTime,
}

/// Writes the format, the records, and a digest of both.
pub(super) fn encode(known: impl Iterator<Item = KnownPassword>, digests: &KeyedDigest) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for known in known.take(CAPACITY) {
        for digest in [known.credentials, known.user, known.stored_hash] {
            bytes.extend(digest.bytes());
        }
        bytes.extend(known.subject.as_ref().map_or(&NO_SUBJECT, Digest::bytes));
        let since_epoch = known.verified_at.duration_since(SystemTime::UNIX_EPOCH);
        bytes.extend(since_epoch.unwrap_or_default().as_secs().to_be_bytes());
    }
    bytes.extend(checksum(&bytes, digests).bytes());
    bytes
}

/// Reads at most as many records as a cache holds.
pub(super) fn decode(
    exported: &[u8],
    digests: &KeyedDigest,
) -> Result<Vec<KnownPassword>, KnownPasswordsError> {
    let (signed, checked) =
        exported.split_last_chunk::<DIGEST>().ok_or(KnownPasswordsError::Format)?;
    let records = signed.strip_prefix(&MAGIC).ok_or(KnownPasswordsError::Format)?;
    if checksum(signed, digests) != Digest::from_bytes(*checked) {
        return Err(KnownPasswordsError::Key);
    }
    let (records, rest) = records.as_chunks::<RECORD>();
    if !rest.is_empty() {
        return Err(KnownPasswordsError::Format);
    }
    records.iter().take(CAPACITY).map(read).collect()
}

fn read(record: &[u8; RECORD]) -> Result<KnownPassword, KnownPasswordsError> {
    let (digests, time) = record.as_chunks::<DIGEST>();
    let ([credentials, user, stored_hash, subject], Ok(time)) = (digests, time.try_into()) else {
        return Err(KnownPasswordsError::Format);
    };
    let seconds = Duration::from_secs(u64::from_be_bytes(time));
    Ok(KnownPassword {
        credentials: Digest::from_bytes(*credentials),
        user: Digest::from_bytes(*user),
        subject: (*subject != NO_SUBJECT).then(|| Digest::from_bytes(*subject)),
        stored_hash: Digest::from_bytes(*stored_hash),
        verified_at: SystemTime::UNIX_EPOCH
            .checked_add(seconds)
            .ok_or(KnownPasswordsError::Format)?,
    })
}

fn checksum(signed: &[u8], digests: &KeyedDigest) -> Digest {
    digests.of(&[b"export", signed])
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests report by panic")]
mod tests {
    use super::*;

    fn digests() -> KeyedDigest {
        KeyedDigest::with_key(&[7; 32])
    }

    fn known(subject: Option<&[u8]>) -> KnownPassword {
        let digest = |text: &[u8]| digests().of(&[text]);
        KnownPassword {
            credentials: digest(b"credentials"),
            user: digest(b"user"),
            subject: subject.map(digest),
            stored_hash: digest(b"hash"),
            verified_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        }
    }

    #[test]
    fn what_is_exported_is_imported() {
        for subject in [None, Some(&b"subject"[..])] {
            let bytes = encode([known(subject)].into_iter(), &digests());
            let [read] = decode(&bytes, &digests()).unwrap()[..] else { panic!("one record") };
            let expected = known(subject);
            assert!(read.credentials == expected.credentials && read.user == expected.user);
            assert!(read.subject == expected.subject && read.stored_hash == expected.stored_hash);
            assert_eq!(read.verified_at, expected.verified_at);
        }
        let none = encode([].into_iter(), &digests());
        assert!(decode(&none, &digests()).unwrap().is_empty());
    }

    #[test]
    fn other_bytes_are_rejected() {
        let bytes = encode([known(None), known(Some(b"subject"))].into_iter(), &digests());
        let changed = |at: usize| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            bytes
        };
        let mut with_rest = bytes[..bytes.len() - DIGEST].to_vec();
        with_rest.push(0);
        let checksum = checksum(&with_rest, &digests());
        with_rest.extend(checksum.bytes());
        for (exported, error) in [
            (Vec::new(), KnownPasswordsError::Format),
            (vec![0; 20], KnownPasswordsError::Format),
            (vec![0; 1000], KnownPasswordsError::Format),
            (changed(0), KnownPasswordsError::Format),
            (changed(7), KnownPasswordsError::Format),
            (changed(8), KnownPasswordsError::Key),
            (changed(bytes.len() - 1), KnownPasswordsError::Key),
            (bytes[..bytes.len() - 1].to_vec(), KnownPasswordsError::Key),
            (bytes[RECORD..].to_vec(), KnownPasswordsError::Format),
            (with_rest, KnownPasswordsError::Format),
        ] {
            assert_eq!(decode(&exported, &digests()).err(), Some(error), "{}", exported.len());
        }
        let other = KeyedDigest::with_key(&[8; 32]);
        assert_eq!(decode(&bytes, &other).err(), Some(KnownPasswordsError::Key));
    }

    #[test]
    fn the_number_of_records_is_bounded() {
        let many = std::iter::repeat_n(known(None), CAPACITY * 2);
        let bytes = encode(many, &digests());
        assert_eq!(bytes.len(), MAGIC.len() + CAPACITY * RECORD + DIGEST);
    }
}
