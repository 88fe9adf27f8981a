//! Who says whether credentials are right.

use std::{future::Future, pin::Pin, sync::Arc};

use tokio::sync::OwnedSemaphorePermit;

#[cfg(feature = "password-hash")]
use super::{UserRecord, users::Users};
use crate::{BasicCredentials, Error, Identity};

#[derive(Clone)]
pub(super) enum Check {
    Function(Arc<Function>),
    #[cfg(feature = "password-hash")]
    Users(Arc<Users>),
}

pub(super) type Function = dyn Fn(BasicCredentials) -> Verdict + Send + Sync;

pub(super) type Verdict = Pin<Box<dyn Future<Output = Result<Option<Identity>, Error>> + Send>>;

/// What is on file about a user-id, before the password is looked at.
pub(super) enum OnFile {
    Function(Arc<Function>),
    #[cfg(feature = "password-hash")]
    User(Arc<Users>, Option<UserRecord>),
}

impl Check {
    #[cfg_attr(not(feature = "password-hash"), expect(clippy::unused_async, unused_variables))]
    pub(super) async fn open(&self, user_id: &str) -> Result<OnFile, Error> {
        match self {
            Self::Function(function) => Ok(OnFile::Function(Arc::clone(function))),
            #[cfg(feature = "password-hash")]
            Self::Users(users) => {
                Ok(OnFile::User(Arc::clone(users), users.look_up(user_id).await?))
            }
        }
    }
}

impl OnFile {
    /// What a verdict depends on beside the credentials: once it differs, none counts any more.
    pub(super) fn stamp(&self) -> &[u8] {
        match self {
            #[cfg(feature = "password-hash")]
            Self::User(_, Some(user)) => user.password_hash.as_bytes(),
            _ => b"",
        }
    }

    /// The user as of now, where that is on file.
    pub(super) fn identity(&self) -> Option<&Identity> {
        match self {
            #[cfg(feature = "password-hash")]
            Self::User(_, Some(user)) => Some(&user.identity),
            _ => None,
        }
    }

    /// Who it is, if the password is right.
    pub(super) async fn check(
        self,
        credentials: BasicCredentials,
        admitted: OwnedSemaphorePermit,
    ) -> Result<Option<Identity>, Error> {
        match self {
            Self::Function(function) => {
                let _held = admitted;
                function(credentials).await
            }
            #[cfg(feature = "password-hash")]
            Self::User(users, user) => {
                let (hash, identity) = user.map(|user| (user.password_hash, user.identity)).unzip();
                let is_right = users.passwords.check(credentials, hash, admitted).await?;
                Ok(identity.filter(|_| is_right))
            }
        }
    }
}
