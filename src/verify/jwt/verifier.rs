//! The verifier for tokens of one issuer.

use std::{fmt, sync::Arc};

use super::{JwtVerifierBuilder, interrupt::Interrupt, issuer::Issuer, token_cache::TokenCache};
use crate::{
    BearerToken, Error, Identity, Verification, Verify,
    verify::{
        AudienceMissing, DoctorFuture, DoctorReport, Explanation, Findings, Readiness, Revocation,
        RevokeFuture, explain,
    },
};

/// A verifier for JWT access tokens of one issuer ([RFC 7519], [RFC 9068], [RFC 8725]).
///
/// ```
/// use portcullis::JwtVerifier;
///
/// let verifier = JwtVerifier::builder("https://as.example")
///     .audience("https://api.example")
///     .jwks_uri("https://as.example/jwks")
///     .build()?;
///
/// // The keys are fetched when the first token arrives.
/// assert!(!verifier.readiness().is_ready());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// A token passes these checks, in this order:
///
/// 1. It has three parts, and a header of at most 8 KiB with a supported `alg` and without `crit`.
/// 2. The claims have no duplicate names. `iss` is the issuer, `aud` contains an accepted audience, `exp` is in
///    the future, and `nbf` and `iat` aren't, give or take the [leeway](JwtVerifierBuilder::leeway).
/// 3. `typ` is accepted by the [profile](super::Profile).
/// 4. The issuer has a key that matches `kid` and `alg`, and it verifies the signature.
/// 5. The [custom checks](JwtVerifierBuilder::check) accept the token, and it isn't revoked.
///
/// Unless keys are configured, they are fetched when the first token needs them, so building the
/// verifier sends no request. They are refreshed before they expire, and retained while the issuer
/// is unreachable. Clones share the keys and the cache. For tokens of multiple issuers, see
/// [`Issuers`](crate::Issuers).
///
/// [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519
/// [RFC 8725]: https://www.rfc-editor.org/rfc/rfc8725
/// [RFC 9068]: https://www.rfc-editor.org/rfc/rfc9068
#[derive(Clone)]
pub struct JwtVerifier {
    pub(crate) issuer: Arc<Issuer>,
    pub(super) cache: TokenCache,
}

impl JwtVerifier {
    /// Creates a builder for an issuer. `iss` must be this exact string. Unless the source of the
    /// keys is configured, it must be an `https` URL, or `http` on loopback.
    pub fn builder(issuer: impl Into<String>) -> JwtVerifierBuilder<AudienceMissing> {
        JwtVerifierBuilder::new(issuer.into())
    }

    /// Fetches the keys now, if there are none, instead of when the first token arrives. Calling it
    /// is optional: it only saves the first request the wait.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the keys can't be fetched. The
    /// verifier is still usable, and tries again when a token arrives.
    pub async fn warm_up(&self) -> Result<(), Error> {
        self.issuer.warm_up().await
    }

    /// Revokes tokens of this issuer. They are rejected from the next request on, until they would have
    /// expired.
    ///
    /// # Errors
    ///
    /// The same as for [`Verify::revoke`].
    #[must_use = "whether the revocation took effect is known when the future completes"]
    pub fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        self.issuer.revocations.revoke(revocation)
    }

    /// Verifies a token as for a request, and explains the outcome: what each rule expected and found,
    /// including the rules after the one that rejected the token.
    ///
    /// Like a request, this may fetch keys. See [`Explanation`].
    pub async fn explain(&self, token: &str) -> Explanation {
        explain(self, token).await
    }

    /// Sends the issuer the requests that this verifier would send to verify a token, and reports what
    /// works, what will fail, and what to do about it: see [`DoctorReport`].
    pub async fn doctor(&self) -> DoctorReport {
        Verify::doctor(self).await
    }

    /// Returns the state of the keys, for health checks.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.issuer.readiness()
    }
}

impl Verify<BearerToken<'_>> for JwtVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        match self.cached(token.as_bytes()) {
            Some(identity) => Verification::ready(Ok(identity)),
            None => self.verify_uncached(token),
        }
    }

    fn cached(&self, token: &[u8]) -> Option<Identity> {
        self.cache.get(token)
    }

    fn verify_uncached(&self, token: BearerToken<'_>) -> Verification {
        match self.issuer.verify(token.as_bytes()) {
            Ok(verified) => {
                Verification::ready(self.cache.insert(token.as_bytes(), verified, &self.issuer))
            }
            Err(Interrupt::Rejected(error)) => Verification::ready(Err(error)),
            Err(wait) => {
                let (this, token) = (self.clone(), token.into_owned());
                Verification::pending(async move {
                    let verified = this.issuer.complete(token.as_bytes(), Err(wait)).await?;
                    this.cache.insert(token.as_bytes(), verified, &this.issuer)
                })
            }
        }
    }

    fn findings(&self, token: BearerToken<'_>, rejection: Option<&Error>) -> Findings {
        self.issuer.findings(token.as_str(), rejection)
    }

    fn doctor(&self) -> DoctorFuture {
        let issuer = Arc::clone(&self.issuer);
        Box::pin(async move { issuer.doctor().await })
    }

    fn issuers(&self) -> Vec<String> {
        vec![self.issuer.name().to_owned()]
    }

    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        JwtVerifier::revoke(self, revocation)
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.issuer, f)
    }
}
