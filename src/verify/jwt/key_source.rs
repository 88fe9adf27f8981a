//! The keys of one issuer, configured or fetched, as verifications use them.

use std::{ops::Deref, sync::Arc};

use arc_swap::Guard;

use super::{
    header::Header,
    interrupt::{Attempt, Interrupt},
    jws::{Jws, SignatureBuffer},
    key_trials::{KeyTrials, Signature},
};
use crate::{
    Error,
    claims::NumericDate,
    error::{Finding, Report, TokenFault, retry_after},
    telemetry::IssuerLog,
    verify::{
        Readiness,
        jwks::{Current, KeySet, Refetch, RemoteKeys, Snapshot, Status, keys_findings},
        work_limit::WorkLimit,
    },
};

/// The generation of configured keys, which never change.
const GIVEN: u64 = 0;

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct KeySource {
    origin: Origin,
    trials: KeyTrials,
}

/// A configured key set, or a fetched one.
#[derive(Debug)]
enum Origin {
    Given(KeySet),
    Remote(RemoteKeys),
}

/// A key set during one verification, borrowed without incrementing a reference count.
pub(super) enum Keys<'a> {
    Given(&'a KeySet),
    Remote(Guard<Option<Arc<Snapshot>>>),
}

impl KeySource {
    pub(super) fn given(keys: KeySet) -> Self {
        Self { origin: Origin::Given(keys), trials: KeyTrials::default() }
    }

    pub(super) fn remote(keys: RemoteKeys) -> Self {
        Self { origin: Origin::Remote(keys), trials: KeyTrials::default() }
    }

    /// Verifies a signature, and returns the generation of the keys that verified it.
    ///
    /// The first attempt uses the cached keys. It starts a fetch if none of them has the `kid`, and also if
    /// the key with the `kid` doesn't verify the signature, because some issuers replace a key and keep its
    /// `kid`. Later attempts use the fetched keys, and don't start a fetch.
    pub(crate) fn check_signature(
        &self,
        jws: &Jws<'_>,
        now: NumericDate,
        attempt: Attempt,
    ) -> Result<u64, Interrupt> {
        // Decoded before the keys are needed, so that a signature that no key can have created is
        // rejected even during an outage.
        let mut buffer = SignatureBuffer::default();
        let signature = jws.decode_signature(&mut buffer)?;
        let keys = match attempt {
            Attempt::First => self.current(now)?,
            Attempt::AfterWait { .. } => self.after_fetch(now)?,
        };
        let checked = self.trials.verify(jws, signature, &keys, now);
        let (fault, is_named) = match checked {
            Signature::Valid => return Ok(keys.generation()),
            Signature::Algorithm => return Err(TokenFault::Algorithm.into()),
            Signature::Limited => return Err(limited().into()),
            Signature::Invalid => (TokenFault::Signature, true),
            Signature::UnknownKey(fault) => (fault, false),
        };
        Err(match attempt {
            Attempt::First => self.refetch(now, keys.generation(), fault, is_named),
            Attempt::AfterWait { waiter, completed: false } => Interrupt::Wait(waiter),
            Attempt::AfterWait { completed: true, .. } if is_named => fault.into(),
            Attempt::AfterWait { completed: true, .. } => {
                self.fetch_failed(now).unwrap_or(fault.into()).into()
            }
        })
    }

    /// Returns why no key matches a header, if that is certain without a fetch. Never starts one.
    pub(crate) fn mismatch(&self, header: &Header, now: NumericDate) -> Option<TokenFault> {
        let (kid, algorithm) = (header.kid.as_deref(), header.algorithm);
        match &self.origin {
            Origin::Given(keys) => keys.mismatch(kid, algorithm),
            Origin::Remote(remote) => remote.mismatch(kid, algorithm, now),
        }
    }

    /// Returns whether the keys of `generation` are the ones in use.
    pub(crate) fn is_current(&self, generation: u64, now: NumericDate) -> bool {
        match &self.origin {
            Origin::Given(_) => generation == GIVEN,
            Origin::Remote(keys) => keys.is_current(generation, now),
        }
    }

    /// Starts a fetch if there are no keys, and returns a future that waits for it.
    pub(crate) fn warm_up(
        &self,
        now: NumericDate,
        later: impl Fn() -> NumericDate + Send,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let waiter = match self.current(now) {
            Ok(_) => Ok(None),
            Err(Interrupt::Wait(waiter)) => Ok(Some(waiter)),
            Err(Interrupt::Rejected(error)) => Err(error),
        };
        async move {
            let Some(mut waiter) = waiter? else { return Ok(()) };
            waiter.wait().await;
            self.after_fetch(later()).map(drop)
        }
    }

    /// Logs and counts under the name of the pattern to which the issuer belongs as a tenant.
    pub(crate) fn log_to(&self, pattern: &Arc<IssuerLog>) {
        if let Origin::Remote(remote) = &self.origin {
            remote.log_to(pattern);
        }
    }

