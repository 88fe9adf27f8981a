//! Users of a store, by password hash.

use std::{future::Future, pin::Pin};

use super::{UserRecord, UserStore, password_checks::PasswordChecks};
use crate::Error;

pub(super) struct Users {
    store: Box<dyn Store>,
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

/// A [`UserStore`] without its type.
trait Store: Send + Sync {
    fn look_up<'a>(&'a self, user_id: &'a str) -> LookUp<'a>;
}

type LookUp<'a> = Pin<Box<dyn Future<Output = Result<Option<UserRecord>, Error>> + Send + 'a>>;

impl<S: UserStore> Store for S {
    fn look_up<'a>(&'a self, user_id: &'a str) -> LookUp<'a> {
        Box::pin(UserStore::look_up(self, user_id))
    }
}
