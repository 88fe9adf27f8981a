//! When a rejected client may try again (`Retry-After`, RFC 9110 §10.2.3).
//!
//! | what failed | when |
//! |---|---|
//! | fetching keys | when the back-off ends (`verify/backoff.rs`) |
//! | guessing passwords | when the client may guess again (`verify/basic/guess_limiter.rs`) |
//! | introspection | as the endpoint or the back-off of discovery says, or else [`SOON`] |
//! | the store of own tokens | [`STORE_FAILURE`] |
//! | anything that is busy or was aborted | [`SOON`] |

use std::time::Duration;

/// For a failure that says nothing about its duration.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// For a failed database: longer, so that it isn't kept busy.
pub(crate) const STORE_FAILURE: Duration = Duration::from_secs(5);

/// Returns a delay in whole seconds, rounded up, and at least one.
pub(crate) fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0)).max(1)
}
