//! The state that clones of a verifier share, and the order in which it is asked.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    accounts::{Account, Accounts, Client},
    check::Check,
    check_permits::{CheckPermit, CheckPermits},
    guess_limiter::{Attempt, GuessLimiter},
    password_cache::PasswordCache,
    shared_guesses::SharedGuesses,
};
use crate::{BasicCredentials, Clock, Error, ErrorKind, Identity};

/// The state of a [`BasicVerifier`](super::BasicVerifier).
pub(super) struct VerifierState {
    pub(super) check: Check,
    pub(super) accounts: Accounts,
    pub(super) cache: PasswordCache,
    pub(super) cache_for: Duration,
    pub(super) limiter: Option<GuessLimiter>,
    /// Counts the attempts for each account in the place of `limiter`.
    pub(super) shared: Option<SharedGuesses>,
    pub(super) permits: CheckPermits,
    pub(super) clock: Arc<dyn Clock>,
}

/// A permit for a password check, and the attempt that was charged for it.
struct Admission {
    permit: CheckPermit,
    /// `None` if the credentials are exempt, or if there is no limit.
    attempt: Option<Attempt>,
}

impl VerifierState {
    /// Verifies credentials: first by the cache, then by the limits, and then by a check.
    pub(super) async fn verify(&self, credentials: BasicCredentials) -> Result<Identity, Error> {
        let now = self.clock.now();
        let spelling = self.accounts.spelling(&credentials);
        let client = credentials.guess_key().map(|key| self.accounts.client(key));
        let candidate = self.cache.look_up(&credentials, now);
        // Guesses are limited before the store is queried. Only for known credentials, the stored hash
        // decides whether they are exempt.
        let admitted = if candidate.is_known(self.cache_for) {
            None
        } else {
            Some(self.admit(self.accounts.expected(spelling), client, now).await?)
        };
        let user = match self.check.look_up(credentials.user_id()).await {
            Ok(user) => user,
            Err(error) => {
                self.refund(admitted.and_then(|admission| admission.attempt), now).await;
                return Err(error);
            }
        };
        let account = self.accounts.resolve(spelling, user.account_id());
        let cached = self.cache.confirm(candidate, user.password_hash());
        if let Some(identity) = cached.verified_within(self.cache_for) {
            // The identity in the store may have changed since the password was checked.
            return Ok(user.identity().unwrap_or(identity).clone());
        }
        if cached.rejected_within(self.cache_for) {
            return Err(ErrorKind::InvalidCredentials.into());
        }
        let Admission { permit, attempt } = match admitted {
            Some(admission) => self.transfer(admission, account, client, now).await?,
            // Exempt, so that the guesses of others can't lock their client out.
            None if cached.is_recently_verified() => {
                Admission { permit: self.permits.try_acquire_for_verified()?, attempt: None }
            }
            None => self.admit(account, client, now).await?,
        };
        let checked = self.check.verify(credentials, account, user, permit).await;
        let is_correct = matches!(checked, Ok(Some(_)));
        let is_unknown = checked.as_ref().is_err_and(|error| error.status().is_server_error());
        if is_correct || is_unknown {
            self.refund(attempt, now).await;
        }
        let result = checked
            .and_then(|identity| identity.ok_or_else(|| ErrorKind::InvalidCredentials.into()));
        match &result {
            Ok(identity) => self.cache.insert_correct(&cached, identity, now),
            Err(error) if error.kind() == ErrorKind::InvalidCredentials => {
                self.cache.insert_incorrect(&cached, now);
            }
            // Another error, such as a locked account, is not cached: the next request is checked again.
            Err(_) => {}
        }
        result
    }

    /// Takes a permit and charges an attempt. It is charged before the check and refunded after it, so that
    /// concurrent guesses count too.
    async fn admit(
        &self,
        account: Account,
        client: Option<Client>,
        now: SystemTime,
    ) -> Result<Admission, Error> {
        let permit = self.permits.try_acquire(client)?;
        let attempt = match &self.limiter {
            Some(limiter) => Some(self.acquire(limiter, account, client, now).await?),
            None => None,
        };
        Ok(Admission { permit, attempt })
    }

    async fn acquire(
        &self,
        limiter: &GuessLimiter,
        account: Account,
        client: Option<Client>,
        now: SystemTime,
    ) -> Result<Attempt, Error> {
        Ok(match &self.shared {
            Some(shared) => shared.try_acquire(limiter, account, client, now).await?,
            None => limiter.try_acquire(account, client, now)?,
        })
    }

    /// Charges the attempt to the account that the store found, if it isn't the expected one.
    async fn transfer(
        &self,
        admission: Admission,
        account: Account,
        client: Option<Client>,
        now: SystemTime,
    ) -> Result<Admission, Error> {
        let Admission { permit, attempt } = admission;
        let (Some(charged), Some(limiter)) = (attempt, &self.limiter) else {
            return Ok(Admission { permit, attempt });
        };
        if charged.account == account {
            return Ok(Admission { permit, attempt });
        }
        self.refund(attempt, now).await;
        let attempt = self.acquire(limiter, account, client, now).await?;
        Ok(Admission { permit, attempt: Some(attempt) })
    }

    async fn refund(&self, attempt: Option<Attempt>, now: SystemTime) {
        let (Some(attempt), Some(limiter)) = (attempt, &self.limiter) else { return };
        limiter.refund(attempt);
        if let (Some(shared), Some(guess)) = (&self.shared, &attempt.shared) {
            shared.refund(guess, now).await;
        }
    }
}
