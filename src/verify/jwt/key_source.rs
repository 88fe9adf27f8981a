//! Where a verifier finds its keys.

use std::{ops::Deref, sync::Arc};

use arc_swap::Guard;

use super::header::Header;
use crate::{
    Error, TokenFault,
    claims::NumericDate,
    error::WithCauses,
    verify::{
        Readiness,
        jwks::{Current, KeySet, Newer, RemoteKeys, Snapshot, Waiter},
    },
};

/// A key set that was given, or one that is fetched.
#[derive(Debug)]
pub(crate) enum KeySource {
    Given(KeySet),
    Remote(RemoteKeys),
}

/// A key set for the length of one verification, without a reference count of its own.
pub(crate) enum KeysRef<'a> {
    Given(&'a KeySet),
    Remote(Guard<Option<Arc<Snapshot>>>),
}

/// What a source has for a token at this moment.
pub(crate) enum Keys<'a> {
    Ready(KeysRef<'a>),
    Wait(Waiter),
    Refuse(Error),
}

impl KeySource {
    /// The keys to use now.
    pub(crate) fn current(&self, now: NumericDate) -> Keys<'_> {
        match self {
            Self::Given(keys) => Keys::Ready(KeysRef::Given(keys)),
            Self::Remote(remote) => match remote.current(now) {
                Current::Ready(keys) => Keys::Ready(KeysRef::Remote(keys)),
                Current::Wait(waiter) => Keys::Wait(waiter),
                Current::Unavailable(error) => Keys::Refuse(error),
            },
        }
    }

    /// What is wrong with a header that no key is for, where that is settled. Never starts a fetch.
    pub(crate) fn misfit(&self, header: &Header, now: NumericDate) -> Option<TokenFault> {
        let (kid, algorithm) = (header.kid.as_deref(), header.algorithm);
        match self {
            Self::Given(keys) => keys.misfit(kid, algorithm),
            Self::Remote(remote) => remote.misfit(kid, algorithm, now),
        }
    }

    /// A wait for keys that may know what those of `generation` don't. `unknown` is the refusal where
    /// there are none to be had.
    pub(crate) fn newer(
        &self,
        now: NumericDate,
        generation: u64,
        unknown: Error,
    ) -> Result<Waiter, Error> {
        match self {
            Self::Given(_) => Err(unknown),
            Self::Remote(remote) => match remote.newer(now, generation) {
                Newer::Wait(waiter) => Ok(waiter),
                Newer::Unavailable(error) => Err(error),
                Newer::None => Err(unknown),
            },
        }
    }

    /// The keys after a wait.
    pub(crate) fn settled(&self, now: NumericDate) -> Result<KeysRef<'_>, Error> {
        match self {
            Self::Given(keys) => Ok(KeysRef::Given(keys)),
            Self::Remote(remote) => remote.settled(now).map(KeysRef::Remote),
        }
    }

    /// Has keys brought where there are none. The wait is for [`settled`](Self::settled) ones.
    pub(crate) fn bring(&self, now: NumericDate) -> Result<Option<Waiter>, Error> {
        match self.current(now) {
            Keys::Ready(_) => Ok(None),
            Keys::Refuse(error) => Err(error),
            Keys::Wait(waiter) => Ok(Some(waiter)),
        }
    }

    /// Has figures call the issuer by another name.
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

    /// The refusal of a token whose key isn't known even after a wait: if the fetch failed, nobody
    /// has judged the token.
    pub(crate) fn still_unknown(&self, now: NumericDate, unknown: Error) -> Error {
        match self {
            Self::Given(_) => unknown,
            Self::Remote(remote) => remote.outage(now).unwrap_or(unknown),
        }
    }
}

impl KeysRef<'_> {
    /// Tells key sets of one source apart.
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Self::Given(_) => 0,
            Self::Remote(snapshot) => snapshot.as_ref().map_or(0, |snapshot| snapshot.generation),
        }
    }
}

impl Deref for KeysRef<'_> {
    type Target = KeySet;

    fn deref(&self) -> &KeySet {
        static NONE: KeySet = KeySet::EMPTY;
        match self {
            Self::Given(keys) => keys,
            Self::Remote(snapshot) => snapshot.as_ref().map_or(&NONE, |snapshot| &*snapshot.keys),
        }
    }
}
