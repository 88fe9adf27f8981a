//! The registration of a tenant, on which the validity of its cached tokens depends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::issuer::Issuer;
use crate::{Identity, claims::NumericDate, verify::Revocations};

/// The minimum time between two renewals.
pub(crate) const RENEWAL_INTERVAL: Duration = Duration::from_secs(60);

/// How far the time of a request may be before a renewal, in seconds, because the request read the clock
/// earlier. If it is further, the clock was set back.
const CLOCK_TOLERANCE: u64 = 1;

/// The value of [`Registration::renew_at`] after the end.
const ENDED: u64 = 0;

/// The registration of a tenant that the resolver knows. It has to be renewed after a minute.
///
/// The cache of verified tokens holds only a weak reference to it, so that it doesn't keep a tenant
/// in memory.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) issuer: Arc<Issuer>,
    /// The time, in seconds, from which on a request has to renew it, or [`ENDED`].
    renew_at: AtomicU64,
}

impl Registration {
    /// Registers a tenant that has just been resolved.
    pub(crate) fn new(issuer: Arc<Issuer>) -> Self {
        let renew_at = AtomicU64::new(renewal_after(issuer.now()));
        Self { issuer, renew_at }
    }

    /// Returns whether a cached token of this tenant may be accepted. It may not if the renewal is due, so that
    /// the request is dispatched to the tenant and renews it.
    pub(super) fn is_still_valid(
        &self,
        token: &[u8],
        identity: &Identity,
        generation: u64,
        revocations: Option<&Revocations>,
    ) -> bool {
        let now = self.issuer.now();
        is_current(self.renew_at.load(Ordering::Relaxed), now)
            && self.issuer.is_still_valid_at(now, token, identity, generation, revocations)
    }

    /// Returns whether the renewal is due.
    pub(crate) fn is_due(&self, now: NumericDate) -> bool {
        let renew_at = self.renew_at.load(Ordering::Relaxed);
        renew_at != ENDED && !is_current(renew_at, now)
    }

    /// Postpones a due renewal by a minute. Returns true for only one of the requests that find it
    /// due.
    pub(crate) fn claim_renewal(&self, now: NumericDate) -> bool {
        let (renew_at, order) = (self.renew_at.load(Ordering::Relaxed), Ordering::Relaxed);
        let next = renewal_after(now);
        renew_at != ENDED
            && !is_current(renew_at, now)
            && self.renew_at.compare_exchange(renew_at, next, order, order).is_ok()
    }

    /// Postpones the renewal to a minute from now, unless the registration has ended.
    pub(crate) fn postpone(&self, now: NumericDate) {
        let next = |renew_at: u64| (renew_at != ENDED).then(|| renewal_after(now));
        // An error means that it has ended.
        let _ = self.renew_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.renew_at.load(Ordering::Relaxed) == ENDED
    }

    /// Ends the registration. Cached tokens are no longer accepted, even while a request still holds a
    /// reference.
    pub(crate) fn end(&self) {
        self.renew_at.store(ENDED, Ordering::Relaxed);
    }
}

fn renewal_after(now: NumericDate) -> u64 {
    now.saturating_add(RENEWAL_INTERVAL).as_secs()
}

/// Returns whether `renew_at` is within the next minute. If it is later, the clock was set back.
fn is_current(renew_at: u64, now: NumericDate) -> bool {
    let longest = RENEWAL_INTERVAL.as_secs().saturating_add(CLOCK_TOLERANCE);
    (1..=longest).contains(&renew_at.saturating_sub(now.as_secs()))
}
