//! A user store, together with the password checks against its hashes.

use std::{future::Future, pin::Pin};

use super::{UserRecord, UserStore, password_checks::PasswordChecks};
use crate::Error;

pub(super) struct Users {
    store: Box<dyn DynUserStore>,
    pub(super) passwords: PasswordChecks,
}

impl Users {
    pub(super) fn new(store: impl UserStore) -> Self {
        Self { store: Box::new(store), passwords: PasswordChecks::new() }
    }

    pub(super) async fn look_up(&self, user_id: &str) -> Result<Option<UserRecord>, Error> {
        self.store.look_up(user_id).await
    }
}

/// [`UserStore`] as a trait object, whose futures are boxed.
trait DynUserStore: Send + Sync {
    fn look_up<'a>(&'a self, user_id: &'a str) -> LookUpFuture<'a>;
}

type LookUpFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Option<UserRecord>, Error>> + Send + 'a>>;

impl<S: UserStore> DynUserStore for S {
    fn look_up<'a>(&'a self, user_id: &'a str) -> LookUpFuture<'a> {
        Box::pin(UserStore::look_up(self, user_id))
    }
}
