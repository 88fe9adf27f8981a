//! The bindings that a layer verifies.

use http::{HeaderMap, HeaderValue};

use super::{
    certificate::ClientCertificates,
    dpop::Dpop,
    verdict::{BindingVerdict, BoundRequest, DPOP},
};
use crate::{
    Error, Identity,
    error::{RequestFault, TokenFault},
    identity::Confirmation,
    scheme::Scheme,
};

/// The bindings that a layer verifies. By default, there are none, and every bound token is
/// rejected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bindings {
    pub(crate) dpop: Option<Dpop>,
    pub(crate) certificates: Option<ClientCertificates>,
    /// Whether a bound token without a proof is accepted as if it weren't bound.
    pub(crate) allow_unproven: bool,
}

impl Bindings {
    /// Returns whether there is a binding to verify. For most tokens and most layers, there isn't.
    pub(crate) fn concern(&self, identity: &Identity) -> bool {
        self.dpop.is_some() || self.require_binding() || identity.confirmation().is_some()
    }

    /// Verifies that the client of a request has every key that its token is bound to.
    pub(crate) fn verify(&self, identity: &Identity, request: BoundRequest<'_>) -> BindingVerdict {
        let confirmation = identity.confirmation();
        let verified = match (request.scheme, &self.dpop) {
            (Scheme::Basic, _) => Ok(()),
            (Scheme::Dpop, Some(dpop)) => match self.verify_before_proof(confirmation, request) {
                Ok(confirmation) => return dpop.verify(request, confirmation),
                Err(error) => Err(error),
            },
            (Scheme::Bearer | Scheme::Token | Scheme::Dpop, _) => {
                self.verify_without_proof(confirmation, request)
            }
        };
        match verified {
            Ok(()) => BindingVerdict::VERIFIED,
            Err(error) => BindingVerdict::Rejected(error),
        }
    }

    /// Returns whether proofs may need a nonce.
    #[inline]
    pub(crate) fn has_nonces(&self) -> bool {
        self.dpop.is_some()
    }

    /// Generates a nonce for the client's next proof, if nonces are configured.
    pub(crate) fn new_nonce(&self) -> Option<HeaderValue> {
        self.dpop.as_ref()?.new_nonce()
    }

    /// Removes the header with the client's certificate, because inner services can't tell whether to trust it.
    pub(crate) fn remove_certificate(&self, headers: &mut HeaderMap) {
        if let Some(certificates) = &self.certificates {
            certificates.remove_header(headers);
        }
    }

    fn require_binding(&self) -> bool {
        self.certificates.as_ref().is_some_and(ClientCertificates::is_required)
    }

    /// Verifies everything except the proof, which is more expensive. Returns the confirmation that
    /// the proof has to match.
    fn verify_before_proof<'a>(
        &self,
        confirmation: Option<&'a Confirmation>,
        request: BoundRequest<'_>,
    ) -> Result<&'a Confirmation, Error> {
        let is_such = |it: &&Confirmation| it.is_supported() && it.key_thumbprint().is_some();
        let confirmation = confirmation.filter(is_such).ok_or(TokenFault::Binding)?;
        self.verify_certificate(confirmation, request)?;
        Ok(confirmation)
    }

    fn verify_without_proof(
        &self,
        confirmation: Option<&Confirmation>,
        request: BoundRequest<'_>,
    ) -> Result<(), Error> {
        if let Some(dpop) = &self.dpop {
            if request.headers.contains_key(DPOP) {
                // A proof with a token that isn't sent with the scheme `DPoP` (RFC 9449 §7.1).
                return Err(RequestFault::Repeated.into());
            }
            if dpop.is_required() {
                return Err(TokenFault::Binding.into());
            }
        }
        match confirmation {
            Some(_) if self.allow_unproven => Ok(()),
            Some(it) if it.is_supported() && it.key_thumbprint().is_none() => {
                self.verify_certificate(it, request)
            }
            None if !self.require_binding() => Ok(()),
            _ => Err(TokenFault::Binding.into()),
        }
    }

    /// Verifies the certificate, if the token is bound to one.
    fn verify_certificate(
        &self,
        confirmation: &Confirmation,
        request: BoundRequest<'_>,
    ) -> Result<(), Error> {
        match (confirmation.certificate_thumbprint(), &self.certificates) {
            (None, _) => Ok(()),
            (Some(thumbprint), Some(certificates)) => certificates.verify(request, thumbprint),
            (Some(_), None) => Err(TokenFault::Binding.into()),
        }
    }
}
