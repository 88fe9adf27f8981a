//! The keys of one issuer, given or fetched, and what a verification asks of them.

use std::{ops::Deref, sync::Arc};

use arc_swap::Guard;

use super::{
    header::Header,
    interrupt::{Attempt, Interrupt},
    jws::{Jws, Signature},
};
use crate::{
    Error, TokenFault,
    claims::NumericDate,
    error::WithCauses,
    verify::{
        Readiness,
        jwks::{Current, KeySet, Refetch, RemoteKeys, Snapshot},
    },
};

/// A key set that was given, or one that is fetched.
#[derive(Debug)]
pub(crate) enum KeySource {
    Given(KeySet),
    Remote(RemoteKeys),
}

/// A key set during one verification, without a reference count of its own.
enum Keys<'a> {
    Given(&'a KeySet),
    Remote(Guard<Option<Arc<Snapshot>>>),
}

impl KeySource {
    /// Checks a signature and returns the generation of the keys that verified it.
    ///
    /// The first attempt uses the keys in memory and starts a fetch for a `kid` that they don't have. Later
    /// ones use what has been fetched, and start none.
    pub(crate) fn check_signature(
        &self,
        jws: &Jws<'_>,
        now: NumericDate,
        attempt: Attempt,
    ) -> Result<u64, Interrupt> {
        let keys = match attempt {
            Attempt::First => self.current(now)?,
            Attempt::AfterWait { .. } => self.after_fetch(now)?,
        };
        match (jws.check_signature(&keys), attempt) {
            (Signature::Valid, _) => Ok(keys.generation()),
            (Signature::Invalid(fault), _) => Err(fault.into()),
            (Signature::UnknownKey(fault), Attempt::First) => {
                Err(self.refetch_for_unknown_kid(now, keys.generation(), fault))
            }
            (Signature::UnknownKey(_), Attempt::AfterWait { waiter, completed: false }) => {
                Err(Interrupt::Wait(waiter))
            }
            (Signature::UnknownKey(fault), Attempt::AfterWait { completed: true, .. }) => {
                Err(self.fetch_failed(now).unwrap_or(fault.into()).into())
            }
        }
    }

    /// Returns why no key fits a header, if that is certain without a fetch. Never starts one.
    pub(crate) fn mismatch(&self, header: &Header, now: NumericDate) -> Option<TokenFault> {
        let (kid, algorithm) = (header.kid.as_deref(), header.algorithm);
        match self {
            Self::Given(keys) => keys.mismatch(kid, algorithm),
            Self::Remote(remote) => remote.mismatch(kid, algorithm, now),
        }
    }

    /// Returns whether the keys of `generation` are the ones in use.
    pub(crate) fn is_current(&self, generation: u64, now: NumericDate) -> bool {
        self.current(now).is_ok_and(|keys| keys.generation() == generation)
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

    /// Sets the name under which metrics count the issuer.
    pub(crate) fn label(&self, label: &Arc<str>) {
        if let Self::Remote(remote) = self {
            remote.label(label);
        }
    }

    pub(crate) fn readiness(&self, issuer: &str, now: NumericDate) -> Readiness {
        let issuer = issuer.into();
        match self {
            Self::Given(keys) => Readiness {
                issuer,
                is_ready: true,
                keys: keys.len(),
                age: None,
                last_error: None,
                next_fetch: None,
            },
            Self::Remote(remote) => {
                let status = remote.status(now);
                Readiness {
                    issuer,
                    is_ready: status.is_usable,
                    keys: status.keys,
                    age: status.age,
                    last_error: status.last_error.map(|error| WithCauses(&*error).to_string()),
                    next_fetch: Some(status.next_fetch),
                }
            }
        }
    }

    /// Returns the keys to use now.
    fn current(&self, now: NumericDate) -> Result<Keys<'_>, Interrupt> {
        match self {
            Self::Given(keys) => Ok(Keys::Given(keys)),
            Self::Remote(remote) => match remote.current(now) {
                Current::Ready(keys) => Ok(Keys::Remote(keys)),
                Current::Wait(waiter) => Err(Interrupt::Wait(waiter)),
                Current::Unavailable(error) => Err(Interrupt::Rejected(error)),
            },
        }
    }

    /// Returns the keys after a wait: whatever may still be used.
    fn after_fetch(&self, now: NumericDate) -> Result<Keys<'_>, Error> {
        match self {
            Self::Given(keys) => Ok(Keys::Given(keys)),
            Self::Remote(remote) => remote.after_fetch(now).map(Keys::Remote),
        }
    }

    /// Returns a wait for keys that may include one that those of `generation` lack, or the rejection if there
    /// are none to be had.
    fn refetch_for_unknown_kid(
        &self,
        now: NumericDate,
        generation: u64,
        unknown: TokenFault,
    ) -> Interrupt {
        match self {
            Self::Given(_) => unknown.into(),
            Self::Remote(remote) => match remote.refetch_for_unknown_kid(now, generation) {
                Refetch::Wait(waiter) => Interrupt::Wait(waiter),
                Refetch::Unavailable(error) => error.into(),
                Refetch::CoolingDown => unknown.into(),
            },
        }
    }

    /// Returns the error of the last fetch if it failed: then no verdict about a token with an unknown key was
    /// reached.
    fn fetch_failed(&self, now: NumericDate) -> Option<Error> {
        match self {
            Self::Given(_) => None,
            Self::Remote(remote) => remote.fetch_failed(now),
        }
    }
}

impl Keys<'_> {
    /// Tells the key sets of one source apart.
    fn generation(&self) -> u64 {
        match self {
            Self::Given(_) => 0,
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
