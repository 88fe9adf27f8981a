//! The verifier of one issuer's tokens.

use std::{fmt, sync::Arc};

use super::{JwtVerifierBuilder, interrupt::Interrupt, issuer::Issuer, token_cache::TokenCache};
use crate::{
    BearerToken, Error, Identity, Verification, Verify,
    verify::{
        AudienceMissing, DoctorFuture, DoctorReport, Explanation, Findings, Readiness, Revocation,
        RevokeFuture, explain,
    },
};

/// Verifies JWT access tokens of one issuer ([RFC 7519], [RFC 9068], [RFC 8725]).
///
/// ```
/// use portcullis::JwtVerifier;
///
/// let verifier = JwtVerifier::builder("https://as.example")
///     .audience("https://api.example")
///     .jwks_uri("https://as.example/jwks")
///     .build()?;
/// # let _ = verifier;
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// What a token must pass, in this order: three parts; a header of at most 8 KiB, decoded, which leaves
/// room for certificates that nobody looks at, with a known `alg` and no `crit`;
/// claims without duplicates, with our `iss`, our `aud`, an `exp` to come and no `nbf` or `iat` to
/// come; an acceptable `typ`; a key of the issuer's that fits; the signature; the checks of your own.
///
/// Keys that aren't given are fetched when the first token needs them, so building it asks no one.
/// A clone shares keys and caches. For tokens of several issuers see [`Issuers`](crate::Issuers).
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
    /// Begins with the issuer: what `iss` must be, byte for byte. It is an `https` URL; loopback may
    /// go without TLS.
    pub fn builder(issuer: impl Into<String>) -> JwtVerifierBuilder<AudienceMissing> {
        JwtVerifierBuilder::new(issuer.into())
    }

    /// Fetches the keys now, if there are none, instead of when the first token comes. Nothing needs
    /// this; it spares the first request the wait.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) if the issuer is out of reach. The
    /// verifier goes on as without: it tries again when a token comes.
    pub async fn warm_up(&self) -> Result<(), Error> {
        self.issuer.warm_up().await
    }

    /// Revokes tokens of this issuer: they are rejected from the next request on, until they would have expired.
    ///
    /// # Errors
    ///
    /// As for [`Verify::revoke`].
    #[must_use = "whether the revocation took effect is known when the future completes"]
    pub fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        self.issuer.revocations.revoke(revocation)
    }

    /// Verifies a token as a request would, and explains the outcome: what each rule expected and found, also those after
    /// the one that rejected the token.
    ///
    /// This fetches keys where a request would. See [`Explanation`].
    pub async fn explain(&self, token: &str) -> Explanation {
        explain(self, token).await
    }

    /// Asks the issuer what this verifier would ask for a request, and reports what is right, what will fail
    /// and what to do: see [`DoctorReport`].
    pub async fn doctor(&self) -> DoctorReport {
        Verify::doctor(self).await
    }

    /// Whether the keys are at hand.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.issuer.readiness()
    }
}

impl Verify<BearerToken<'_>> for JwtVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        match self.cached(token.as_str().as_bytes()) {
            Some(identity) => Verification::ready(Ok(identity)),
            None => self.verify_uncached(token),
        }
    }

    fn cached(&self, token: &[u8]) -> Option<Identity> {
        self.cache.get(token)
    }

    fn verify_uncached(&self, token: BearerToken<'_>) -> Verification {
        match self.issuer.verify(token.as_str()) {
            Ok(verified) => {
                Verification::ready(self.cache.insert(token.as_str(), verified, &self.issuer))
            }
            Err(Interrupt::Rejected(error)) => Verification::ready(Err(error)),
            Err(wait) => {
                let (this, token) = (self.clone(), token.as_str().to_owned());
                Verification::pending(async move {
                    let verified = this.issuer.complete(&token, Err(wait)).await?;
                    this.cache.insert(&token, verified, &this.issuer)
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
