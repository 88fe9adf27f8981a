//! The verifier of user-ids and passwords.

use std::{fmt, future::Future, sync::Arc, time::Duration};

#[cfg(feature = "password-hash")]
use super::{UserStore, users::Users};
use super::{
    check::{Check, CheckFuture},
    check_permits::CheckPermits,
    guess_limiter::GuessLimiter,
    password_cache::PasswordCache,
};
use crate::{
    BasicCredentials, Clock, Error, ErrorKind, Identity, SystemClock, Verification, Verify,
    verify::Revocation,
};

/// Verifies user-id and password ([RFC 7617]), by a function of yours or
#[cfg_attr(feature = "password-hash", doc = "by the password hashes of a [`UserStore`].")]
#[cfg_attr(not(feature = "password-hash"), doc = "(feature `password-hash`) by password hashes.")]
///
/// ```
/// # use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::{BasicCredentials, BasicVerifier, Identity, Verify};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), portcullis::Error> {
/// let verifier = BasicVerifier::new(async |credentials: BasicCredentials| {
///     let is_right = credentials.password() == "open sesame";
///     Ok(is_right.then(|| Identity::assertion().subject(credentials.user_id()).build()))
/// });
/// # let line = HeaderValue::from_static("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// # let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
/// let aladdin = BasicCredentials::from_headers(&headers)?;
/// let identity = verifier.verify(aladdin).wait().await?;
/// assert_eq!(identity.subject(), Some("Aladdin"));
/// # Ok(())
/// # }
/// ```
///
/// Wrong credentials are refused with 401 and without a word on what is wrong. An unknown user costs
/// the same work and gets the same answer as a wrong password.
///
/// # Guessing
///
/// For each user-id there may be twenty wrong attempts, and one more every ten seconds; past that
/// the answer is [`ErrorKind::TooManyAttempts`], unread ([`wrong_attempts`](Self::wrong_attempts)).
/// This can't be used to lock the user out who has the password: credentials that were right within
/// the last day, since this process started, are checked without counting. Only a client that was
/// never seen before has to wait its turn while someone else guesses. Nor do clients that go on with
/// an old password: the same wrong credentials again are no attempt ([`remember_for`]). Where requests come from is
/// not looked at: behind a proxy they all come from there. Limit by address there as well.
///
/// What is kept for this is bounded, however many user-ids a stranger makes up, and it is no
/// passwords: keyed digests, whose key dies with the process.
///
/// A clone shares all of this.
///
/// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
/// [`remember_for`]: Self::remember_for
#[derive(Clone)]
pub struct BasicVerifier(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    check: Arc<Check>,
    cache: Arc<PasswordCache>,
    remember_for: Duration,
    limiter: Arc<GuessLimiter>,
    permits: CheckPermits,
    clock: Arc<dyn Clock>,
}

impl BasicVerifier {
    /// Asks `check`, which says who it is, or `None` if the credentials are wrong. An error is for
    /// what can't be judged, such as [`Error::unavailable`].
    ///
    /// A function that keeps something returns an `async move` block:
    ///
    /// ```
    /// # use std::{collections::HashMap, sync::Arc};
    /// # use portcullis::{BasicCredentials, BasicVerifier, Error, Identity, Secret};
    /// let clients: Arc<HashMap<&str, Secret>> =
    ///     Arc::new(HashMap::from([("orders", Secret::from("correct horse battery staple"))]));
    /// let verifier = BasicVerifier::new(move |credentials: BasicCredentials| {
    ///     let clients = Arc::clone(&clients);
    ///     async move {
    ///         let secret = clients.get(credentials.user_id());
    ///         let is_right = secret.is_some_and(|s| *s == Secret::from(credentials.password()));
    ///         Ok(is_right.then(|| Identity::assertion().client_id(credentials.user_id()).build()))
    ///     }
    /// });
    /// # let _ = verifier;
    /// ```
    pub fn new<F, V>(check: F) -> Self
    where
        F: Fn(BasicCredentials) -> V + Send + Sync + 'static,
        V: Future<Output = Result<Option<Identity>, Error>> + Send + 'static,
    {
        let check = move |credentials| -> CheckFuture { Box::pin(check(credentials)) };
        Self::with_check(Check::Function(Box::new(check)), Duration::ZERO)
    }

    /// Looks users up in `store` and checks passwords against their hashes, on threads of their own.
    #[cfg(feature = "password-hash")]
    pub fn users(store: impl UserStore) -> Self {
        Self::with_check(Check::Users(Users::new(store)), Duration::from_secs(300))
    }

