//! The store of attempts to guess passwords.

use std::{sync::Arc, time::Duration};

use redis::{Script, ScriptInvocation};

use super::{connections::Connections, script};
use crate::verify::basic::{Guess, GuessFuture, GuessStore};

/// A [`GuessStore`] in Redis: the attempts to guess the password of each account, on any replica.
///
/// ```
/// use portcullis::{BasicVerifier, Identity, Secret, redis::Redis};
///
/// let redis = Redis::new("redis://127.0.0.1:6379")?;
/// let verifier = BasicVerifier::builder(async |_| Ok(Some(Identity::assertion().build())))
///     .shared_guess_limit(redis.guesses(), Secret::from("thirty-two random bytes, at least"))
///     .build();
/// assert!(verifier.is_ok());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// Each operation is one round trip with a script. An account takes one key, until a minute after all of its
/// attempts are available again, and each client that waits for its turn takes one more. The keys are digests and contain no user-ids.
#[derive(Debug, Clone)]
pub struct RedisGuesses {
    connections: Arc<Connections>,
    prefix: Arc<str>,
    scripts: Arc<Scripts>,
}

#[derive(Debug)]
struct Scripts {
    take: Script,
    refund: Script,
}

impl RedisGuesses {
    pub(super) fn new(connections: Arc<Connections>, prefix: &str) -> Self {
        let scripts = Scripts { take: script::take_guess(), refund: script::refund_guess() };
        Self { connections, prefix: format!("{prefix}:guess:").into(), scripts: Arc::new(scripts) }
    }

    /// Returns the key of an account. Its hash tag puts the turns of the account on the same shard of a cluster.
    fn key(&self, guess: &Guess) -> String {
        format!("{}{{{:016x}}}", self.prefix, guess.account())
    }

    async fn run(&self, call: ScriptInvocation<'_>) -> Result<u64, crate::Error> {
        let run = |mut link| async move { call.invoke_async::<u64>(&mut link).await };
        Ok(self.connections.run(run).await?)
    }
}

impl GuessStore for RedisGuesses {
    fn take(&self, guess: &Guess) -> GuessFuture<Option<Duration>> {
        let (this, guess) = (self.clone(), *guess);
        Box::pin(async move {
            let account = this.key(&guess);
            let turn = format!("{account}:{:016x}", guess.client());
            let mut call = this.scripts.take.prepare_invoke();
            call.key(account).key(turn).arg(guess.now()).arg(guess.period()).arg(guess.burst());
            call.arg(guess.grace()).arg(guess.longest_wait());
            let wait = this.run(call).await?;
            Ok(Some(Duration::from_millis(wait)).filter(|wait| !wait.is_zero()))
        })
    }

    fn refund(&self, guess: &Guess) -> GuessFuture<()> {
        let (this, guess) = (self.clone(), *guess);
        Box::pin(async move {
            let mut call = this.scripts.refund.prepare_invoke();
            call.key(this.key(&guess)).arg(guess.now()).arg(guess.period());
            this.run(call).await.map(drop)
        })
    }
}
