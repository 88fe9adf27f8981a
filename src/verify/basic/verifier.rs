//! The verifier of user-ids and passwords.

use std::{
    fmt,
    future::{Future, ready},
    sync::Arc,
    time::Duration,
};

use super::{
    KnownPasswordsError,
    builder::BasicVerifierBuilder,
    check::{Check, CheckFuture},
    verifier_state::VerifierState,
};
#[cfg(feature = "password-hash")]
use super::{UserStore, users::Users};
use crate::{
    BasicCredentials, Error, Identity, Verification, Verify,
    verify::{Revocation, RevokeFuture},
};

/// A verifier for user-ids and passwords of the Basic scheme ([RFC 7617]).
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
/// | incorrect password, or unknown user | 401, [`ErrorKind::InvalidCredentials`](crate::ErrorKind::InvalidCredentials) |
/// | guess limit exceeded | 429 with `Retry-After`, [`ErrorKind::TooManyAttempts`](crate::ErrorKind::TooManyAttempts) |
/// | too many concurrent checks | 503 with `Retry-After: 1`, [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) |
/// | the function or the store fails | the error that it returned |
///
/// With a user store, an unknown user costs the same work and gets the same response as an incorrect
/// password, so that responses don't reveal which users exist.
///
/// # Guess limit
///
/// An account allows 20 incorrect passwords at once, and one more every 10 seconds
/// ([`guess_limit`](BasicVerifierBuilder::guess_limit)). That is 8,660 guesses in the first day, no matter
/// how many clients guess. Further requests are rejected before their password is checked, and before the
/// store is queried.
///
/// Attempts are counted for the user that the store finds, no matter how the user-id is spelled
#[cfg_attr(
    feature = "password-hash",
    doc = "([`UserRecord::account`](super::UserRecord::account))."
)]
#[cfg_attr(not(feature = "password-hash"), doc = "(`UserRecord::account`).")]
/// If there is no such user, and with a function, they are counted for the user-id without surrounding
/// spaces and in lower case ([`normalize_user_id`](BasicVerifierBuilder::normalize_user_id)).
///
/// They are also counted for the client: 100 incorrect passwords at once, and one more every second, for any
/// users ([`client_guess_limit`](BasicVerifierBuilder::client_guess_limit)).
/// [`AuthenticateLayer::guess_key`](crate::AuthenticateLayer::guess_key) determines what identifies a
/// client, usually its address. Configure it, because nothing else distinguishes a user from an attacker who
/// guesses the user's password.
///
/// A client that repeats the same incorrect credentials uses one attempt as long as their outcome is
/// cached ([`cache_for`](BasicVerifierBuilder::cache_for)). An attempt that ends in a server error isn't
/// counted.
///
/// ## How long an attacker can lock a user out
///
/// | the correct password | is accepted |
/// |---|---|
/// | was verified within the last 24 hours | immediately: it is exempt from the limit and has separate permits |
/// | first seen by this process | within `(n + 1) × 10 s`, if `n` other clients guess at the same account: 20 seconds for one attacker, no matter how fast |
/// | first seen, without a guess key | after `(r + 1) × 10 s` on average, if others send `r` requests for each request of the client |
///
/// If an account has no attempts left, each client that asks for one gets the next attempt that becomes
/// available as its turn, and no second one before it has used the first. `Retry-After` contains the time
/// until the turn comes, and the turn is kept for a minute. An account has up to 360 turns, so the longest
/// wait is one hour. If more than 360 clients guess, the others compete for the turns that become free.
///
/// Clients without a guess key count as one client, so the first request from any of them uses the turn.
/// At 400 guesses per second, a user who retries every second waits 67 minutes on average.
///
/// Guesses at other accounts don't affect an account, but they use the processors. If a hash takes 20 ms, one
/// thread checks 50 passwords per second, and an attacker needs more than 50 addresses to keep it busy,
/// because of the limit for each client. A client has at most a quarter of the permits
/// ([`max_checks`](BasicVerifierBuilder::max_checks)), so a correct password waits behind at most 127 others
/// (2.5 seconds), unless four or more clients use all permits at the same time, in which case it is rejected
/// with 503 and `Retry-After: 1`.
///
/// Verified credentials remain exempt after a restart, and are exempt on all replicas, if the service
/// exports and imports them: see [`export_known_passwords`](Self::export_known_passwords).
///
/// Each replica counts on its own, unless they
/// [share the counts](BasicVerifierBuilder::shared_guess_limit).
///
/// # Memory
///
/// The state is bounded, no matter how many user-ids an attacker invents: 1 MiB for the guess limit, the
/// accounts of 10,000 user-ids, and the outcomes of 10,000 correct and 10,000 incorrect credentials. If more
/// than 32,768 accounts have incorrect passwords at the same time, the ones with the fewest are evicted. The
/// cache contains keyed digests instead of passwords; the key is random and never leaves the process, unless
/// the service provides one.
///
/// Clones share this state.
///
/// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
#[derive(Clone)]
pub struct BasicVerifier(Arc<VerifierState>);

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
    /// Hashes are computed on tokio's blocking threads, and on one less of them than there are processors, so
    /// that other requests have a processor left. See
    /// [`max_parallel_hashes`](BasicVerifierBuilder::max_parallel_hashes).
    #[cfg(feature = "password-hash")]
    pub fn users(store: impl UserStore) -> BasicVerifierBuilder {
        BasicVerifierBuilder::new(Check::Users(Users::new(store)), Duration::from_secs(300))
    }

    pub(super) fn new(state: VerifierState) -> Self {
        Self(Arc::new(state))
    }

    /// Removes the cached outcomes of password checks for a user, so that the next password is checked.
    ///
    /// `user` is a user-id, or the subject of the user's identity. This also ends the exemption from
    /// the guess limit. Changes in a user store take effect without a call to this method.
    pub fn invalidate(&self, user: &str) {
        self.0.cache.invalidate(user);
    }

    /// Returns the credentials that were verified within the last 24 hours, as bytes that
    /// [`import_known_passwords`](Self::import_known_passwords) reads, after a restart or on another replica.
    /// Both require a key: see [`known_passwords_key`](BasicVerifierBuilder::known_passwords_key).
    ///
    /// Imported credentials are exempt from the guess limit and use separate permits, as if this process had
    /// verified them when the other one did. Their password is still checked.
    ///
    /// The bytes contain at most 10,000 credentials, 136 bytes each, as digests. Without the key, they reveal
    /// neither user-ids nor passwords. With the key, passwords can be guessed a million times faster than with
    /// their hashes, so store the key separately from the bytes.
    ///
    /// ```
    /// use portcullis::{BasicCredentials, BasicVerifier, ErrorKind, Identity, Secret, Verify};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let key = || Secret::from([7; 32].as_slice());
    /// # async fn guess_often(verifier: &BasicVerifier) {
    /// #     for guess in 0..100 {
    /// #         let guess = BasicCredentials::new("alice", &guess.to_string());
    /// #         let _ = verifier.verify(guess).wait().await;
    /// #     }
    /// # }
    /// let start = || {
    ///     let verifier = BasicVerifier::builder(async |credentials: BasicCredentials| {
    ///         let is_correct = Secret::from(credentials.password()) == Secret::from("open sesame");
    ///         Ok(is_correct.then(|| Identity::assertion().subject("alice").build()))
    ///     });
    ///     verifier.known_passwords_key(key()).build()
    /// };
    /// let correct = || BasicCredentials::new("alice", "open sesame");
    /// let verifier = start()?;
    /// verifier.verify(correct()).wait().await?;
    /// let exported = verifier.export_known_passwords()?;
    ///
    /// // After a restart, someone guesses until the limit is exceeded.
    /// let verifier = start()?;
    /// assert_eq!(verifier.import_known_passwords(&exported)?, 1);
    /// guess_often(&verifier).await;
    /// let guess = BasicCredentials::new("alice", "abracadabra");
    /// let result = verifier.verify(guess).wait().await;
    /// assert_eq!(result.unwrap_err().kind(), ErrorKind::TooManyAttempts);
    /// assert!(verifier.verify(correct()).wait().await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`KnownPasswordsError::NoKey`] if no key is set.
    pub fn export_known_passwords(&self) -> Result<Vec<u8>, KnownPasswordsError> {
        self.0.cache.export(self.0.clock.now())
    }

    /// Adds credentials that another process verified within the last 24 hours, and returns how many were
    /// added. See [`export_known_passwords`](Self::export_known_passwords).
    ///
    /// # Errors
    ///
    /// Returns [`KnownPasswordsError`] if no key is set, or if `exported` isn't an export with the same
    /// key. In that case, nothing is added, and the service can start without the exported credentials.
    pub fn import_known_passwords(&self, exported: &[u8]) -> Result<usize, KnownPasswordsError> {
        self.0.cache.import(exported, self.0.clock.now())
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
        let state = Arc::clone(&self.0);
        Verification::pending(async move { state.verify(credentials).await })
    }

    /// Invalidates the cached outcomes of a revoked subject (see [`invalidate`](Self::invalidate)), so that
    /// its next password is checked again. Other revocations apply only to tokens.
    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        if let Some(subject) = revocation.revoked_subject() {
            self.invalidate(subject);
        }
        Box::pin(ready(Ok(())))
    }
}

impl fmt::Debug for BasicVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicVerifier")
            .field("accounts", &self.0.accounts)
            .field("cache", &self.0.cache)
            .field("cache_for", &self.0.cache_for)
            .field("limiter", &self.0.limiter)
            .finish_non_exhaustive()
    }
}
