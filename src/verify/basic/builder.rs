//! The configuration of a [`BasicVerifier`].

use std::{fmt, sync::Arc, time::Duration};

use super::{
    BasicVerifier,
    accounts::{Accounts, Normalize, trimmed_lower_case},
    check::Check,
    check_permits::CheckPermits,
    guess_limiter::GuessLimiter,
    guess_store::GuessStore,
    password_cache::{MAX_AGE, PasswordCache},
    rate::Rate,
    shared_guesses::SharedGuesses,
    verifier_state::VerifierState,
};
use crate::{Clock, ConfigError, Secret, clock::SystemClock};

/// The minimum length of `known_passwords_key`, in bytes.
const MIN_KEY: usize = 32;

/// A builder for [`BasicVerifier`].
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
    client_guess_limit: (u32, Duration),
    normalize_user_id: Box<Normalize>,
    max_checks: usize,
    max_parallel_hashes: Option<usize>,
    known_passwords_key: Option<Secret>,
    shared_guesses: Option<(Arc<dyn GuessStore>, Secret)>,
    clock: Arc<dyn Clock>,
}

impl BasicVerifierBuilder {
    pub(super) fn new(check: Check, cache_for: Duration) -> Self {
        Self {
            check,
            cache_for,
            guess_limit: Some((20, Duration::from_secs(10))),
            client_guess_limit: (100, Duration::from_secs(1)),
            normalize_user_id: Box::new(trimmed_lower_case),
            max_checks: 128,
            max_parallel_hashes: None,
            known_passwords_key: None,
            shared_guesses: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets how long the outcome of a password check is cached, for correct and incorrect credentials
    /// alike. The maximum is 24 hours; zero disables the cache.
    ///
    /// With a user store the default is 5 minutes, because computing a password hash takes tens of
    /// milliseconds and clients send the password with every request. The store is still queried for
    /// every request. A cached outcome is used only while the stored hash is the same, and the identity
    /// is always the stored one, so changes in the store take effect immediately.
    ///
    /// With a function the default is zero, because this crate can't tell when its result would change.
    /// A longer time delays the effect of a changed password or a removed user by up to that time.
    #[doc(alias = "cache")]
    pub fn cache_for(mut self, time: Duration) -> Self {
        self.cache_for = time;
        self
    }

    /// Limits incorrect passwords per account: `burst` at once, then one more per `period`. The
    /// default is 20 at once, then one every 10 seconds.
    ///
    /// `burst` must be at least 1, and `period` between 1 ms and 24 hours. A request beyond the limit is
    /// rejected with 429 and `Retry-After`
    /// ([`ErrorKind::TooManyAttempts`](crate::ErrorKind::TooManyAttempts), [RFC 6585 §4]), and its
    /// password is not checked. See [`BasicVerifier`](BasicVerifier#guess-limit) for what counts as an
    /// attempt, and for how long an attacker can lock a user out.
    ///
    /// [RFC 6585 §4]: https://www.rfc-editor.org/rfc/rfc6585#section-4
    #[doc(alias("brute force", "lockout", "rate limit"))]
    pub fn guess_limit(mut self, burst: u32, period: Duration) -> Self {
        self.guess_limit = Some((burst, period));
        self
    }

    /// Limits incorrect passwords per client, across all accounts: `burst` at once, then one more
    /// per `period`. The default is 100 at once, then one every second.
    ///
    /// The valid ranges and the response are the same as for [`guess_limit`](Self::guess_limit). The limit
    /// applies to credentials with a [`GuessKey`](crate::credentials::GuessKey), which
    /// [`AuthenticateLayer::guess_key`](crate::AuthenticateLayer::guess_key) sets. Clients behind the same
    /// address share a limit, so choose one that is larger than the number of passwords that they are
    /// likely to mistype.
    pub fn client_guess_limit(mut self, burst: u32, period: Duration) -> Self {
        self.client_guess_limit = (burst, period);
        self
    }

    /// Sets how user-ids are normalized for the guess limit. By default, surrounding white space is removed,
    /// and letters are converted to lower case.
    ///
    /// User-ids with the same normalized form share a limit. Give the same form to all user-ids that are
    /// accepted for the same user. For example, remove accents if the collation of the store ignores them.
    /// Otherwise, with a check function, each spelling has a separate limit. A user store reports which
    /// account it found, but if spellings with different forms share a limit, an attacker can tell that the
    /// user exists. The store and the function always receive the user-id as it was sent.
    ///
    /// ```
    /// use portcullis::{BasicVerifier, Identity};
    ///
    /// // `alice+orders@example.com` is the same user as `alice@example.com`.
    /// fn without_tag(user_id: &str) -> String {
    ///     let user_id = user_id.trim().to_lowercase();
    ///     match user_id.split_once('@') {
    ///         Some((name, domain)) => {
    ///             format!("{}@{domain}", name.split('+').next().unwrap_or_default())
    ///         }
    ///         None => user_id,
    ///     }
    /// }
    /// assert_eq!(without_tag("Alice+orders@example.com"), "alice@example.com");
    ///
    /// let builder = BasicVerifier::builder(async |_| Ok(Some(Identity::assertion().build())));
    /// assert!(builder.normalize_user_id(without_tag).build().is_ok());
    /// ```
    pub fn normalize_user_id(
        mut self,
        normalize: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.normalize_user_id = Box::new(normalize);
        self
    }

    /// Disables the guess limits, both for accounts and for clients. Clients can then try any number
    /// of passwords.
    ///
    /// Use it only if something else limits failed attempts for each user, such as the function that
    /// checks the password.
    pub fn no_guess_limit(mut self) -> Self {
        self.guess_limit = None;
        self
    }

    /// Limits the number of password checks that run or wait at the same time, including the look-up in the
    /// user store. It must be at least 1; the default is 128.
    ///
    /// A request beyond the limit is rejected with 503 and `Retry-After: 1`. Credentials that were
    /// verified within the last 24 hours have a separate limit of the same size, so a flood of guesses
    /// doesn't affect them. For all others, a client ([`GuessKey`](crate::credentials::GuessKey)) can use at most a
    /// quarter of the limit, rounded up.
    pub fn max_checks(mut self, checks: usize) -> Self {
        self.max_checks = checks;
        self
    }

    /// Limits the number of password hashes that are computed at the same time. It must be at least 1. The
    /// default is one less than the number of processors, but at least 1, which leaves a processor for
    /// other requests.
    ///
    /// At the recommended cost of Argon2, each hash needs 19 MiB of memory. Checks beyond the limit wait,
    /// and those of credentials that were verified within the last 24 hours go first. Without a user
    /// store, this setting has no effect.
    #[cfg(feature = "password-hash")]
    pub fn max_parallel_hashes(mut self, hashes: usize) -> Self {
        self.max_parallel_hashes = Some(hashes);
        self
    }

    /// Counts the attempts for each account together with other replicas, in a store such as
    /// [`RedisGuesses`](crate::redis::RedisGuesses). By default, each replica counts on its own, so an attacker who reaches
    /// `n` replicas has `n` times the attempts.
    ///
    /// `key` must be the same on all replicas, and consist of at least 32 random bytes. Accounts and clients are stored as
    /// digests with this key, so the store doesn't reveal them.
    ///
    /// - The limits are those of [`guess_limit`](Self::guess_limit), and must be the same on all replicas. The
    ///   limit for each client ([`client_guess_limit`](Self::client_guess_limit)) is still counted by each replica.
    /// - A password check takes one operation of the store, and a second one if the password is correct. Cached outcomes
    ///   take none.
    /// - While the store is unreachable, each replica counts on its own, starting with all attempts. Passwords are still
    ///   accepted, and a warning is logged once per minute.
    ///
    #[cfg_attr(
        feature = "redis",
        doc = r#"```
use portcullis::{BasicVerifier, Identity, Secret, redis::Redis};

let redis = Redis::new("redis://127.0.0.1:6379")?;
let verifier = BasicVerifier::builder(async |_| Ok(Some(Identity::assertion().build())))
    .shared_guess_limit(redis.guesses(), Secret::from("thirty-two random bytes, at least"))
    .build();
assert!(verifier.is_ok());
# Ok::<(), portcullis::ConfigError>(())
```"#
    )]
    pub fn shared_guess_limit(mut self, store: impl GuessStore, key: Secret) -> Self {
        self.shared_guesses = Some((Arc::new(store), key));
        self
    }

    /// Sets the key for [`BasicVerifier::export_known_passwords`]. It must consist of at least 32 random
    /// bytes, and be the same after a restart and on all replicas. By default, a key is generated, and
    /// nothing can be exported.
    pub fn known_passwords_key(mut self, key: Secret) -> Self {
        self.known_passwords_key = Some(key);
        self
    }

    /// Sets the clock for the cache and the guess limit. The default is [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`], which names the value, if [`cache_for`](Self::cache_for),
    /// [`guess_limit`](Self::guess_limit), [`client_guess_limit`](Self::client_guess_limit),
    /// [`max_checks`](Self::max_checks),
    #[cfg_attr(
        feature = "password-hash",
        doc = "[`max_parallel_hashes`](Self::max_parallel_hashes)"
    )]
    #[cfg_attr(not(feature = "password-hash"), doc = "`max_parallel_hashes`")]
    /// or the length of [`known_passwords_key`](Self::known_passwords_key) or of the key of
    /// [`shared_guess_limit`](Self::shared_guess_limit) is out of range.
    pub fn build(mut self) -> Result<BasicVerifier, ConfigError> {
        if self.cache_for > MAX_AGE {
            let value = format!("{} s", self.cache_for.as_secs_f64());
            return Err(ConfigError::new("cache_for", value, "must be at most 24 hours"));
        }
        let key = self.known_passwords_key.as_ref();
        let shared_key = self.shared_guesses.as_ref().map(|(_, key)| key);
        for (what, key) in [("known_passwords_key", key), ("shared_guess_limit key", shared_key)] {
            if key.is_some_and(|key| key.expose().len() < MIN_KEY) {
                let problem = "must be at least 32 bytes long";
                return Err(ConfigError::new(what, "[redacted]", problem));
            }
        }
        self.check.set_parallel_hashes(self.max_parallel_hashes)?;
        Ok(BasicVerifier::new(VerifierState {
            accounts: Accounts::new(self.normalize_user_id, shared_key),
            cache: PasswordCache::new(key),
            cache_for: self.cache_for,
            limiter: limiter(self.guess_limit, self.client_guess_limit)?,
            permits: CheckPermits::new(self.max_checks)?,
            shared: self.shared_guesses.map(|(store, _)| SharedGuesses::new(store)),
            clock: self.clock,
            check: self.check,
        }))
    }
}