    fn with_check(check: Check, remember_for: Duration) -> Self {
        Self(Arc::new(Inner {
            check: Arc::new(check),
            cache: Arc::new(PasswordCache::new()),
            remember_for,
            limiter: Arc::new(GuessLimiter::new(20, Duration::from_secs(10))),
            permits: CheckPermits::new(128),
            clock: Arc::new(SystemClock),
        }))
    }

    /// How long credentials that were right are right without another check, and wrong ones wrong.
    ///
    /// Five minutes by default with password hashes, which take tens of milliseconds on purpose
    /// while Basic sends the password with every request. The store is asked all the same, so
    /// nothing is out of date: with another hash on file the password is checked again, and a user
    /// who is gone is gone. Nothing by default with a function, since whether it would still say
    /// the same can't be known: this is how late a new password is noticed.
    #[must_use]
    pub fn remember_for(mut self, time: Duration) -> Self {
        self.inner_mut().remember_for = time;
        self
    }

    /// How many attempts at a user-id may be wrong: `at_once`, and one more after each `refill`. No
    /// `refill` is no limit. Twenty, and one every ten seconds, by default.
    #[must_use]
    pub fn wrong_attempts(mut self, at_once: u32, refill: Duration) -> Self {
        self.inner_mut().limiter = Arc::new(GuessLimiter::new(at_once, refill));
        self
    }

    /// How many checks may be under way or wait for their turn. A request past that is answered
    /// with 503. 128 by default, and as many again for credentials that were right within the last
    /// day, so that a flood of others leaves them their places.
    #[must_use]
    pub fn max_checks(mut self, checks: usize) -> Self {
        self.inner_mut().permits = CheckPermits::new(checks);
        self
    }

    /// What time it is. [`SystemClock`] by default.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.inner_mut().clock = Arc::new(clock);
        self
    }

    /// Forgets what was found about this user's credentials: the next ones are checked.
    pub fn invalidate(&self, user_id: &str) {
        self.0.cache.invalidate(user_id);
    }

    /// How many hashes were computed.
    #[cfg(all(test, feature = "password-hash", feature = "testing"))]
    pub(super) fn hashes_computed(&self) -> usize {
        match &*self.0.check {
            Check::Function(_) => 0,
            Check::Users(users) => users.passwords.hashes_computed(),
        }
    }

    fn inner_mut(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

impl Inner {
    async fn verify(&self, credentials: BasicCredentials) -> Result<Identity, Error> {
        let user = self.check.look_up(credentials.user_id()).await?;
        let now = self.clock.now();
        let cached = self.cache.look_up(&credentials, user.password_hash(), now);
        if let Some(identity) = cached.verified_within(self.remember_for) {
            // The identity in the store may have changed since the password was checked.
            return Ok(user.identity().unwrap_or(identity).clone());
        }
        if cached.rejected_within(self.remember_for) {
            return Err(ErrorKind::InvalidCredentials.into());
        }
        let permit = self.permits.try_acquire(cached.is_recently_verified())?;
        // Charged before the check, so that concurrent guesses count too. Recently verified credentials
        // are not charged, so that the guesses of others can't lock their client out.
        if !cached.is_recently_verified() {
            self.limiter
                .try_acquire(cached.user_id(), now)
                .map_err(|wait| Error::new(ErrorKind::TooManyAttempts).with_retry_after(wait))?;
        }
        let checked = self.check.verify(credentials, user, permit).await;
        let is_correct = matches!(checked, Ok(Some(_)));
        let is_unknown = checked.as_ref().is_err_and(|error| error.status().is_server_error());
        if (is_correct || is_unknown) && !cached.is_recently_verified() {
            self.limiter.refund(cached.user_id());
        }
        let result = checked
            .and_then(|identity| identity.ok_or_else(|| ErrorKind::InvalidCredentials.into()));
        match &result {
            Ok(identity) => self.cache.insert_correct(cached, identity, now),
            Err(error) if error.kind() == ErrorKind::InvalidCredentials => {
                self.cache.insert_incorrect(cached, now);
            }
            // Another error, such as a locked account, is not cached: the next request is checked again.
            Err(_) => {}
        }
        result
    }
}

impl Verify<BasicCredentials> for BasicVerifier {
    fn verify(&self, credentials: BasicCredentials) -> Verification {
        let inner = Arc::clone(&self.0);
        Verification::pending(async move { inner.verify(credentials).await })
    }

    /// Forgets what was found about the credentials of a [`Revocation::Subject`]; the next ones are
    /// checked.
    fn revoke(&self, revocation: &Revocation) {
        if let Revocation::Subject(subject) = revocation {
            self.invalidate(subject);
        }
    }
}

impl fmt::Debug for BasicVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicVerifier")
            .field("cache", &self.0.cache)
            .field("remember_for", &self.0.remember_for)
            .field("limiter", &self.0.limiter)
            .finish_non_exhaustive()
    }
}
