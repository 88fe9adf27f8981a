//! A fetched key set and its times.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;

use super::RemoteSettings;
use crate::{
    claims::NumericDate,
    verify::jwks::{KeySet, fetch::Fetched},
};

/// How far the time of a request may be before the completion of a fetch, because the request read the
/// clock earlier. If it is further, the clock was set back.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(500);

/// A fetched key set. It is replaced as a whole and never changed.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) keys: Arc<KeySet>,
    /// Identifies the key set. Each set with different keys has a new generation.
    pub(crate) generation: u64,
    pub(super) etag: Option<HeaderValue>,
    /// The freshness that its responses specified.
    requested_freshness: Option<Duration>,
    pub(super) fetched_at: NumericDate,
    /// The time from which on requests start a refresh, without waiting for it.
    pub(super) refresh_at: NumericDate,
    pub(super) fresh_until: NumericDate,
    /// The time from which on it isn't used even during an outage.
    pub(super) usable_until: NumericDate,
}

/// The state of a snapshot at a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    Fresh,
    RefreshDue,
    Stale,
    Unusable,
}

impl Snapshot {
    /// Creates the snapshot that replaces `before`. Returns `None` if `fetched` says that the set
    /// hasn't changed although there is no set.
    pub(super) fn of(
        fetched: Fetched,
        before: Option<&Snapshot>,
        now: NumericDate,
        settings: &RemoteSettings,
    ) -> Option<Self> {
        let (keys, generation, etag, requested_freshness) = match (fetched.keys, before) {
            (Some(keys), before) => {
                let generation = before.map_or(0, |before| before.generation).wrapping_add(1);
                (Arc::new(keys), generation, fetched.etag, fetched.freshness)
            }
            // A 304 updates only what it contains (RFC 9111 §4.3.4).
            (None, Some(before)) => {
                let (keys, etag) = (Arc::clone(&before.keys), before.etag.clone());
                let freshness = fetched.freshness.or(before.requested_freshness);
                (keys, before.generation, etag, freshness)
            }
            (None, None) => return None,
        };
        let freshness = settings.freshness(requested_freshness);
        let fresh_until = now.saturating_add(freshness);
        Some(Self {
            keys,
            generation,
            etag,
            requested_freshness,
            fetched_at: now,
            refresh_at: now.saturating_add(freshness.mul_f64(0.8)),
            fresh_until,
            usable_until: fresh_until.saturating_add(settings.outage_tolerance),
        })
    }

    pub(super) fn age(&self, now: NumericDate) -> Age {
        if now.saturating_add(CLOCK_TOLERANCE) < self.fetched_at {
            // The clock was set back. The times are meaningless, so the set is fetched again.
            Age::RefreshDue
        } else if now < self.refresh_at {
            Age::Fresh
        } else if now < self.fresh_until {
            Age::RefreshDue
        } else if now < self.usable_until {
            Age::Stale
        } else {
            Age::Unusable
        }
    }
}
