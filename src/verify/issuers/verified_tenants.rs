//! Tenants with a verified token, for as long as their tokens are used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::sync::Cache;

use crate::verify::jwt::Issuer;

const MAX: usize = 1000;

/// How long a tenant is kept after its last use. The last keys of an unreachable issuer are used for two days at
/// most by default, while uses of its cached tokens aren't counted.
const REMOVED_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How often a request looks for unused tenants.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Tenants that invented names can't evict.
pub(super) struct VerifiedTenants {
    by_name: Cache<String, Arc<Entry>>,
    /// The second of the last sweep, by the clock of the tenant that was used then.
    swept_at: AtomicU64,
}

struct Entry {
    issuer: Arc<Issuer>,
    /// The second of its last use, by its own clock.
    used_at: AtomicU64,
}

impl VerifiedTenants {
    pub(super) fn new() -> Self {
        Self { by_name: Cache::new(MAX), swept_at: AtomicU64::new(0) }
    }

    /// Returns the tenant of that name, and records that it is used.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Issuer>> {
        let entry = self.by_name.get(name)?;
        let now = entry.issuer.now().as_secs();
        entry.used_at.store(now, Ordering::Relaxed);
        self.sweep(now);
        Some(Arc::clone(&entry.issuer))
    }

    pub(super) fn insert(&self, issuer: &Arc<Issuer>) {
        let now = issuer.now().as_secs();
        let entry = Entry { issuer: Arc::clone(issuer), used_at: AtomicU64::new(now) };
        self.by_name.insert(issuer.name().to_owned(), Arc::new(entry));
        self.sweep(now);
    }

    /// Removes unused tenants with their keys, once per interval.
    fn sweep(&self, now: u64) {
        let (before, order) = (self.swept_at.load(Ordering::Relaxed), Ordering::Relaxed);
        let is_due = now.abs_diff(before) >= SWEEP_INTERVAL.as_secs();
        if is_due && self.swept_at.compare_exchange(before, now, order, order).is_ok() {
            self.by_name.retain(|_, entry| !entry.is_unused());
        }
    }
}

impl Entry {
    /// A clock that was turned back makes no tenant unused.
    fn is_unused(&self) -> bool {
        let used_at = self.used_at.load(Ordering::Relaxed);
        self.issuer.now().as_secs().saturating_sub(used_at) >= REMOVED_AFTER.as_secs()
    }
}
