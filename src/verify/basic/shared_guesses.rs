//! The limit for each account, counted with other replicas.

use std::sync::Arc;

use super::{
    accounts::{Account, Client},
    guess_limiter::{Attempt, GuessLimiter, Limited},
    guess_store::{Guess, GuessStore},
};
use crate::{
    Error,
    claims::NumericDate,
    telemetry::{self, Throttle},
};

/// Counts attempts in a store. While the store is unreachable, this replica counts on its own.
pub(super) struct SharedGuesses {
    store: Arc<dyn GuessStore>,
    throttle: Throttle,
}

impl SharedGuesses {
    pub(super) fn new(store: Arc<dyn GuessStore>) -> Self {
        Self { store, throttle: Throttle::default() }
    }

    /// Takes an attempt. The limit for each client is that of this replica.
    pub(super) async fn try_acquire(
        &self,
        limiter: &GuessLimiter,
        account: Account,
        client: Option<Client>,
        now: std::time::SystemTime,
    ) -> Result<Attempt, Limited> {
        limiter.charge_client(client, now)?;
        let guess = limiter.guess(account, client, now);
        let outcome = match self.store.take(&guess).await {
            Ok(None) => Ok(Attempt::shared(account, client, guess)),
            Ok(Some(wait)) => Err(Limited::Account(wait)),
            Err(error) => {
                self.report(&error, now);
                limiter.take_local(account, client, now)
            }
        };
        if outcome.is_err() {
            limiter.refund_client(client);
        }
        outcome
    }

    /// Refunds an attempt. If that fails, the attempt counts.
    pub(super) async fn refund(&self, guess: &Guess, now: std::time::SystemTime) {
        if let Err(error) = self.store.refund(guess).await {
            self.report(&error, now);
        }
    }

    fn report(&self, error: &Error, now: std::time::SystemTime) {
        if let Some(count) = self.throttle.count("guesses", NumericDate::from_system_time(now)) {
            telemetry::guess_store_unreachable(error, count);
        }
    }
}
