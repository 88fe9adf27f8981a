//! The revocation list of one process, with a generation that changes with it.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    revocation::{Revocation, Target},
    revocation_keys::keys_of,
    revocation_list::{Entry, EntryKey, RevocationList, seconds},
    shared_revocation::SharedRevocation,
};
use crate::{
    Clock, Identity,
    claims::NumericDate,
    jose::{
        base64url,
        json::{self, Value},
    },
    telemetry,
};

/// Added to the `exp` of a revoked token, because verifiers accept a token for slightly longer.
const MARGIN: Duration = Duration::from_secs(10 * 60);

/// Numbers every change of any list, so that no two lists ever have the same generation.
static NEXT_GENERATION: AtomicU64 = AtomicU64::new(1);

/// The entries, and the settings for creating and checking them.
pub(crate) struct Ledger {
    list: RwLock<RevocationList>,
    /// Zero as long as nothing has been revoked.
    generation: AtomicU64,
    evicted: AtomicU64,
    token_lifetime: Duration,
    clock: Arc<dyn Clock>,
}

impl Ledger {
    pub(crate) fn new(max_entries: usize, token_lifetime: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            list: RwLock::new(RevocationList::new(max_entries)),
            generation: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            token_lifetime,
            clock,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns how many entries were evicted although their tokens hadn't expired.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }

    /// Starts a new generation, so that every token is checked again although no entry has changed.
    pub(crate) fn invalidate(&self) {
        let list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        self.start_generation();
        drop(list);
    }

    /// Must be called with the list locked, so that generations only increase, and a thread that sees
    /// a generation also sees its entries.
    fn start_generation(&self) {
        let generation = NEXT_GENERATION.fetch_add(1, Ordering::Relaxed);
        self.generation.store(generation, Ordering::Release);
    }

    pub(crate) fn is_revoked(&self, token: &[u8], identity: &Identity) -> bool {
        let keys = identity.revocation_state().keys(|| {
            // Bytes that aren't UTF-8 were never a token.
            keys_of(str::from_utf8(token).unwrap_or_default(), identity)
        });
        let (issued_at, now) = (identity.registered().issued_at, seconds(self.now()));
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().flatten().any(|key| list.is_revoked(&EntryKey(*key), issued_at, now))
    }

    /// Creates the entry of a revocation without adding it.
    pub(crate) fn entry(&self, revocation: &Revocation) -> SharedRevocation {
        let now = self.now();
        let expires_at = match (revocation.expires_at, revocation.target) {
            (Some(time), _) => Some(NumericDate::from_system_time(time)),
            (None, Target::Token) => expiry_of(&revocation.value),
            (None, _) => None,
        };
        let expires_at = match expires_at {
            Some(time) => time.saturating_add(MARGIN),
            None => now.saturating_add(self.token_lifetime),
        };
        let issued_before = match (revocation.target, revocation.issued_before) {
            (Target::Client | Target::Subject, Some(time)) => {
                seconds(NumericDate::from_system_time(time))
            }
            // A token issued within this second may be from before or after the revocation, so it
            // is revoked.
            (Target::Client | Target::Subject, None) => seconds(now).saturating_add(1),
            _ => Entry::ALWAYS,
        };
        let entry = Entry { expires_at: seconds(expires_at), issued_before };
        SharedRevocation { key: revocation.key(), entry }
    }

    /// Adds entries. Those that are already on the list, or have expired, don't start a generation, so no
    /// token is checked again.
    pub(crate) fn insert(&self, revocations: &[SharedRevocation]) {
        let now = seconds(self.now());
        let (mut is_changed, mut evicted) = (false, 0_usize);
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        for SharedRevocation { key, entry } in revocations {
            if now < entry.expires_at {
                let inserted = list.insert(*key, *entry, now);
                is_changed |= inserted.is_changed;
                evicted = evicted.saturating_add(inserted.evicted);
            }
        }
        if is_changed {
            self.start_generation();
        }
        let entries = list.len();
        drop(list);
        if evicted > 0 {
            let evicted = u64::try_from(evicted).unwrap_or(u64::MAX);
            self.evicted.fetch_add(evicted, Ordering::Relaxed);
            telemetry::revocations_evicted(evicted, entries);
        }
    }

    /// Returns the entries that haven't expired.
    pub(crate) fn entries(&self) -> Vec<SharedRevocation> {
        let now = seconds(self.now());
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.entries(now).map(|(key, entry)| SharedRevocation { key, entry }).collect()
    }
}

/// Reads the `exp` of a token that has the form of a JWT. The token isn't verified, because one with an
/// invalid signature is rejected whether or not it is on the list.
fn expiry_of(token: &str) -> Option<NumericDate> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let text = String::from_utf8(base64url::decode(payload)?).ok()?;
    match json::object(&text, |_, _| ()).ok()?.find("exp")? {
        Value::Number(number) => NumericDate::from_secs_f64(number.as_f64()?),
        _ => None,
    }
}
