//! Tenants with a verified token, which are kept as long as their tokens are used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::sync::Cache;

use crate::{
    claims::NumericDate,
    verify::jwt::{RENEWAL_INTERVAL, Registration},
};

/// How long a tenant is kept after its last use. By default, the last keys of an unreachable issuer are used
/// for at most two days.
const REMOVED_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The minimum time between two sweeps for unused tenants.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// How long after its last confirmation a tenant has to be confirmed again before its next token is
/// accepted.
const STALE_AFTER: Duration = RENEWAL_INTERVAL.saturating_mul(2);

/// The tenants with a verified token, which invented names can't evict.
pub(super) struct VerifiedTenants {
    by_name: Cache<String, Arc<VerifiedTenant>>,
    /// The time of the last sweep in seconds, by the clock of the tenant that was used then.
    swept_at: AtomicU64,
}

/// A tenant with a verified token. All times are in seconds, by its own clock.
pub(super) struct VerifiedTenant {
    pub(super) registration: Arc<Registration>,
    used_at: AtomicU64,
    /// The last time that the resolver confirmed it.
    confirmed_at: AtomicU64,
}

impl VerifiedTenants {
    pub(super) fn new(max: usize) -> Self {
        Self { by_name: Cache::new(max), swept_at: AtomicU64::new(0) }
    }

    /// Returns the tenant with this name and the current time of its clock, and records that it is
    /// used.
    pub(super) fn get(&self, name: &str) -> Option<(Arc<VerifiedTenant>, NumericDate)> {
        let tenant = self.by_name.get(name)?;
        let now = tenant.registration.issuer.now();
        tenant.used_at.store(now.as_secs(), Ordering::Relaxed);
        self.sweep(now);
        Some((tenant, now))
    }

    /// Adds a tenant that was just resolved, replacing one with the same name.
    pub(super) fn insert(&self, registration: &Arc<Registration>) {
        let now = registration.issuer.now();
        let second = || AtomicU64::new(now.as_secs());
        let registration = Arc::clone(registration);
        let name = registration.issuer.name().to_owned();
        let tenant = VerifiedTenant { registration, used_at: second(), confirmed_at: second() };
        self.by_name.insert(name, Arc::new(tenant));
        self.sweep(now);
    }

    /// Returns whether the tenant is stored with this registration.
    pub(super) fn contains(&self, registration: &Arc<Registration>) -> bool {
        let tenant = self.by_name.get(registration.issuer.name());
        tenant.is_some_and(|tenant| Arc::ptr_eq(&tenant.registration, registration))
    }

    /// Removes the tenant with this name, and ends its registration.
    pub(super) fn remove(&self, name: &str) {
        if let Some((_, tenant)) = self.by_name.remove(name) {
            tenant.registration.end();
        }
    }

    /// Removes unused tenants with their keys, once per interval.
    fn sweep(&self, now: NumericDate) {
        let (now, order) = (now.as_secs(), Ordering::Relaxed);
        let before = self.swept_at.load(order);
        let is_due = now.abs_diff(before) >= SWEEP_INTERVAL.as_secs();
        if is_due && self.swept_at.compare_exchange(before, now, order, order).is_ok() {
            self.by_name.retain(|_, tenant| !tenant.is_unused());
        }
    }
}

impl VerifiedTenant {
    /// Records that the resolver confirmed the tenant.
    pub(super) fn confirm(&self) {
        let now = self.registration.issuer.now();
        self.confirmed_at.store(now.as_secs(), Ordering::Relaxed);
        self.registration.postpone(now);
    }

    /// Returns the time since the resolver last confirmed the tenant. It is zero if the clock was set
    /// back.
    pub(super) fn unconfirmed_for(&self, now: NumericDate) -> Duration {
        let confirmed_at = self.confirmed_at.load(Ordering::Relaxed);
        Duration::from_secs(now.as_secs().saturating_sub(confirmed_at))
    }

    /// Returns whether the tenant has to be confirmed before its next token is accepted. Otherwise, one more
    /// token of a tenant that the resolver no longer knows would be accepted, no matter how much later.
    pub(super) fn is_stale(&self, now: NumericDate) -> bool {
        self.unconfirmed_for(now) >= STALE_AFTER
    }

    /// Returns whether the tenant is unused. It isn't if the clock was set back.
    fn is_unused(&self) -> bool {
        let used_at = self.used_at.load(Ordering::Relaxed);
        let now = self.registration.issuer.now().as_secs();
        now.saturating_sub(used_at) >= REMOVED_AFTER.as_secs()
    }
}
