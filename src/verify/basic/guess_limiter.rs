//! Limits how often a password may be guessed.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{
    accounts::{Account, Client},
    guess_store::{Guess, GuessState},
    rate::{Rate, millis},
    time_table::TimeTable,
};
use crate::{Error, ErrorKind};

/// How far the clock may be set back, in milliseconds. If it is set back farther, the limiter is reset,
/// because times in the future would lock users out.
const MAX_STEP_BACK: u64 = 5_000;

const ACCOUNTS: usize = 32_768;
const CLIENTS: usize = 16_384;
const TURNS: usize = 16_384;

/// A limiter for incorrect passwords, per account and per client.
///
/// While an account has attempts left, any client can use them. After that, attempts are assigned: a client
/// that asks for one gets the next one that becomes available as its turn, and no second turn before it has
/// used the first. No matter how fast a client guesses, it therefore delays another client by a single period
/// only, and clients that guess at the same account share its attempts equally.
///
/// A turn is charged to the account's bucket when it is assigned. Assigning turns therefore never raises the
/// number of attempts.
pub(super) struct GuessLimiter {
    per_account: Rate,
    per_client: Rate,
    seed: RandomState,
    state: Mutex<State>,
}

struct State {
    /// For each account, the time at which its bucket is full again.
    accounts: TimeTable,
    /// For each client, the time at which its bucket is full again.
    clients: TimeTable,
    /// For each client and account, the time at which its turn comes.
    turns: TimeTable,
    /// The latest time that the clock returned.
    latest: u64,
}

/// The account and the client that were charged for one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) account: Account,
    client: Option<Client>,
    /// The attempt in the store that replicas share, if it was counted there.
    pub(super) shared: Option<Guess>,
}

/// The limit that was exceeded, and the time until the next attempt is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limited {
    Account(Duration),
    Client(Duration),
}

impl Attempt {
    pub(super) const fn shared(account: Account, client: Option<Client>, guess: Guess) -> Self {
        Self { account, client, shared: Some(guess) }
    }
}

/// An attempt of a client that isn't charged yet.
#[derive(Clone, Copy)]
struct ClientCharge {
    client: u64,
    /// When all attempts of the client are available again.
    full_at: u64,
}

impl GuessLimiter {
    pub(super) fn new(per_account: Rate, per_client: Rate) -> Self {
        let state = State {
            accounts: TimeTable::new(ACCOUNTS),
            clients: TimeTable::new(CLIENTS),
            turns: TimeTable::new(TURNS),
            latest: 0,
        };
        Self { per_account, per_client, seed: RandomState::new(), state: Mutex::new(state) }
    }

    /// Takes an attempt, or returns the time until the next one.
    pub(super) fn try_acquire(
        &self,
        account: Account,
        client: Option<Client>,
        now: SystemTime,
    ) -> Result<Attempt, Limited> {
        let (mut state, now) = self.state_at(now);
        let charge = self.client_charge(&state, client, now)?;
        self.take_turn(&mut state, account, client, now).map_err(Limited::Account)?;
        state.charge_client(charge);
        Ok(Attempt { account, client, shared: None })
    }

    /// Refunds an attempt whose password wasn't incorrect. If its account is counted with other replicas, only the
    /// client's attempt is refunded here.
    pub(super) fn refund(&self, attempt: Attempt) {
        if attempt.shared.is_none() {
            self.state().refund_account(self.per_account, attempt.account);
        }
        self.refund_client(attempt.client);
    }

    /// Uses the client's turn, or assigns it one. Clients without a key count as one client.
    fn take_turn(
        &self,
        state: &mut State,
        account: Account,
        client: Option<Client>,
        now: u64,
    ) -> Result<(), Duration> {
        let turn = self.seed.hash_one((account, client));
        let guess = Guess::new(account.0, 0, self.per_account, now);
        let before =
            GuessState { full_at: state.accounts.get(account.0), turn: state.turns.get(turn) };
        let (after, wait) = guess.take(before);
        if after.full_at != before.full_at {
            state.accounts.set(account.0, after.full_at);
        }
        if after.turn != before.turn {
            state.turns.set(turn, after.turn);
        }
        wait.map_or(Ok(()), Err)
    }