    /// Limits the fetches of keys, or removes the limit.
    pub(crate) fn limit_fetches(&self, limit: Option<&Arc<WorkLimit>>) {
        if let Origin::Remote(remote) = &self.origin {
            remote.limit_fetches(limit.map(Arc::clone));
        }
    }

    pub(crate) fn readiness(&self, issuer: &str, now: NumericDate) -> Readiness {
        let issuer = issuer.into();
        match &self.origin {
            Origin::Given(keys) => Readiness {
                issuer,
                is_ready: true,
                keys: keys.len(),
                age: None,
                last_error: None,
                next_fetch: None,
            },
            Origin::Remote(remote) => {
                let status = remote.status(now);
                Readiness {
                    issuer,
                    is_ready: status.is_usable,
                    keys: status.keys,
                    age: status.age,
                    last_error: status.last_error.map(|error| Report(&*error).to_string()),
                    next_fetch: Some(status.next_fetch),
                }
            }
        }
    }

    /// Fetches the keys without using them, and reports the findings.
    pub(super) async fn examine(&self, now: NumericDate) -> Vec<Finding> {
        match &self.origin {
            Origin::Given(keys) => keys_findings(keys),
            Origin::Remote(remote) => remote.examine(now).await,
        }
    }

    /// Returns the cached keys, if they are usable, without starting a fetch.
    pub(super) fn peek(&self, now: NumericDate) -> Option<Keys<'_>> {
        match &self.origin {
            Origin::Given(keys) => Some(Keys::Given(keys)),
            Origin::Remote(remote) => remote.after_fetch(now).ok().map(Keys::Remote),
        }
    }

    /// Returns the state of fetched keys.
    pub(super) fn status(&self, now: NumericDate) -> Option<Status> {
        match &self.origin {
            Origin::Given(_) => None,
            Origin::Remote(remote) => Some(remote.status(now)),
        }
    }

    /// Verifies a decoded signature with the cached keys, without starting a fetch.
    pub(super) fn try_keys(&self, jws: &Jws<'_>, signature: &[u8], now: NumericDate) -> Signature {
        match self.peek(now) {
            Some(keys) => self.trials.verify(jws, signature, &keys, now),
            None => Signature::Limited,
        }
    }

    /// Returns the keys to use now.
    fn current(&self, now: NumericDate) -> Result<Keys<'_>, Interrupt> {
        match &self.origin {
            Origin::Given(keys) => Ok(Keys::Given(keys)),
            Origin::Remote(remote) => match remote.current(now) {
                Current::Ready(keys) => Ok(Keys::Remote(keys)),
                Current::Wait(waiter) => Err(Interrupt::Wait(waiter)),
                Current::Unavailable(error) => Err(Interrupt::Rejected(error)),
            },
        }
    }

    /// Returns the keys after a wait, if they are usable.
    fn after_fetch(&self, now: NumericDate) -> Result<Keys<'_>, Error> {
        match &self.origin {
            Origin::Given(keys) => Ok(Keys::Given(keys)),
            Origin::Remote(remote) => remote.after_fetch(now).map(Keys::Remote),
        }
    }

    /// Returns a wait for newer keys than those of `generation`, or the rejection if they can't be fetched
    /// now. `is_named` is true if the token's `kid` is known. Such a token is rejected even during an outage,
    /// because it could be verified.
    fn refetch(
        &self,
        now: NumericDate,
        generation: u64,
        fault: TokenFault,
        is_named: bool,
    ) -> Interrupt {
        let Origin::Remote(remote) = &self.origin else { return fault.into() };
        match remote.refetch(now, generation) {
            Refetch::Wait(waiter) => Interrupt::Wait(waiter),
            Refetch::Unavailable(error) if !is_named => error.into(),
            Refetch::Unavailable(_) | Refetch::CoolingDown => fault.into(),
        }
    }

    /// Returns the error of the last fetch if it failed. A token with an unknown key is then neither valid nor
    /// invalid.
    fn fetch_failed(&self, now: NumericDate) -> Option<Error> {
        match &self.origin {
            Origin::Given(_) => None,
            Origin::Remote(remote) => remote.fetch_failed(now),
        }
    }
}

fn limited() -> Error {
    let problem = "too many keys would have to be tried for tokens without a `kid`";
    Error::unavailable(problem).with_retry_after(retry_after::SOON)
}

impl Keys<'_> {
    /// Identifies the key set among those of one source.
    fn generation(&self) -> u64 {
        match self {
            Self::Given(_) => GIVEN,
            Self::Remote(snapshot) => snapshot.as_ref().map_or(0, |snapshot| snapshot.generation),
        }
    }
}

impl Deref for Keys<'_> {
    type Target = KeySet;

    fn deref(&self) -> &KeySet {
        static NONE: KeySet = KeySet::EMPTY;
        match self {
            Self::Given(keys) => keys,
            Self::Remote(snapshot) => snapshot.as_ref().map_or(&NONE, |snapshot| &*snapshot.keys),
        }
    }
}
