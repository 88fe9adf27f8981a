//! Replaces DPoP if its features are disabled: an uninhabited verifier.

use http::HeaderValue;

use super::verdict::{BindingVerdict, BoundRequest};
use crate::identity::Confirmation;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Dpop {}

impl Dpop {
    pub(crate) const fn is_required(&self) -> bool {
        match *self {}
    }

    pub(crate) const fn algorithms(&self) -> String {
        match *self {}
    }

    pub(super) const fn new_nonce(&self) -> Option<HeaderValue> {
        match *self {}
    }

    pub(super) const fn verify(&self, _: BoundRequest<'_>, _: &Confirmation) -> BindingVerdict {
        match *self {}
    }
}
