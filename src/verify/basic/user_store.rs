//! Where users are.

use std::{future::Future, sync::Arc};

use super::PasswordHash;
use crate::{Error, Identity};

/// A store of users, such as a table of a database.
///
/// ```
/// use portcullis::{Error, Identity, basic::{UserRecord, UserStore}};
///
/// struct Users(/* a pool of connections */);
///
/// impl UserStore for Users {
///     async fn look_up(&self, user_id: &str) -> Result<Option<UserRecord>, Error> {
///         let row = self.query(user_id).await.map_err(Error::unavailable)?;
///         let Some(password_hash) = row else { return Ok(None) };
///         let password_hash = password_hash.parse().map_err(Error::misconfigured)?;
///         let identity = Identity::assertion().subject(user_id).build();
///         Ok(Some(UserRecord::new(password_hash, identity)))
///     }
/// }
/// # impl Users {
/// #     async fn query(&self, _: &str) -> Result<Option<String>, std::io::Error> { Ok(None) }
/// # }
/// # assert!(futures_now(Users().look_up("alice")).is_none());
/// # fn futures_now<T: std::fmt::Debug>(f: impl Future<Output = Result<T, Error>>) -> T {
/// #     let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// #     runtime.block_on(f).unwrap()
/// # }
/// ```
///
/// It is asked for every request, so that a user who is removed, or has a new password or other
/// scopes, is seen at once.
pub trait UserStore: Send + Sync + 'static {
    /// The user who goes by `user_id`, if there is one.
    ///
    /// An error is a fault of ours, never an unknown user: [`Error::unavailable`] as a rule. To
    /// take the same time for every user-id is up to the store, the rest is up to us.
    fn look_up(
        &self,
        user_id: &str,
    ) -> impl Future<Output = Result<Option<UserRecord>, Error>> + Send;
}

impl<S: UserStore> UserStore for Arc<S> {
    fn look_up(
        &self,
        user_id: &str,
    ) -> impl Future<Output = Result<Option<UserRecord>, Error>> + Send {
        (**self).look_up(user_id)
    }
}

/// A user as a [`UserStore`] has them.
#[derive(Debug, Clone)]
pub struct UserRecord {
    pub(super) password_hash: PasswordHash,
    pub(super) identity: Identity,
}

impl UserRecord {
    /// Whoever has the password is `identity`.
    #[must_use]
    pub const fn new(password_hash: PasswordHash, identity: Identity) -> Self {
        Self { password_hash, identity }
    }

    /// Who it is that has the password.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }
}
