//! Tenants that have had a good token, for as long as they are met.

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

/// When a tenant that nobody meets any more is forgotten. The last keys of an issuer that is down serve
/// for two days at the most by default, while its remembered tokens are met without being counted.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How often a request looks for such.
const SWEPT_EVERY: Duration = Duration::from_secs(60 * 60);

/// Where made-up tenants don't come.
pub(super) struct ProvenTenants {
    by_name: Cache<String, Arc<Acquaintance>>,
    /// The second of the last sweep, by the clock of the tenant that was met then.
    swept_at: AtomicU64,
}

struct Acquaintance {
    issuer: Arc<Issuer>,
    /// The second, by its own clock, in which a token of its was last judged.
    met_at: AtomicU64,
}

impl ProvenTenants {
    pub(super) fn new() -> Self {
        Self { by_name: Cache::new(MAX), swept_at: AtomicU64::new(0) }
    }

    /// The tenant of that name, which has just been met.
    pub(super) fn meet(&self, name: &str) -> Option<Arc<Issuer>> {
        let known = self.by_name.get(name)?;
        let now = known.issuer.now().as_secs();
        known.met_at.store(now, Ordering::Relaxed);
        self.sweep(now);
        Some(Arc::clone(&known.issuer))
    }

    pub(super) fn insert(&self, issuer: &Arc<Issuer>) {
        let now = issuer.now().as_secs();
        let known = Acquaintance { issuer: Arc::clone(issuer), met_at: AtomicU64::new(now) };
        self.by_name.insert(issuer.name().to_owned(), Arc::new(known));
        self.sweep(now);
    }

    /// Forgets those who are no longer met, with their keys, now and then.
    fn sweep(&self, now: u64) {
        let (before, order) = (self.swept_at.load(Ordering::Relaxed), Ordering::Relaxed);
        let is_due = now.abs_diff(before) >= SWEPT_EVERY.as_secs();
        if is_due && self.swept_at.compare_exchange(before, now, order, order).is_ok() {
            self.by_name.retain(|_, known| !known.is_old());
        }
    }
}

impl Acquaintance {
    /// A clock that was turned back makes nobody old.
    fn is_old(&self) -> bool {
        let met_at = self.met_at.load(Ordering::Relaxed);
        self.issuer.now().as_secs().saturating_sub(met_at) >= FORGOTTEN_AFTER.as_secs()
    }
}
