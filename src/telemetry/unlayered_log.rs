//! The log of failures outside of a layer, at a limited rate.

use std::{
    fmt::{self, Write},
    hash::{DefaultHasher, Hasher},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use super::limiter::LogLimiter;
use crate::{Error, claims::NumericDate, error::Report};

/// The maximum number of failures that are limited separately.
const MAX_FAILURES: usize = 16;

/// Limits the lines at WARN and at ERROR to one per minute for each failure that occurs without a layer: in a guard or
/// an extractor without a layer, in an error of a handler, or in a status of tonic. Failures are distinguished by their
/// text. After the first 16, all others share a limit.
#[derive(Debug)]
pub(super) struct UnlayeredLog {
    /// The limiters, by a hash of the text.
    failures: Mutex<Vec<(u64, LogLimiter)>>,
    others: LogLimiter,
}

impl UnlayeredLog {
    pub(super) const fn new() -> Self {
        Self { failures: Mutex::new(Vec::new()), others: LogLimiter::new() }
    }

    /// Returns the number of lines that were suppressed since the last one, or `None` if this one is to be suppressed.
    pub(super) fn admit(&self, error: &Error) -> Option<u64> {
        self.admit_at(error, NumericDate::from_system_time(SystemTime::now()))
    }

    fn admit_at(&self, error: &Error, now: NumericDate) -> Option<u64> {
        let mut text = HashedText(DefaultHasher::new());
        // Writing to a hasher can't fail.
        let _ = write!(text, "{}", Report(error));
        let failure = text.0.finish();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = failures.iter().any(|(known, _)| *known == failure);
        if !is_known && failures.len() < MAX_FAILURES {
            failures.push((failure, LogLimiter::new()));
        }
        let limiter = failures.iter().find(|(known, _)| *known == failure);
        limiter.map_or(&self.others, |(_, limiter)| limiter).admit(now)
    }
}

/// Hashes a text as it is written.
struct HashedText(DefaultHasher);

impl fmt::Write for HashedText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_is_logged_once_per_minute_with_the_count() {
        let log = UnlayeredLog::new();
        let (one, two) = (Error::misconfigured("no layer"), Error::unavailable("no database"));
        for (error, second, admitted) in [
            (&one, 1000, Some(0)),
            (&one, 1000, None),
            (&two, 1000, Some(0)),
            (&one, 1059, None),
            (&one, 1060, Some(2)),
            (&two, 1060, Some(0)),
        ] {
            let now = NumericDate::from_secs(second);
            assert_eq!(log.admit_at(error, now), admitted, "{error:?} at {second} s");
        }
    }

    #[test]
    fn failures_whose_text_varies_share_a_limit() {
        let log = UnlayeredLog::new();
        let now = NumericDate::from_secs(1000);
        let failure = |n: usize| Error::unavailable(format!("row {n} is locked"));
        let admitted = (0..1000).filter(|n| log.admit_at(&failure(*n), now).is_some()).count();
        assert_eq!(admitted, MAX_FAILURES + 1);
        assert_eq!(log.failures.lock().unwrap().len(), MAX_FAILURES);
    }
}
