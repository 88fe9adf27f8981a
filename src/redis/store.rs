//! The keys, and the format of entries.

use std::{sync::Arc, time::SystemTime};

use super::{connections::Connections, script::Scripts};
use crate::{
    Clock, Error, claims::NumericDate, clock::SystemClock, digest::fill_random, telemetry,
    verify::SharedRevocation,
};

/// The default maximum number of entries, which is also that of a revocation list.
const MAX_ENTRIES: usize = 1_000_000;

/// The connection and the keys of the revocations.
pub(super) struct Store {
    pub(super) connections: Arc<Connections>,
    pub(super) keys: Keys,
    pub(super) scripts: Scripts,
    max_entries: usize,
    clock: Arc<dyn Clock>,
}

/// The keys of the revocations. All are in one slot of a cluster.
pub(super) struct Keys {
    pub(super) entries: String,
    pub(super) log: String,
    pub(super) new: String,
}

impl Store {
    pub(super) fn new(connections: Arc<Connections>, prefix: &str) -> Self {
        let entries = format!("{{{prefix}}}:revocations");
        let (log, new) = (format!("{entries}:log"), format!("{entries}:new"));
        Self {
            connections,
            keys: Keys { entries, log, new },
            scripts: Scripts::new(),
            max_entries: MAX_ENTRIES,
            clock: Arc::new(SystemClock),
        }
    }

    /// Adds revocations, and extends existing ones with the same keys.
    pub(super) async fn publish(&self, revocations: Vec<SharedRevocation>) -> Result<(), Error> {
        let mut call = self.scripts.publish.prepare_invoke();
        call.key(&self.keys.entries).key(&self.keys.log).key(&self.keys.new);
        call.arg(first_number()).arg(random_part());
        call.arg(NumericDate::from_system_time(self.clock.now()).as_secs()).arg(self.max_entries);
        for revocation in revocations {
            call.arg(member(&revocation).as_slice()).arg(seconds(revocation.expires_at()));
        }
        let run = |mut link| async move { call.invoke_async::<u64>(&mut link).await };
        let evicted = self.connections.run(run).await?;
        if evicted > 0 {
            telemetry::revocations_evicted(evicted, self.max_entries);
        }
        Ok(())
    }
}

/// Returns the number before the first entry of a new log, at most 2^40. This leaves room below 2^53, up to which Lua
/// numbers are exact.
pub(super) fn first_number() -> u64 {
    u64::from(u32::from_be_bytes(random_bytes())) << 8
}

pub(super) fn random_part() -> u32 {
    u32::from_be_bytes(random_bytes())
}

/// Returns random bytes. Without a random number generator they are zero, and the only effect is that lost entries may
/// go undetected.
fn random_bytes() -> [u8; 4] {
    let mut bytes = [0; 4];
    let _ = fill_random(&mut bytes);
    bytes
}

/// Returns the member of the set: the key, and the time before which a token must have been issued. Its score is the
/// expiry.
fn member(revocation: &SharedRevocation) -> Vec<u8> {
    let bytes = revocation.to_bytes();
    let (key, times) = bytes.split_at(16);
    let (_, issued_before) = times.split_at(4);
    [key, issued_before].concat()
}

/// Creates a revocation from a member of the set and its score. Returns `None` if it wasn't written by this crate.
pub(super) fn revocation(member: &[u8], expires_at: u32) -> Option<SharedRevocation> {
    let (key, issued_before) = member.split_at_checked(16)?;
    let bytes = [key, &expires_at.to_be_bytes(), issued_before].concat();
    Some(SharedRevocation::from_bytes(bytes.try_into().ok()?))
}

fn seconds(time: SystemTime) -> u64 {
    NumericDate::from_system_time(time).as_secs()
}
