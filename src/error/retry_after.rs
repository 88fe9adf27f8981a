//! When a rejected client may retry (`Retry-After`, RFC 9110 §10.2.3).
//!
//! | failure | `Retry-After` |
//! |---|---|
//! | fetching keys | when the back-off ends (`verify/backoff.rs`) |
//! | guessing passwords | when the next attempt is allowed (`verify/basic/guess_limiter.rs`) |
//! | introspection | the `Retry-After` of the endpoint, the back-off of discovery, or else [`SOON`] |
//! | the store of own tokens | [`STORE_FAILURE`] |
//! | overload, or an aborted task | [`SOON`] |

use std::time::Duration;

/// The delay for a failure of unknown duration.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// The delay for a failed database. It is longer, so that retries don't overload it.
pub(crate) const STORE_FAILURE: Duration = Duration::from_secs(5);

/// Returns a delay in whole seconds, rounded up, and at least one.
pub(crate) fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0)).max(1)
}
