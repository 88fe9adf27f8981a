//! The interface to the users of a service.

use std::{future::Future, sync::Arc};

use super::PasswordHash;
use crate::{Error, Identity};

/// The users of a service, such as a table in a database.
///
/// [`BasicVerifier::users`](crate::BasicVerifier::users) calls the store for every request that isn't rejected
/// by the guess limit, so removed users, changed passwords and changed scopes take effect with the next
/// request. The password itself is checked by the verifier; the store never sees it.
///
/// ```
/// use portcullis::{Error, Identity, basic::{UserRecord, UserStore}};
///
/// struct Users(/* a connection pool */);
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
/// #     async fn query(&self, _: &str) -> Result<Option<String>, std::io::Error> {
/// #         Ok(Some("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ\
/// #             $o4STxjJgh/C0yaXnp3mCtRNfkfkO4kLTEPfCNkpyhlg".into()))
/// #     }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let alice = Users().look_up("alice").await?;
/// assert_eq!(alice.unwrap().identity().subject(), Some("alice"));
/// # Ok(())
/// # }
/// ```
pub trait UserStore: Send + Sync + 'static {
    /// Looks up the user with this user-id, or returns `None` if there is none.
    ///
    /// Look-ups should take the same time for every user-id, so that an attacker can't measure which
    /// users exist. The verifier ensures this for the password check.
    ///
    /// # Errors
    ///
    /// Returns [`Error::unavailable`] if the store can't be queried. The request is rejected with that error, and
    /// the attempt doesn't count toward the guess limit. An unknown user is not an error.
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

/// The password hash and the identity of a user in a [`UserStore`].
#[derive(Debug, Clone)]
pub struct UserRecord {
    pub(super) password_hash: PasswordHash,
    pub(super) identity: Identity,
    account_id: Option<Box<str>>,
}

impl UserRecord {
    /// Creates the record of a user. A request with the correct password is authenticated as
    /// `identity`.
    #[must_use]
    pub const fn new(password_hash: PasswordHash, identity: Identity) -> Self {
        Self { password_hash, identity, account_id: None }
    }

    /// Sets the id for which failed attempts are counted. It must be the same for every spelling of the
    /// user-id that the store accepts, such as `Alice` and `alice`. The default is the subject of the
    /// identity.
    ///
    /// ```
    /// use portcullis::{Identity, basic::{PasswordHash, UserRecord}};
    ///
    /// let identity = Identity::assertion().client_id("orders").build();
    /// let user = UserRecord::new(PasswordHash::new("open sesame")?, identity).account("17");
    /// assert_eq!(user.account_id(), Some("17"));
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    #[must_use]
    pub fn account(mut self, id: impl Into<Box<str>>) -> Self {
        self.account_id = Some(id.into());
        self
    }

    /// Replaces the identity, for example after the permissions of the user have changed. The password stays the same.
    ///
    /// ```
    /// use portcullis::{Identity, basic::{PasswordHash, UserRecord}};
    ///
    /// let alice = |roles: &[&str]| Identity::assertion().subject("alice").roles(roles).build();
    /// let user = UserRecord::new(PasswordHash::new("open sesame")?, alice(&[]));
    /// let user = user.with_identity(alice(&["admin"]));
    /// assert!(user.identity().has_role("admin"));
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Returns the id for which failed attempts are counted, if there is one. Without one, they are counted
    /// for the normalized user-id.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        self.account_id.as_deref().or_else(|| self.identity.subject())
    }

    /// Returns the identity of the user.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }
}