    /// Returns the attempt, as a store sees it that replicas share.
    pub(super) fn guess(&self, account: Account, client: Option<Client>, now: SystemTime) -> Guess {
        Guess::new(
            account.0,
            client.map_or(0, |client| client.0),
            self.per_account,
            since_1970(now),
        )
    }

    /// Takes an attempt of the account, without the limit for the client.
    pub(super) fn take_local(
        &self,
        account: Account,
        client: Option<Client>,
        now: SystemTime,
    ) -> Result<Attempt, Limited> {
        let (mut state, now) = self.state_at(now);
        self.take_turn(&mut state, account, client, now).map_err(Limited::Account)?;
        Ok(Attempt { account, client, shared: None })
    }

    /// Takes an attempt of the client, for any account.
    pub(super) fn charge_client(
        &self,
        client: Option<Client>,
        now: SystemTime,
    ) -> Result<(), Limited> {
        let (mut state, now) = self.state_at(now);
        let charge = self.client_charge(&state, client, now)?;
        state.charge_client(charge);
        Ok(())
    }

    /// Returns the charge of an attempt to the client, or the time until it has one.
    fn client_charge(
        &self,
        state: &State,
        client: Option<Client>,
        now: u64,
    ) -> Result<Option<ClientCharge>, Limited> {
        let Some(Client(client)) = client else { return Ok(None) };
        match self.per_client.take(state.clients.get(client), now) {
            Ok(full_at) => Ok(Some(ClientCharge { client, full_at })),
            Err(wait) => Err(Limited::Client(Duration::from_millis(wait))),
        }
    }

    /// Refunds an attempt of the client.
    pub(super) fn refund_client(&self, client: Option<Client>) {
        let Some(Client(client)) = client else { return };
        let mut state = self.state();
        let full_at = self.per_client.refund(state.clients.get(client));
        state.clients.set(client, full_at);
    }