fn limiter(
    account: Option<(u32, Duration)>,
    client: (u32, Duration),
) -> Result<Option<GuessLimiter>, ConfigError> {
    let Some((burst, period)) = account else { return Ok(None) };
    let account = Rate::new(burst, period, ["guess_limit burst", "guess_limit period"])?;
    let (burst, period) = client;
    let names = ["client_guess_limit burst", "client_guess_limit period"];
    Ok(Some(GuessLimiter::new(account, Rate::new(burst, period, names)?)))
}

impl fmt::Debug for BasicVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicVerifierBuilder")
            .field("cache_for", &self.cache_for)
            .field("guess_limit", &self.guess_limit)
            .field("client_guess_limit", &self.client_guess_limit)
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
        let range =
            "must be between 1 ms and 24 hours; to disable the limit, use `no_guess_limit()`";
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
                    "guess_limit burst `0`: must be at least 1; to disable the limit, use `no_guess_limit()`"
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

    #[test]
    fn the_limit_for_clients_has_the_same_ranges_under_its_own_name() {
        for (burst, period, what) in [
            (0, HOUR, Some("client_guess_limit burst")),
            (1, Duration::ZERO, Some("client_guess_limit period")),
            (1, 25 * HOUR, Some("client_guess_limit period")),
            (1, MILLISECOND, None),
        ] {
            let error = builder().client_guess_limit(burst, period).build().err();
            assert_eq!(error.as_ref().map(ConfigError::what), what);
        }
        assert!(builder().client_guess_limit(0, HOUR).no_guess_limit().build().is_ok());
    }

    #[test]
    fn a_short_key_is_rejected_without_being_shown() {
        let secret = "31 bytes are not a key, are they";
        let error = builder().known_passwords_key(Secret::from(&secret[1..])).build().unwrap_err();
        let shown = "known_passwords_key `[redacted]`: must be at least 32 bytes long";
        assert_eq!(error.to_string(), shown);
        assert!(builder().known_passwords_key(Secret::from(secret)).build().is_ok());
    }

    #[cfg(feature = "password-hash")]
    #[test]
    fn at_least_one_hash_is_computed_at_a_time() {
        let builder = || BasicVerifier::users(crate::basic::MemoryUserStore::new());
        for (hashes, valid) in [(0, false), (1, true), (usize::MAX, false)] {
            let error = builder().max_parallel_hashes(hashes).build().err();
            let what = error.as_ref().map(ConfigError::what);
            assert_eq!(what, (!valid).then_some("max_parallel_hashes"), "{hashes}");
        }
    }
}
