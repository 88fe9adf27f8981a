//! The interface that turns credentials into an identity.

use std::{
    fmt,
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
};

use super::{DoctorFuture, DoctorReport, Findings, Revocation};
use crate::{Error, Identity, credentials::RequestHead};

/// A verifier, which turns credentials of type `C` into an [`Identity`], or rejects them.
///
/// [`JwtVerifier`](crate::JwtVerifier), for example, implements this trait for
/// [`BearerToken`](crate::BearerToken). Implement it for credentials that this crate doesn't verify
/// itself. Return [`Verification::ready`] if the outcome is known immediately, and
/// [`Verification::pending`] if it needs I/O:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::{BearerToken, Identity, Verification, Verify, error::TokenFault};
///
/// #[derive(Debug)]
/// struct OneToken;
///
/// impl Verify<BearerToken<'_>> for OneToken {
///     fn verify(&self, token: BearerToken<'_>) -> Verification {
///         Verification::ready(match token.as_str() {
///             "letmein" => Ok(Identity::assertion().subject("guest").build()),
///             _ => Err(TokenFault::Rejected.into()),
///         })
///     }
/// }
///
/// let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer letmein"))]);
/// let identity = OneToken.verify(BearerToken::from_headers(&headers)?).wait().await?;
/// assert_eq!(identity.subject(), Some("guest"));
/// # Ok(())
/// # }
/// ```
pub trait Verify<C>: Send + Sync + 'static {
    /// Verifies `credentials`.
    fn verify(&self, credentials: C) -> Verification;

    /// Returns the cached identity for `credentials`, if it is still valid. The default is `None`.
    ///
    /// `credentials` are the bytes that follow the scheme. They haven't been parsed; a cache compares them with
    /// those of verified credentials.
    fn cached(&self, _credentials: &[u8]) -> Option<Identity> {
        None
    }

    /// Verifies credentials for which [`cached`](Self::cached) has just returned `None`.
    ///
    /// A layer calls `cached` before it parses the credentials. Override both methods in a verifier with a
    /// cache, so that the cache isn't queried twice. The default calls [`verify`](Self::verify).
    fn verify_uncached(&self, credentials: C) -> Verification {
        self.verify(credentials)
    }

    /// Verifies the credentials of a request, for which [`cached`](Self::cached) has just returned `None`.
    ///
    /// Layers call this method. The default calls [`verify_uncached`](Self::verify_uncached). Override it in a
    /// verifier that needs the request too, such as [`OwnTokenVerifier`](crate::OwnTokenVerifier), which
    /// reports what a token was used for.
    fn verify_request(&self, credentials: C, _request: &RequestHead<'_>) -> Verification {
        self.verify_uncached(credentials)
    }

    /// Returns the findings of this verifier's rules about credentials, for operators. The default is
    /// empty.
    ///
    /// The findings don't affect any decision, and this method sends no requests. A layer calls it after a
    /// rejection, if something reads the [diagnosis](crate::error::Diagnosis). It then passes the error of the
    /// rejection, so that expensive steps, such as verifying a signature, aren't repeated. Explanations call it
    /// without an error.
    fn findings(&self, _credentials: C, _rejection: Option<&Error>) -> Findings {
        Findings::new()
    }

    /// Sends the servers that this verifier depends on the requests that it would send them to verify a token,
    /// and reports what works and what will fail. The default is an empty report.
    ///
    /// It doesn't change what is cached, and never sends a client's token.
    fn doctor(&self) -> DoctorFuture {
        Box::pin(ready(DoctorReport::new()))
    }

    /// Returns whether this verifier compares the issuer of a token with a configured one. The default is true.
    ///
    /// [`Issuers`](crate::Issuers) calls this method on the verifiers to which it delegates tokens. If it
    /// returns false, `Issuers` compares the issuer of the identity with the trusted ones. An
    /// [`IntrospectionVerifier`](crate::IntrospectionVerifier) returns false if it doesn't know its issuer.
    fn validates_issuer(&self) -> bool {
        true
    }

    /// Returns the known issuers whose credentials this verifier accepts. The default is none.
    ///
    /// The metadata of a [protected resource](crate::ProtectedResource) lists them as its authorization servers.
    fn issuers(&self) -> Vec<String> {
        Vec::new()
    }

    /// Revokes tokens. They are rejected from the next request on, until they would have expired.
    ///
    /// The revocation takes effect in this process immediately, before the future is polled. The future
    /// completes once the store that replicas share has the revocation.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the revocation couldn't be shared
    /// with other replicas, and [`ErrorKind::Misconfigured`](crate::ErrorKind::Misconfigured) if this verifier
    /// has no revocation list, which is the default.
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

/// The outcome of a verification, or a future that returns it.
///
/// An outcome that needs no I/O is ready immediately, without a boxed future.
///
/// ```
/// use portcullis::{Identity, Verification};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), portcullis::Error> {
/// let alice = Identity::assertion().subject("alice").build();
/// assert_eq!(Verification::ready(Ok(alice.clone())).wait().await?.subject(), Some("alice"));
/// assert_eq!(Verification::pending(async { Ok(alice) }).wait().await?.subject(), Some("alice"));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Verification(pub(crate) VerificationState);

pub(crate) enum VerificationState {
    Ready(Result<Identity, Error>),
    Pending(VerificationFuture),
}

pub(crate) type VerificationFuture = Pin<Box<dyn Future<Output = Result<Identity, Error>> + Send>>;

impl Verification {
    /// Creates a verification whose outcome is known.
    pub fn ready(verdict: Result<Identity, Error>) -> Self {
        Self(VerificationState::Ready(verdict))
    }

    /// Creates a verification that needs I/O. The future is dropped when the request is dropped.
    pub fn pending(
        verdict: impl Future<Output = Result<Identity, Error>> + Send + 'static,
    ) -> Self {
        Self(VerificationState::Pending(Box::pin(verdict)))
    }

    /// Waits for the outcome, if it isn't known yet.
    ///
    /// # Errors
    ///
    /// Returns the [`Error`] for which the credentials are rejected, or could not be verified.
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
