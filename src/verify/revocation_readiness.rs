//! The state of a revocation list, for health checks.

use std::time::Duration;

/// The state of a revocation list, for health checks: its size, and whether it is up to date with
/// the shared store.
///
/// ```
/// use portcullis::verify::Revocations;
///
/// let readiness = Revocations::new().readiness();
/// assert!(readiness.is_ready() && !readiness.is_shared());
/// assert_eq!((readiness.entries(), readiness.evicted()), (0, 0));
/// ```
#[derive(Debug, Clone, Default)]
pub struct RevocationReadiness {
    pub(crate) entries: usize,
    pub(crate) evicted: u64,
    pub(crate) shared: Option<SharedState>,
}

/// The state of the shared store, as one replica sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedState {
    pub(crate) is_current: bool,
    /// Whether requests are rejected while the list isn't current.
    pub(crate) is_required: bool,
    pub(crate) age: Option<Duration>,
    pub(crate) last_error: Option<String>,
    pub(crate) pending: usize,
}

impl RevocationReadiness {
    /// Returns whether requests are served. False only while the shared store is unreachable and
    /// `OutagePolicy::Reject` is configured.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.as_ref().is_none_or(|shared| shared.is_current || !shared.is_required)
    }

    /// Returns whether the list is shared with other replicas.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Returns whether the list contains everything in the shared store. True if the list isn't shared.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.shared.as_ref().is_none_or(|shared| shared.is_current)
    }

    /// Returns the number of entries, expired ones included.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Returns how many entries were evicted because the list was full, although their tokens hadn't expired.
    /// If this isn't zero, revoked tokens may be accepted: increase
    /// [`max_entries`](crate::verify::RevocationsBuilder::max_entries).
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Returns the time since the list last contained everything in the shared store. `None` if the list isn't
    /// shared, or the store has never been read.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.shared.as_ref()?.age
    }

    /// Returns why the shared store can't be read, with the causes of the error. `None` if it can.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.shared.as_ref()?.last_error.as_deref()
    }

    /// Returns the number of revocations of this replica that haven't reached the shared store yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.pending)
    }
}
