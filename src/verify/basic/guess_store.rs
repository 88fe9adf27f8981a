//! The interface to a store in which replicas count the attempts for each account.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use super::rate::Rate;
use crate::Error;

/// The maximum number of turns that are assigned per account. With the default period, the last one comes
/// within an hour.
const MAX_TURNS: u64 = 360;

/// How long a client can use its turn once it has come, in milliseconds. It is at least one period.
const MIN_GRACE: u64 = 60_000;

/// The future of an operation of a [`GuessStore`].
pub type GuessFuture<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Counts the attempts for each account, for all replicas of a service: see
/// [`BasicVerifierBuilder::shared_guess_limit`](super::BasicVerifierBuilder::shared_guess_limit).
///
/// A store keeps a [`GuessState`] for each account and client, in two parts: `full_at` belongs to the
/// [account](Guess::account), and `turn` to the account and the [client](Guess::client). [`Guess::take`] and
/// [`Guess::refund`] compute the next state, so a store only has to replace the state atomically. A store can drop
/// `full_at` after this time, and `turn` after this time and [`Guess::grace`].
///
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::Duration};
///
/// use portcullis::basic::{Guess, GuessFuture, GuessState, GuessStore};
///
/// #[derive(Debug, Default)]
/// struct InMemory(Mutex<(HashMap<u64, u64>, HashMap<(u64, u64), u64>)>);
///
/// impl GuessStore for InMemory {
///     fn take(&self, guess: &Guess) -> GuessFuture<Option<Duration>> {
///         let (accounts, turns) = &mut *self.0.lock().unwrap();
///         let turn_of = (guess.account(), guess.client());
///         let get = |time: Option<&u64>| time.copied().unwrap_or_default();
///         let state = GuessState {
///             full_at: get(accounts.get(&guess.account())),
///             turn: get(turns.get(&turn_of)),
///         };
///         let (next, wait) = guess.take(state);
///         accounts.insert(guess.account(), next.full_at);
///         turns.insert(turn_of, next.turn);
///         Box::pin(async move { Ok(wait) })
///     }
///
///     fn refund(&self, guess: &Guess) -> GuessFuture<()> {
///         let (accounts, _) = &mut *self.0.lock().unwrap();
///         if let Some(full_at) = accounts.get_mut(&guess.account()) {
///             *full_at = guess.refund(*full_at);
///         }
///         Box::pin(async { Ok(()) })
///     }
/// }
/// # let _ = InMemory::default();
/// ```
pub trait GuessStore: fmt::Debug + Send + Sync + 'static {
    /// Takes an attempt. Returns how long the client has to wait if it can't have one now.
    ///
    /// The implementation limits the time that this takes, because the request waits for it.
    ///
    /// # Errors
    ///
    /// Returns an error if the store is unreachable. The replica then counts the attempt itself.
    fn take(&self, guess: &Guess) -> GuessFuture<Option<Duration>>;

    /// Refunds an attempt whose password wasn't incorrect.
    ///
    /// # Errors
    ///
    /// Returns an error if the store is unreachable. The attempt then counts as one with an incorrect password.
    fn refund(&self, guess: &Guess) -> GuessFuture<()>;
}

/// One attempt to guess a password, with the limit for its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    account: u64,
    client: u64,
    rate: Rate,
    now: u64,
}

/// The state of an account's limit, as one client sees it. Times are in milliseconds since 1970; zero means that there is
/// none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GuessState {
    /// When all attempts of the account are available again.
    pub full_at: u64,
    /// When the turn of this client comes.
    pub turn: u64,
}

impl Guess {
    pub(super) const fn new(account: u64, client: u64, rate: Rate, now: u64) -> Self {
        Self { account, client, rate, now }
    }

    /// Returns the account, as a keyed digest that doesn't reveal it.
    #[must_use]
    pub const fn account(&self) -> u64 {
        self.account
    }

    /// Returns the client that guesses, as a keyed digest. It is the same for all clients without a
    /// [`GuessKey`](crate::credentials::GuessKey).
    #[must_use]
    pub const fn client(&self) -> u64 {
        self.client
    }

    /// Returns the time of the attempt, in milliseconds since 1970.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Returns the number of attempts that are available at once.
    #[must_use]
    pub const fn burst(&self) -> u64 {
        self.rate.burst()
    }

    /// Returns the time after which one more attempt becomes available, in milliseconds.
    #[must_use]
    pub const fn period(&self) -> u64 {
        self.rate.period()
    }

    /// Returns how long a turn is kept once it has come, in milliseconds.
    #[must_use]
    pub fn grace(&self) -> u64 {
        self.period().max(MIN_GRACE)
    }

    /// Returns the wait beyond which no more turns are assigned, in milliseconds.
    #[must_use]
    pub const fn longest_wait(&self) -> u64 {
        self.period().saturating_mul(MAX_TURNS)
    }

    /// Takes an attempt: uses the client's turn, or assigns it one. Returns the next state, and how long the client has
    /// to wait if it can't have an attempt now.
    #[must_use]
    pub fn take(&self, state: GuessState) -> (GuessState, Option<Duration>) {
        let GuessState { full_at, turn } = state;
        let comes_at =
            Some(turn).filter(|at| *at > 0 && self.now <= at.saturating_add(self.grace()));
        let wait = |millis| Some(Duration::from_millis(millis));
        match (self.rate.take(full_at, self.now), comes_at) {
            (Ok(full_at), None) => (GuessState { full_at, turn: 0 }, None),
            // A turn was charged when it was assigned.
            (Ok(_), Some(_)) => (GuessState { full_at, turn: 0 }, None),
            (Err(_), Some(at)) if at <= self.now => (GuessState { full_at, turn: 0 }, None),
            (Err(_), Some(at)) => (state, wait(at.saturating_sub(self.now))),
            (Err(until), None) => {
                let excess = until.checked_sub(self.longest_wait()).filter(|excess| *excess > 0);
                if let Some(excess) = excess {
                    return (state, wait(excess));
                }
                let full_at = self.rate.charge(full_at, self.now);
                (GuessState { full_at, turn: self.now.saturating_add(until) }, wait(until))
            }
        }
    }

    /// Refunds an attempt of an account, and returns when all of its attempts are available again.
    #[must_use]
    pub fn refund(&self, full_at: u64) -> u64 {
        self.rate.refund(full_at)
    }
}
