//! The verifier of user-ids and passwords.

use std::{
    fmt,
    future::{Future, ready},
    sync::Arc,
    time::Duration,
};

#[cfg(feature = "password-hash")]
use super::{UserStore, users::Users};
use super::{
    builder::BasicVerifierBuilder,
    check::{Check, CheckFuture},
    check_permits::CheckPermits,
    guess_limiter::GuessLimiter,
    password_cache::PasswordCache,
};
use crate::{
    BasicCredentials, Clock, Error, ErrorKind, Identity, Verification, Verify,
    verify::{Revocation, RevokeFuture},
};

/// Verifies user-ids and passwords of the Basic scheme ([RFC 7617]).
///
/// Passwords are checked by a function of the service ([`builder`](Self::builder)),
#[cfg_attr(
    feature = "password-hash",
    doc = "or against the password hashes of a [`UserStore`] ([`users`](Self::users))."
)]
#[cfg_attr(
    not(feature = "password-hash"),
    doc = "or, with the feature `password-hash`, against the password hashes of a user store."
)]
///
/// ```
/// use portcullis::{BasicCredentials, BasicVerifier, Identity, Secret, Verify};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let verifier = BasicVerifier::builder(async |credentials: BasicCredentials| {
///     let is_correct = Secret::from(credentials.password()) == Secret::from("open sesame");
///     Ok(is_correct.then(|| Identity::assertion().subject(credentials.user_id()).build()))
/// })
/// .build()?;
///
/// let credentials = BasicCredentials::new("Aladdin", "open sesame");
/// let identity = verifier.verify(credentials).wait().await?;
/// assert_eq!(identity.subject(), Some("Aladdin"));
///
/// let credentials = BasicCredentials::new("Aladdin", "abracadabra");
/// let error = verifier.verify(credentials).wait().await.unwrap_err();
/// assert_eq!(error.status(), 401);
/// # Ok(())
/// # }
/// ```
///
/// | credentials | outcome |
/// |---|---|
/// | correct password | the user's [`Identity`] |
/// | incorrect password, or unknown user | 401, [`ErrorKind::InvalidCredentials`] |
/// | guess limit exceeded | 429 with `Retry-After`, [`ErrorKind::TooManyAttempts`] |
/// | too many concurrent checks | 503 with `Retry-After: 1`, [`ErrorKind::Unavailable`] |
/// | the function or the store fails | the error that it returned |
///
/// With a user store, an unknown user costs the same work and gets the same response as an incorrect
/// password, so that responses don't reveal which users exist.
///
/// # Guess limit
///
/// For each user-id, 20 incorrect passwords are checked at once, and one more every 10 seconds. Further
/// requests are rejected before their password is checked. [`BasicVerifierBuilder::guess_limit`] changes
/// these numbers.
///
/// An attacker can't use the limit to lock a user out, because credentials that this process verified
/// within the last 24 hours are exempt. A client whose credentials weren't verified in that time has to
/// wait for an attempt while someone else guesses.
///
/// A client that repeats the same incorrect credentials uses one attempt as long as their outcome is
/// cached ([`BasicVerifierBuilder::cache_for`]). An attempt that ends in a server error isn't counted.
///
/// The limit ignores client addresses, because behind a proxy all requests come from the same one. Limit
/// requests by address at the proxy as well.
///
/// # Memory
///
/// The state is bounded, no matter how many user-ids an attacker makes up: 64 KiB for the guess limit,
/// and the outcomes of 10,000 correct and 10,000 incorrect credentials. The cache contains keyed digests
/// instead of passwords; the key is random and never leaves the process.
///
/// Clones share this state.
///
/// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
#[derive(Clone)]
pub struct BasicVerifier(Arc<Inner>);

pub(super) struct Inner {
    pub(super) check: Check,
    pub(super) cache: PasswordCache,
    pub(super) cache_for: Duration,
    pub(super) limiter: Option<GuessLimiter>,
    pub(super) permits: CheckPermits,
    pub(super) clock: Arc<dyn Clock>,
}

