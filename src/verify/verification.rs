//! The seam between credentials and identity.

use std::{
    fmt,
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
};

use super::{DoctorFuture, DoctorReport, Findings, Revocation};
use crate::{Error, Identity, credentials::RequestHead};

/// Turns credentials of type `C` into an [`Identity`], or rejects them.
///
/// [`JwtVerifier`](crate::JwtVerifier) is one for [`BearerToken`](crate::BearerToken). A verifier of
/// your own answers at once where it can, and with a future where it must ask someone:
///
/// ```
/// use portcullis::{BearerToken, Identity, TokenFault, Verification, Verify};
///
/// #[derive(Debug)]
/// struct OneToken;
///
/// impl Verify<BearerToken<'_>> for OneToken {
///     fn verify(&self, token: BearerToken<'_>) -> Verification {
///         Verification::ready(match token.as_str() {
///             "letmein" => Ok(Identity::assertion().subject("guest").build()),
///             _ => Err(TokenFault::Revoked.into()),
///         })
///     }
/// }
/// ```
pub trait Verify<C>: Send + Sync + 'static {
    /// Judges `credentials`.
    fn verify(&self, credentials: C) -> Verification;

    /// Returns the cached identity for `credentials`, if it is still valid. `None` by default.
    ///
    /// `credentials` are the bytes that follow the scheme. They haven't been parsed: a cache compares them with
    /// those of credentials that have.
    fn cached(&self, _credentials: &[u8]) -> Option<Identity> {
        None
    }

    /// Verifies credentials for which [`cached`](Self::cached) has just returned `None`.
    ///
    /// A layer asks for the cached identity first, before it parses the credentials. A verifier that overrides
    /// `cached` overrides this as well, so as not to query its cache twice. The default calls
    /// [`verify`](Self::verify).
    fn verify_uncached(&self, credentials: C) -> Verification {
        self.verify(credentials)
    }

    /// Verifies the credentials of a request, for which [`cached`](Self::cached) has just returned `None`.
    ///
    /// A layer calls this. The default calls [`verify_uncached`](Self::verify_uncached). Override it for a verifier that
    /// needs to know the request too, such as [`OwnTokenVerifier`](crate::OwnTokenVerifier), which reports what a token
    /// was used for.
    fn verify_request(&self, credentials: C, _request: &RequestHead<'_>) -> Verification {
        self.verify_uncached(credentials)
    }

    /// Returns what each rule of this verifier says about credentials, for operators. Empty by default.
    ///
    /// Nothing is decided by it, and it sends no requests. A layer calls it after a rejection, if something reads the
    /// [diagnosis](crate::error::Diagnosis). The error of the rejection is then given, and what costs much, such as
    /// the verification of a signature, isn't repeated. Explanations call it without an error.
    fn findings(&self, _credentials: C, _rejection: Option<&Error>) -> Findings {
        Findings::new()
    }

    /// Asks the servers that this verifier depends on what it would ask them for a request, and reports what is right and
    /// what will fail. An empty report by default.
    ///
    /// It changes nothing about what is cached, and sends no token of a client.
    fn doctor(&self) -> DoctorFuture {
        Box::pin(ready(DoctorReport::new()))
    }

    /// Returns whether this verifier compares the issuer of a token with one that it is configured with. True by
    /// default.
    ///
    /// [`Issuers`](crate::Issuers) asks this of the verifiers that it delegates tokens to. Where it is false, it compares
    /// the issuer of their identities with those that it trusts. An
    /// [`IntrospectionVerifier`](crate::IntrospectionVerifier) returns false if it doesn't know its issuer.
    fn validates_issuer(&self) -> bool {
        true
    }

    /// Returns the issuers whose credentials this verifier accepts, as far as they are known. None by default.
    ///
    /// The metadata of a [protected resource](crate::ProtectedResource) lists them as its authorization servers.
    fn issuers(&self) -> Vec<String> {
        Vec::new()
    }

    /// Revokes tokens: they are rejected from the next request on, until they would have expired.
    ///
    /// The revocation takes effect in this process at once, before the future is polled. The future completes
    /// when the replicas that share the list know of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if it couldn't be shared,
    /// [`ErrorKind::Misconfigured`](crate::ErrorKind::Misconfigured) if this verifier has no revocation list,
    /// as by default.
    fn revoke(&self, _revocation: &Revocation) -> RevokeFuture {
        Box::pin(ready(Err(Error::misconfigured("this verifier has no revocation list"))))
    }
}

impl<C, V: Verify<C> + ?Sized> Verify<C> for Arc<V> {
    fn verify(&self, credentials: C) -> Verification {
        (**self).verify(credentials)
    }

    fn cached(&self, credentials: &[u8]) -> Option<Identity> {
        (**self).cached(credentials)
    }

    fn verify_uncached(&self, credentials: C) -> Verification {
        (**self).verify_uncached(credentials)
    }

    fn verify_request(&self, credentials: C, request: &RequestHead<'_>) -> Verification {
        (**self).verify_request(credentials, request)
    }

    fn findings(&self, credentials: C, rejection: Option<&Error>) -> Findings {
        (**self).findings(credentials, rejection)
    }

    fn doctor(&self) -> DoctorFuture {
        (**self).doctor()
    }

    fn validates_issuer(&self) -> bool {
        (**self).validates_issuer()
    }

    fn issuers(&self) -> Vec<String> {
        (**self).issuers()
    }

    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        (**self).revoke(revocation)
    }
}

/// The future of a revocation: see [`Verify::revoke`].
pub type RevokeFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A verdict, or the future of one.
///
/// What needs no I/O is ready: it costs no box and no wait.
#[must_use]
pub struct Verification(pub(crate) VerificationState);

pub(crate) enum VerificationState {
    Ready(Result<Identity, Error>),
    Pending(VerificationFuture),
}

pub(crate) type VerificationFuture = Pin<Box<dyn Future<Output = Result<Identity, Error>> + Send>>;

impl Verification {
    /// The verdict is known.
    pub fn ready(verdict: Result<Identity, Error>) -> Self {
        Self(VerificationState::Ready(verdict))
    }

    /// The verdict needs I/O. The future is dropped when the request is.
    pub fn pending(
        verdict: impl Future<Output = Result<Identity, Error>> + Send + 'static,
    ) -> Self {
        Self(VerificationState::Pending(Box::pin(verdict)))
    }

    /// The verdict, waited for where it must be.
    ///
    /// # Errors
    ///
    /// Why the credentials are rejected, or could not be judged.
    pub async fn wait(self) -> Result<Identity, Error> {
        match self.0 {
            VerificationState::Ready(verdict) => verdict,
            VerificationState::Pending(verdict) => verdict.await,
        }
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            VerificationState::Ready(verdict) => f.debug_tuple("Ready").field(verdict).finish(),
            VerificationState::Pending(_) => f.write_str("Pending"),
        }
    }
}
