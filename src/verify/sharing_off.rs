//! Replaces `sharing` without the `shared-revocations` feature: no list is shared.

use std::sync::Arc;

use super::{
    RevokeFuture, revocation_ledger::Ledger, revocation_readiness::RevocationReadiness,
    shared_revocation::SharedRevocation,
};
use crate::Error;

/// An uninhabited type.
#[derive(Debug)]
pub(crate) enum Sharing {}

#[derive(Debug, Default)]
pub(super) struct SharedStore;

impl SharedStore {
    #[allow(clippy::unused_self, reason = "as in `sharing`")]
    pub(super) const fn share(self, _ledger: &Arc<Ledger>) -> Option<Arc<Sharing>> {
        None
    }
}

impl Sharing {
    pub(crate) fn admit(self: &Arc<Self>) -> Result<(), Error> {
        match **self {}
    }

    pub(crate) fn publish(&self, _revocation: SharedRevocation) -> RevokeFuture {
        match *self {}
    }

    #[allow(clippy::unused_async, reason = "as in `sharing`")]
    pub(crate) async fn warm_up(&self) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn readiness(&self, _of_the_list: &RevocationReadiness) -> RevocationReadiness {
        match *self {}
    }
}
