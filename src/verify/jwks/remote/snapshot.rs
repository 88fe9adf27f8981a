//! A fetched key set and its times.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;

use super::RemoteSettings;
use crate::verify::jwks::fetch::Fetched;
use crate::{claims::NumericDate, verify::jwks::KeySet};

/// Between a request's look at the clock and its look at the keys new ones may land, which aren't
/// from the future for that.
const AT_ONCE: Duration = Duration::from_millis(500);

/// A key set as it was fetched. Replaced whole, never changed.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) keys: Arc<KeySet>,
    /// Counts key sets: another number, other keys.
    pub(crate) generation: u64,
    pub(super) etag: Option<HeaderValue>,
    /// How long its responses said that it is fresh.
    said: Option<Duration>,
    pub(super) fetched_at: NumericDate,
    /// From here on a request starts a refresh, and doesn't wait for it.
    pub(super) refresh_at: NumericDate,
    pub(super) fresh_until: NumericDate,
    /// How far an outage may stretch it.
    pub(super) usable_until: NumericDate,
}

/// What the time says of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    Fresh,
    RefreshDue,
    Stale,
    Unusable,
}

impl Snapshot {
    /// What `fetched` leaves at hand. `None` if it only says that the set is unchanged, and there is none.
    pub(super) fn of(
        fetched: Fetched,
        before: Option<&Snapshot>,
        now: NumericDate,
        settings: &RemoteSettings,
    ) -> Option<Self> {
        let (keys, generation, etag, said) = match (fetched.keys, before) {
            (Some(keys), before) => {
                let generation = before.map_or(0, |before| before.generation).wrapping_add(1);
                (Arc::new(keys), generation, fetched.etag, fetched.freshness)
            }
            // What a 304 doesn't say is as it was (RFC 9111 §4.3.4).
            (None, Some(before)) => {
                let (keys, etag) = (Arc::clone(&before.keys), before.etag.clone());
                (keys, before.generation, etag, fetched.freshness.or(before.said))
            }
            (None, None) => return None,
        };
        let freshness = settings.freshness(said);
        let fresh_until = now.saturating_add(freshness);
        Some(Self {
            keys,
            generation,
            etag,
            said,
            fetched_at: now,
            refresh_at: now.saturating_add(freshness.mul_f64(0.8)),
            fresh_until,
            usable_until: fresh_until.saturating_add(settings.outage_tolerance),
        })
    }

    pub(super) fn age(&self, now: NumericDate) -> Age {
        if now.saturating_add(AT_ONCE) < self.fetched_at {
            // The clock was turned back: the times mean nothing, so the set is fetched again.
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