    /// Returns the state, and the time as it counts.
    fn state_at(&self, now: SystemTime) -> (MutexGuard<'_, State>, u64) {
        let now = since_1970(now);
        let mut state = self.state();
        state.notice_clock(now);
        (state, now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn notice_clock(&mut self, now: u64) {
        if now.saturating_add(MAX_STEP_BACK) < self.latest {
            self.accounts.clear();
            self.clients.clear();
            self.turns.clear();
            self.latest = now;
        }
        self.latest = self.latest.max(now);
    }

    fn charge_client(&mut self, charge: Option<ClientCharge>) {
        if let Some(ClientCharge { client, full_at }) = charge {
            self.clients.set(client, full_at);
        }
    }

    fn refund_account(&mut self, rate: Rate, Account(account): Account) {
        let full_at = rate.refund(self.accounts.get(account));
        self.accounts.set(account, full_at);
    }
}

fn since_1970(now: SystemTime) -> u64 {
    millis(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

impl Limited {
    fn wait(self) -> Duration {
        match self {
            Self::Account(wait) | Self::Client(wait) => wait,
        }
    }
}

impl From<Limited> for Error {
    fn from(limited: Limited) -> Self {
        let error = Self::new(ErrorKind::TooManyAttempts).with_retry_after(limited.wait());
        match limited {
            Limited::Account(_) => error,
            Limited::Client(_) => {
                error.with_source("too many incorrect passwords from this client")
            }
        }
    }
}

impl fmt::Debug for GuessLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuessLimiter")
            .field("per_account", &self.per_account)
            .field("per_client", &self.per_client)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ALICE: Account = Account(1);

    fn limiter(burst: u32, period: Duration) -> GuessLimiter {
        let rate = |burst, period| Rate::new(burst, period, ["burst", "period"]).unwrap();
        GuessLimiter::new(rate(burst, period), rate(100, SECOND))
    }

    #[expect(clippy::unnecessary_wraps, reason = "that is what the limiter takes")]
    fn client(number: u64) -> Option<Client> {
        Some(Client(number))
    }

    /// Takes all attempts of alice that are available at once, for a client without a key.
    fn exhaust(limiter: &GuessLimiter, now: SystemTime) -> usize {
        (0..1_000).take_while(|_| limiter.try_acquire(ALICE, None, now).is_ok()).count()
    }

    fn wait(result: Result<Attempt, Limited>) -> Result<(), Duration> {
        result.map(|_| ()).map_err(Limited::wait)
    }

    #[test]
    fn after_the_burst_one_attempt_is_allowed_per_period() {
        let (limiter, now) = (limiter(3, 10 * SECOND), SystemTime::now());
        let acquire = |seconds| {
            wait(limiter.try_acquire(ALICE, None, now + seconds * SECOND))
                .map_err(|it| it.as_secs())
        };
        assert_eq!(exhaust(&limiter, now), 3);
        assert_eq!(acquire(4), Err(6));
        assert_eq!(acquire(10), Ok(()));
        assert_eq!(acquire(10), Err(10));
        assert_eq!(acquire(19), Err(1));
        for _ in 0..3 {
            assert_eq!(acquire(1000), Ok(()));
        }
        assert_eq!(acquire(1000), Err(10));
        assert!(limiter.try_acquire(Account(2), None, now).is_ok());
    }

    #[test]
    fn a_fast_client_delays_another_by_at_most_two_periods() {
        let (limiter, start) = (limiter(20, 10 * SECOND), SystemTime::now());
        let mut checked = 0;
        // 200 guesses per second, for a minute before the user's request.
        let mut guess = |millis: u64| {
            let now = start + Duration::from_millis(millis);
            checked += usize::from(limiter.try_acquire(ALICE, client(1), now).is_ok());
        };
        let mut millis = 0;
        while millis < 61_000 {
            guess(millis);
            millis += 5;
        }
        let user = |millis| {
            wait(limiter.try_acquire(ALICE, client(2), start + Duration::from_millis(millis)))
        };
        let retry_after = user(millis).unwrap_err();
        assert!(retry_after <= 20 * SECOND, "{retry_after:?}");
        let comes_at = millis + u64::try_from(retry_after.as_millis()).unwrap();
        while millis < comes_at + 35_000 {
            guess(millis);
            millis += 5;
        }
        // The turn is kept, although the attacker has sent 6,000 requests since it came.
        assert_eq!(user(millis), Ok(()));
        assert!(user(millis).is_err());
        // The burst, and one more every ten seconds. The user's attempt isn't one of them.
        assert_eq!(checked, 20 + usize::try_from(millis / 10_000).unwrap() - 1);
    }

    #[test]
    fn clients_share_the_attempts_of_an_account_equally() {
        let (limiter, now) = (limiter(1, 10 * SECOND), SystemTime::now());
        assert_eq!(exhaust(&limiter, now), 1);
        // The first of them is the turn of the clients without a key.
        for (number, seconds) in [(1, 20), (2, 30), (3, 40), (1, 20), (3, 40)] {
            let result = wait(limiter.try_acquire(ALICE, client(number), now));
            assert_eq!(result, Err(seconds * SECOND), "{number}");
        }
        let late = now + 35 * SECOND;
        assert_eq!(wait(limiter.try_acquire(ALICE, client(3), late)), Err(5 * SECOND));
        assert_eq!(wait(limiter.try_acquire(ALICE, client(2), late)), Ok(()));
        assert_eq!(wait(limiter.try_acquire(ALICE, client(2), late)), Err(15 * SECOND));
    }

    #[test]
    fn an_unused_turn_lapses_after_a_minute_and_raises_no_limit() {
        for (seconds, expected) in [(70, Ok(())), (71, Err(10 * SECOND))] {
            let (limiter, now) = (limiter(1, 10 * SECOND), SystemTime::now());
            assert_eq!(exhaust(&limiter, now), 1);
            // Its turn comes in ten seconds. Meanwhile, another client takes all attempts.
            let mut other = 0;
            for second in 0..=seconds {
                let at = now + second * SECOND;
                other += u64::from(limiter.try_acquire(ALICE, client(1), at).is_ok());
            }
            assert_eq!(other, u64::from(seconds / 10) - 1);
            let result = wait(limiter.try_acquire(ALICE, None, now + seconds * SECOND));
            assert_eq!(result.is_ok(), expected.is_ok(), "{seconds}: {result:?}");
        }
    }

    #[test]
    fn at_most_360_turns_are_assigned_for_an_account() {
        let (limiter, now) = (limiter(1, 10 * SECOND), SystemTime::now());
        assert_eq!(exhaust(&limiter, now), 1);
        for number in 2..=360 {
            let result = wait(limiter.try_acquire(ALICE, client(number), now));
            assert_eq!(result, Err(u32::try_from(number).unwrap() * 10 * SECOND));
        }
        for number in 361..400 {
            let result = wait(limiter.try_acquire(ALICE, client(number), now));
            assert_eq!(result, Err(10 * SECOND), "when a turn is free");
        }
        // An hour later, none of them has used its turn, and the bucket has one attempt.
        let later = now + 3700 * SECOND;
        assert_eq!(exhaust(&limiter, later), 1);
    }

    #[test]
    fn a_refunded_attempt_is_available_again() {
        let (limiter, now) = (limiter(1, 10 * SECOND), SystemTime::now());
        for _ in 0..200 {
            let attempt = limiter.try_acquire(ALICE, client(1), now).unwrap();
            limiter.refund(attempt);
        }
        assert_eq!(exhaust(&limiter, now), 1);
    }

    #[test]
    fn refunds_never_raise_the_burst() {
        let (limiter, now) = (limiter(2, 10 * SECOND), SystemTime::now());
        let attempt = limiter.try_acquire(ALICE, None, now).unwrap();
        (0..10).for_each(|_| limiter.refund(attempt));
        assert_eq!(exhaust(&limiter, now), 2);
    }

    #[test]
    fn a_client_has_a_limit_for_all_accounts_together() {
        let (limiter, now) = (limiter(1, 10 * SECOND), SystemTime::now());
        for account in 0..100 {
            assert!(limiter.try_acquire(Account(account), client(1), now).is_ok());
        }
        let result = limiter.try_acquire(Account(100), client(1), now);
        assert_eq!(result, Err(Limited::Client(SECOND)));
        assert!(limiter.try_acquire(Account(100), client(2), now).is_ok());
        assert!(limiter.try_acquire(Account(101), client(1), now + SECOND).is_ok());
        // Without a key there is none.
        for account in 200..400 {
            assert!(limiter.try_acquire(Account(account), None, now).is_ok());
        }
    }

    #[test]
    fn an_attempt_beyond_the_account_limit_costs_the_client_nothing() {
        let (limiter, now) = (limiter(1, 10 * SECOND), SystemTime::now());
        for _ in 0..1000 {
            let _ = limiter.try_acquire(ALICE, client(1), now);
        }
        assert!(limiter.try_acquire(Account(2), client(1), now).is_ok());
    }

    #[test]
    fn setting_the_clock_back_locks_no_one_out() {
        for back in [10 * SECOND, 86_400 * SECOND] {
            let (limiter, now) = (limiter(2, 10 * SECOND), SystemTime::now());
            assert_eq!(exhaust(&limiter, now), 2);
            assert_eq!(exhaust(&limiter, now - back), 2);
        }
        // Requests that read the clock a little earlier than others.
        let (limiter, now) = (limiter(2, 10 * SECOND), SystemTime::now());
        assert_eq!(exhaust(&limiter, now), 2);
        assert_eq!(exhaust(&limiter, now - SECOND), 0);
        let step = Duration::from_millis(MAX_STEP_BACK);
        assert_eq!(exhaust(&limiter, now - step), 0);
        assert_eq!(exhaust(&limiter, now - step - Duration::from_millis(1)), 2);
    }

    #[test]
    fn a_flood_of_account_names_does_not_affect_an_account() {
        let (limiter, now) = (limiter(20, 10 * SECOND), SystemTime::now());
        assert_eq!(exhaust(&limiter, now), 20);
        // 8,000 per second, for ten seconds.
        for number in 0..80_000_u64 {
            let account = Account(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let at = now + Duration::from_millis(number / 8);
            assert!(limiter.try_acquire(account, None, at).is_ok(), "{number}");
        }
        // The account under attack doesn't regain its attempts either, except for one every ten seconds.
        assert_eq!(exhaust(&limiter, now + 10 * SECOND), 1);
    }

    #[test]
    fn concurrent_attempts_never_exceed_the_burst() {
        let (limiter, now) = (limiter(50, 10 * SECOND), SystemTime::now());
        let taken = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    let mine = (0..100).filter(|_| limiter.try_acquire(ALICE, None, now).is_ok());
                    taken.fetch_add(mine.count(), std::sync::atomic::Ordering::Relaxed);
                });
            }
        });
        assert_eq!(taken.into_inner(), 50);
    }
}
