//! The bindings that a layer verifies.

use http::{HeaderMap, HeaderValue};

use super::{
    dpop::Dpop,
    verdict::{BindingVerdict, BoundRequest, DPOP},
};
use crate::{Error, Identity, RequestFault, TokenFault, identity::Confirmation, scheme::Scheme};

/// The bindings that a layer verifies. By default there are none, and each bound token is rejected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bindings {
    pub(crate) dpop: Option<Dpop>,
    /// Whether a bound token is accepted like any other if it comes without a proof.
    pub(crate) allow_unproven: bool,
}

impl Bindings {
    /// Returns whether there is something to verify. Most tokens are bound to nothing, and most layers verify
    /// nothing else.
    pub(crate) fn concern(&self, identity: &Identity) -> bool {
        self.dpop.is_some() || identity.confirmation().is_some()
    }

    /// Verifies that the client of a request has the key that its token is bound to.
    pub(crate) fn verify(&self, identity: &Identity, request: BoundRequest<'_>) -> BindingVerdict {
        match (request.scheme, &self.dpop) {
            (Scheme::Dpop, Some(dpop)) => match dpop_thumbprint(identity.confirmation()) {
                Some(thumbprint) => dpop.verify(request, thumbprint),
                None => BindingVerdict::Rejected(TokenFault::Binding.into()),
            },
            (Scheme::Basic, _) => BindingVerdict::VERIFIED,
            (Scheme::Bearer | Scheme::Token | Scheme::Dpop, dpop) => {
                match self.check_unproven(identity, dpop.as_ref(), request.headers) {
                    Ok(()) => BindingVerdict::VERIFIED,
                    Err(error) => BindingVerdict::Rejected(error),
                }
            }
        }
    }

    /// Makes a nonce for the client's next proof, if nonces are configured.
    pub(crate) fn new_nonce(&self) -> Option<HeaderValue> {
        self.dpop.as_ref()?.new_nonce()
    }

    fn check_unproven(
        &self,
        identity: &Identity,
        dpop: Option<&Dpop>,
        headers: &HeaderMap,
    ) -> Result<(), Error> {
        if dpop.is_some() && headers.contains_key(DPOP) {
            // A client that proves a key and sends the token as if it had none (RFC 9449 §7.1).
            return Err(RequestFault::Repeated.into());
        }
        let is_bound = identity.confirmation().is_some();
        let is_required = dpop.is_some_and(Dpop::is_required);
        if (is_bound && !self.allow_unproven) || is_required {
            return Err(TokenFault::Binding.into());
        }
        Ok(())
    }
}

/// Returns the thumbprint of the DPoP key, if the token is bound to it and to nothing else.
fn dpop_thumbprint(confirmation: Option<&Confirmation>) -> Option<&[u8; 32]> {
    let confirmation = confirmation?;
    let is_all = confirmation.is_supported() && confirmation.certificate_thumbprint().is_none();
    confirmation.key_thumbprint().filter(|_| is_all)
}
