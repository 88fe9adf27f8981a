//! Replaces client certificates if their feature is disabled: an uninhabited verifier.

use http::HeaderMap;

use super::verdict::BoundRequest;
use crate::Error;

#[derive(Debug, Clone, Copy)]
pub(crate) enum ClientCertificates {}

impl ClientCertificates {
    pub(super) const fn is_required(&self) -> bool {
        match *self {}
    }

    pub(super) const fn remove_header(&self, _: &mut HeaderMap) {
        match *self {}
    }

    pub(super) const fn verify(&self, _: BoundRequest<'_>, _: &[u8; 32]) -> Result<(), Error> {
        match *self {}
    }
}
