//! The two ways to check passwords: with a function of the service, or against the hashes of a user
//! store.

use std::{future::Future, pin::Pin};

#[cfg(feature = "password-hash")]
use super::{UserRecord, users::Users};
use super::{accounts::Account, check_permits::CheckPermit};
use crate::{BasicCredentials, ConfigError, Error, Identity};

pub(super) enum Check {
    Function(Box<CheckFunction>),
    #[cfg(feature = "password-hash")]
    Users(Users),
}

pub(super) type CheckFunction = dyn Fn(BasicCredentials) -> CheckFuture + Send + Sync;

pub(super) type CheckFuture = Pin<Box<dyn Future<Output = Result<Option<Identity>, Error>> + Send>>;

/// The record of a user before the password is checked.
pub(super) enum StoredUser {
    #[cfg(feature = "password-hash")]
    Found(UserRecord),
    /// The store has no such user, or passwords are checked by a function.
    Unknown,
}

impl Check {
    /// Sets how many hashes are computed in parallel, if hashes are computed.
    #[cfg_attr(not(feature = "password-hash"), expect(unused_variables))]
    pub(super) fn set_parallel_hashes(&mut self, hashes: Option<usize>) -> Result<(), ConfigError> {
        match self {
            Self::Function(_) => Ok(()),
            #[cfg(feature = "password-hash")]
            Self::Users(users) => {
                hashes.map_or(Ok(()), |hashes| users.passwords.set_threads(hashes))
            }
        }
    }

    /// Looks the user up in the store, if there is a store.
    #[cfg_attr(not(feature = "password-hash"), expect(clippy::unused_async, unused_variables))]
    pub(super) async fn look_up(&self, user_id: &str) -> Result<StoredUser, Error> {
        match self {
            Self::Function(_) => Ok(StoredUser::Unknown),
            #[cfg(feature = "password-hash")]
            Self::Users(users) => {
                let record = users.look_up(user_id).await?;
                Ok(record.map_or(StoredUser::Unknown, StoredUser::Found))
            }
        }
    }

    /// Returns the user's identity if the password is correct. Holds `permit` until the check ends.
    #[cfg_attr(not(feature = "password-hash"), expect(unused_variables))]
    pub(super) async fn verify(
        &self,
        credentials: BasicCredentials,
        account: Account,
        user: StoredUser,
        permit: CheckPermit,
    ) -> Result<Option<Identity>, Error> {
        match self {
            Self::Function(function) => {
                let _permit = permit;
                function(credentials).await
            }
            #[cfg(feature = "password-hash")]
            Self::Users(users) => {
                let (hash, identity) = match user {
                    StoredUser::Found(record) => {
                        (Some(record.password_hash), Some(record.identity))
                    }
                    StoredUser::Unknown => (None, None),
                };
                let is_correct = users.passwords.verify(credentials, account, hash, permit).await?;
                Ok(identity.filter(|_| is_correct))
            }
        }
    }
}

impl StoredUser {
    /// Returns the stored hash, on which a cached outcome depends. Empty if there is no record.
    pub(super) fn password_hash(&self) -> &[u8] {
        match self {
            #[cfg(feature = "password-hash")]
            Self::Found(record) => record.password_hash.as_bytes(),
            Self::Unknown => b"",
        }
    }

    /// Returns the id of the account, if the store has a record with one.
    pub(super) fn account_id(&self) -> Option<&str> {
        match self {
            #[cfg(feature = "password-hash")]
            Self::Found(record) => record.account_id(),
            Self::Unknown => None,
        }
    }

    /// Returns the identity of the user, if the store has a record.
    pub(super) fn identity(&self) -> Option<&Identity> {
        match self {
            #[cfg(feature = "password-hash")]
            Self::Found(record) => Some(&record.identity),
            Self::Unknown => None,
        }
    }
}