impl BasicVerifier {
    /// Creates a builder for a verifier that checks passwords with a function.
    ///
    /// `check` returns the identity if the credentials are correct, and `None` if they aren't. It returns
    /// an error if it can't tell, such as [`Error::unavailable`] while a directory is down. Compare
    /// passwords in constant time, for example as [`Secret`](crate::Secret)s.
    ///
    /// A function that captures state returns an `async move` block:
    ///
    /// ```
    /// use std::{collections::HashMap, sync::Arc};
    ///
    /// use portcullis::{BasicCredentials, BasicVerifier, Identity, Secret, Verify};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let clients = Arc::new(HashMap::from([("orders", Secret::from("correct horse"))]));
    /// let verifier = BasicVerifier::builder(move |credentials: BasicCredentials| {
    ///     let clients = Arc::clone(&clients);
    ///     async move {
    ///         let client_id = credentials.user_id();
    ///         let given = Secret::from(credentials.password());
    ///         let is_correct = clients.get(client_id).is_some_and(|secret| *secret == given);
    ///         Ok(is_correct.then(|| Identity::assertion().client_id(client_id).build()))
    ///     }
    /// })
    /// .build()?;
    ///
    /// let credentials = BasicCredentials::new("orders", "correct horse");
    /// let identity = verifier.verify(credentials).wait().await?;
    /// assert_eq!(identity.client_id(), Some("orders"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder<F, R>(check: F) -> BasicVerifierBuilder
    where
        F: Fn(BasicCredentials) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Option<Identity>, Error>> + Send + 'static,
    {
        let check = move |credentials| -> CheckFuture { Box::pin(check(credentials)) };
        BasicVerifierBuilder::new(Check::Function(Box::new(check)), Duration::ZERO)
    }

    /// Creates a builder for a verifier that checks passwords against the hashes of `store`.
    ///
    /// Hashes are computed on tokio's blocking threads, and on no more of them than there are processors, so it
    /// doesn't delay other requests.
    #[cfg(feature = "password-hash")]
    pub fn users(store: impl UserStore) -> BasicVerifierBuilder {
        BasicVerifierBuilder::new(Check::Users(Users::new(store)), Duration::from_secs(300))
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Removes the cached outcomes of password checks for a user, so that the next password is checked.
    ///
    /// `user` is a user-id, or the subject of the user's identity. The exemption from the guess limit
    /// ends, too. Changes in a user store take effect without calling this.
    pub fn invalidate(&self, user: &str) {
        self.0.cache.invalidate(user);
    }

    /// Returns how many password hashes were computed.
    #[cfg(all(test, feature = "password-hash", feature = "testing"))]
    pub(super) fn hashes_computed(&self) -> usize {
        match &self.0.check {
            Check::Function(_) => 0,
            Check::Users(users) => users.passwords.hashes_computed(),
        }
    }
}

impl Verify<BasicCredentials> for BasicVerifier {
    fn verify(&self, credentials: BasicCredentials) -> Verification {
        let inner = Arc::clone(&self.0);
        Verification::pending(async move { inner.verify(credentials).await })
    }

    /// Has the next credentials of a revoked subject checked again, because a password outlives any revocation
    /// of tokens: see [`invalidate`](Self::invalidate). Other revocations are about tokens only.
    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        if let Some(subject) = revocation.revoked_subject() {
            self.invalidate(subject);
        }
        Box::pin(ready(Ok(())))
    }
}

impl Inner {
    async fn verify(&self, credentials: BasicCredentials) -> Result<Identity, Error> {
        let user = self.check.look_up(credentials.user_id()).await?;
        let now = self.clock.now();
        let cached = self.cache.look_up(&credentials, user.password_hash(), now);
        if let Some(identity) = cached.verified_within(self.cache_for) {
            // The identity in the store may have changed since the password was checked.
            return Ok(user.identity().unwrap_or(identity).clone());
        }
        if cached.rejected_within(self.cache_for) {
            return Err(ErrorKind::InvalidCredentials.into());
        }
        let permit = self.permits.try_acquire(cached.is_recently_verified())?;
        // Recently verified credentials are exempt, so that the guesses of others can't lock their client
        // out.
        let limiter = self.limiter.as_ref().filter(|_| !cached.is_recently_verified());
        // Charged before the check and refunded after it, so that concurrent guesses count too.
        if let Some(limiter) = limiter {
            limiter
                .try_acquire(cached.user_id(), now)
                .map_err(|wait| Error::new(ErrorKind::TooManyAttempts).with_retry_after(wait))?;
        }
        let checked = self.check.verify(credentials, user, permit).await;
        let is_correct = matches!(checked, Ok(Some(_)));
        let is_unknown = checked.as_ref().is_err_and(|error| error.status().is_server_error());
        if let Some(limiter) = limiter.filter(|_| is_correct || is_unknown) {
            limiter.refund(cached.user_id());
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

impl fmt::Debug for BasicVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicVerifier")
            .field("cache", &self.0.cache)
            .field("cache_for", &self.0.cache_for)
            .field("limiter", &self.0.limiter)
            .finish_non_exhaustive()
    }
}
