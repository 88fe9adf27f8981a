//! Tokens that are verified locally and introspected as well.

use std::sync::Arc;

use super::{DoctorFuture, Findings, Revocation, RevokeFuture, VerificationState};
use crate::{BearerToken, Error, Identity, Verification, Verify, error::TokenFault};

/// A verifier that verifies a token with one verifier and confirms it with a second one. It is for
/// JWTs whose signature and claims are verified locally, and whose issuer is also asked whether the
/// token was revoked, as often as the cache of the second verifier requires.
///
/// The identity is that of the first verifier. If the second one rejects the token, so does this
/// verifier. If the second one can't verify it, because its endpoint is unreachable, the request is
/// rejected with 503.
///
/// ```
/// # #[cfg(feature = "_jwt")]
/// # fn main() -> Result<(), portcullis::ConfigError> {
/// use std::time::Duration;
///
/// use portcullis::{
///     AuthenticateLayer, IntrospectionVerifier, JwtVerifier, Verify, verify::RevocationChecked,
/// };
///
/// let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
/// let introspection = IntrospectionVerifier::builder("https://as.example/introspect")
///     .client_secret_basic("orders-api", "s3cret")
///     .audience("https://api.example")
///     .cache_for(Duration::from_secs(30))
///     .build()?;
/// let verifier = RevocationChecked::new(verifier, introspection);
/// assert_eq!(verifier.issuers(), ["https://as.example"]);
/// let layer = AuthenticateLayer::bearer(verifier);
/// # let _ = layer;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_jwt"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct RevocationChecked<V, R> {
    verifier: V,
    revocation: Arc<R>,
    /// Whether the second verifier compares the issuer itself.
    validates_issuer: bool,
}

impl<V, R> RevocationChecked<V, R> {
    /// Creates a verifier that verifies tokens with `verifier` and confirms them with `revocation`.
    pub fn new(verifier: V, revocation: R) -> Self
    where
        R: for<'a> Verify<BearerToken<'a>>,
    {
        let validates_issuer = revocation.validates_issuer();
        Self { verifier, revocation: Arc::new(revocation), validates_issuer }
    }
}

/// Returns the identity of the first verifier. If the second verifier doesn't validate the issuer, the issuer
/// of its identity must not be a different one.
fn confirmed(
    identity: Identity,
    confirmation: &Identity,
    validates_issuer: bool,
) -> Result<Identity, Error> {
    let is_same = match (identity.issuer(), confirmation.issuer()) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    if validates_issuer || is_same { Ok(identity) } else { Err(TokenFault::Issuer.into()) }
}

impl<V, R> Verify<BearerToken<'_>> for RevocationChecked<V, R>
where
    V: for<'a> Verify<BearerToken<'a>>,
    R: for<'a> Verify<BearerToken<'a>>,
{
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let validates_issuer = self.validates_issuer;
        let identity = match self.verifier.verify(token.clone()).0 {
            VerificationState::Ready(Ok(identity)) => identity,
            VerificationState::Ready(Err(error)) => return Verification::ready(Err(error)),
            VerificationState::Pending(verdict) => {
                let (revocation, token) = (Arc::clone(&self.revocation), token.into_owned());
                return Verification::pending(async move {
                    let identity = verdict.await?;
                    let confirmation = revocation.verify(token).wait().await?;
                    confirmed(identity, &confirmation, validates_issuer)
                });
            }
        };
        match self.revocation.verify(token).0 {
            VerificationState::Ready(confirmation) => Verification::ready(
                confirmation.and_then(|it| confirmed(identity, &it, validates_issuer)),
            ),
            VerificationState::Pending(confirmation) => Verification::pending(async move {
                confirmed(identity, &confirmation.await?, validates_issuer)
            }),
        }
    }

    fn findings(&self, token: BearerToken<'_>, rejection: Option<&Error>) -> Findings {
        let findings = self.verifier.findings(token.clone(), rejection);
        match rejection {
            Some(error) if findings.of_rejection(error).is_none() => {
                self.revocation.findings(token, rejection)
            }
            _ => findings,
        }
    }

    fn doctor(&self) -> DoctorFuture {
        let (one, other) = (self.verifier.doctor(), self.revocation.doctor());
        Box::pin(async move { one.await.merge(other.await) })
    }

    fn validates_issuer(&self) -> bool {
        self.verifier.validates_issuer()
    }

    /// Returns the issuers of both verifiers.
    fn issuers(&self) -> Vec<String> {
        let mut issuers = self.verifier.issuers();
        let others = self.revocation.issuers().into_iter();
        let others: Vec<_> = others.filter(|issuer| !issuers.contains(issuer)).collect();
        issuers.extend(others);
        issuers
    }

    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        let (one, other) = (self.verifier.revoke(revocation), self.revocation.revoke(revocation));
        Box::pin(async move { one.await.and(other.await) })
    }
}
