//! Replaces `sharing` without the `shared-revocations` feature: no list is shared.

use std::sync::Arc;

use super::{
    RevokeFuture, revocation_readiness::RevocationReadiness, shared_revocation::SharedRevocation,
};
use crate::Error;

/// An uninhabited type.
#[derive(Debug)]
pub(crate) enum Sharing {}

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
