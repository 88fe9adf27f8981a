//! The configuration of a [`BasicVerifier`].

use std::{fmt, sync::Arc, time::Duration};

use super::{
    BasicVerifier,
    check::Check,
    check_permits::CheckPermits,
    guess_limiter::GuessLimiter,
    password_cache::{MAX_AGE, PasswordCache},
    verifier::Inner,
};
use crate::{Clock, ConfigError, SystemClock};

/// Configures a [`BasicVerifier`].
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::{BasicVerifier, Identity};
///
/// let builder = || BasicVerifier::builder(async |_| Ok(Some(Identity::assertion().build())));
/// let verifier = builder().guess_limit(5, Duration::from_secs(60)).max_checks(32).build();
/// assert!(verifier.is_ok());
///
/// let error = builder().max_checks(0).build().unwrap_err();
/// assert_eq!(error.to_string(), "max_checks `0`: must be at least 1");
/// ```
#[must_use]
pub struct BasicVerifierBuilder {
    check: Check,
    cache_for: Duration,
    guess_limit: Option<(u32, Duration)>,
    max_checks: usize,
    clock: Arc<dyn Clock>,
}

impl BasicVerifierBuilder {
    pub(super) fn new(check: Check, cache_for: Duration) -> Self {
        Self {
            check,
            cache_for,
            guess_limit: Some((20, Duration::from_secs(10))),
            max_checks: 128,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets how long the outcome of a password check is cached, for correct and incorrect credentials
    /// alike. At most 24 hours; zero disables the cache.
    ///
    /// With a user store the default is 5 minutes, because computing a password hash takes tens of
    /// milliseconds and clients send the password with every request. The store is still queried for
    /// every request. A cached outcome is used only while the stored hash is the same, and the identity
    /// is always the stored one, so changes in the store take effect immediately.
    ///
    /// With a function the default is zero, because this crate can't tell when its result would change.
    /// A longer time delays the effect of a changed password or a removed user by as much.
    pub fn cache_for(mut self, time: Duration) -> Self {
        self.cache_for = time;
        self
    }

    /// Limits the incorrect passwords for each user-id to `burst` at once, and one more after each
    /// `period`. The default is 20, and one more every 10 seconds.
    ///
    /// `burst` must be at least 1, and `period` between 1 ms and 24 hours. A request beyond the limit is
    /// rejected with 429 and `Retry-After`
    /// ([`ErrorKind::TooManyAttempts`](crate::ErrorKind::TooManyAttempts), [RFC 6585 §4]), and its
    /// password is not checked. See [`BasicVerifier`] for what counts as an attempt.
    ///
    /// [RFC 6585 §4]: https://www.rfc-editor.org/rfc/rfc6585#section-4
    pub fn guess_limit(mut self, burst: u32, period: Duration) -> Self {
        self.guess_limit = Some((burst, period));
        self
    }

    /// Turns the guess limit off, so that clients can try any number of passwords.
    ///
    /// Use it only if something else limits failed attempts for each user, such as the function that
    /// checks the password.
    pub fn no_guess_limit(mut self) -> Self {
        self.guess_limit = None;
        self
    }

    /// Limits the number of password checks that run or wait at the same time. At least 1; 128 by
    /// default.
    ///
    /// A request beyond the limit is rejected with 503 and `Retry-After: 1`. Credentials that were
    /// verified within the last 24 hours have a limit of their own of the same size, so a flood of
    /// guesses doesn't affect them.
    pub fn max_checks(mut self, checks: usize) -> Self {
        self.max_checks = checks;
        self
    }

    /// Sets the clock for the cache and the guess limit. [`SystemClock`] by default.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the value, if [`cache_for`](Self::cache_for),
    /// [`guess_limit`](Self::guess_limit) or [`max_checks`](Self::max_checks) is out of range.
    pub fn build(self) -> Result<BasicVerifier, ConfigError> {
        if self.cache_for > MAX_AGE {
            let value = format!("{} s", self.cache_for.as_secs_f64());
            return Err(ConfigError::new("cache_for", value, "must be at most 24 hours"));
        }
        let limiter = self.guess_limit.map(|(burst, period)| GuessLimiter::new(burst, period));
        Ok(BasicVerifier::new(Inner {
            check: self.check,
            cache: PasswordCache::new(),
            cache_for: self.cache_for,
            limiter: limiter.transpose()?,
            permits: CheckPermits::new(self.max_checks)?,
            clock: self.clock,
        }))
    }
}

impl fmt::Debug for BasicVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicVerifierBuilder")
            .field("cache_for", &self.cache_for)
            .field("guess_limit", &self.guess_limit)
            .field("max_checks", &self.max_checks)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const MILLISECOND: Duration = Duration::from_millis(1);

    fn builder() -> BasicVerifierBuilder {
        BasicVerifier::builder(async |_| Ok(None))
    }

    #[test]
    fn values_out_of_range_are_rejected_by_name() {
        let period = "guess_limit period `";
        let range = "must be between 1 ms and 24 hours; `no_guess_limit()` turns the limit off";
        for (builder, expected) in [
            (builder().cache_for(24 * HOUR), None),
            (builder().cache_for(Duration::ZERO), None),
            (
                builder().cache_for(25 * HOUR),
                Some("cache_for `90000 s`: must be at most 24 hours".to_owned()),
            ),
            (builder().guess_limit(1, MILLISECOND), None),
            (builder().guess_limit(u32::MAX, 24 * HOUR), None),
            (
                builder().guess_limit(0, HOUR),
                Some(
                    "guess_limit burst `0`: must be at least 1; `no_guess_limit()` turns the limit off"
                        .to_owned(),
                ),
            ),
            (builder().guess_limit(1, Duration::ZERO), Some(format!("{period}0 s`: {range}"))),
            (builder().guess_limit(1, MILLISECOND / 2), Some(format!("{period}0.0005 s`: {range}"))),
            (builder().guess_limit(1, 25 * HOUR), Some(format!("{period}90000 s`: {range}"))),
            (builder().guess_limit(0, Duration::ZERO).no_guess_limit(), None),
            (builder().max_checks(1), None),
            (builder().max_checks(0), Some("max_checks `0`: must be at least 1".to_owned())),
        ] {
            let shown = format!("{builder:?}");
            assert_eq!(builder.build().err().map(|error| error.to_string()), expected, "{shown}");
        }
        let error = builder().max_checks(usize::MAX).build().unwrap_err();
        assert_eq!((error.what(), error.value()), ("max_checks", &*usize::MAX.to_string()));
    }
}
