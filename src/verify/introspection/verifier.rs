//! The verifier of tokens that their issuer is asked about.

use std::{fmt, sync::Arc};

use super::{
    builder::{ClientMissing, IntrospectionVerifierBuilder},
    introspector::Introspector,
};
use crate::{
    BearerToken, Error, Verification, Verify,
    verify::{
        AudienceMissing, DoctorFuture, DoctorReport, Explanation, Findings, Revocation,
        RevokeFuture, explain,
    },
};

/// Verifies access tokens by asking their issuer's introspection endpoint ([RFC 7662]): opaque tokens,
/// and any that must be rejected soon after they are revoked.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::{BearerToken, IntrospectionVerifier, Verify, testing::TestIssuer};
///
/// let issuer = TestIssuer::new();
/// issuer.register_client("orders-api", "s3cret");
/// let verifier = IntrospectionVerifier::builder(format!("{}/introspect", issuer.issuer()))
///     .client_secret_basic("orders-api", "s3cret")
///     .audience("https://api.example")
///     .http_client(issuer.http_client())
///     .build()?;
///
/// let token = issuer.token().audience("https://api.example").subject("alice").mint_opaque();
/// let mut headers = HeaderMap::new();
/// headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
/// let identity = verifier.verify(BearerToken::from_headers(&headers)?).wait().await?;
/// assert_eq!(identity.subject(), Some("alice"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
///
/// A token is accepted if the answer's `active` is the JSON boolean `true`, its `aud` is ours, and its
/// `iss`, `exp` and `nbf`, where it has them, are right: `exp` without any leeway, `nbf` with 60 s for
/// clocks that differ. What the endpoint calls inactive is rejected with 401. A token is never rejected for a fault of the endpoint's: that is 503
/// with `Retry-After`, or 500 where it rejects the credentials of this service.
///
/// An answer is kept for 60 s, or 5 s if the token is rejected, by the whole token, and for this
/// verifier and its clones only; failures are not kept. All who ask about one token at the same time
/// wait for one introspection, which goes on if they don't. A token that is revoked is rejected once
/// its answer's time is over, or at once after [`invalidate`](Self::invalidate).
///
/// `username` and other members of the answer are among the [raw claims](crate::Identity::raw_claims).
///
/// [RFC 7662]: https://www.rfc-editor.org/rfc/rfc7662
#[derive(Clone)]
pub struct IntrospectionVerifier(pub(super) Arc<Introspector>);

impl IntrospectionVerifier {
    /// Begins with the address of the introspection endpoint: an `https` URL; loopback may go
    /// without TLS.
    pub fn builder(
        endpoint: impl Into<String>,
    ) -> IntrospectionVerifierBuilder<ClientMissing, AudienceMissing> {
        IntrospectionVerifierBuilder::at(endpoint.into())
    }

    /// Begins with an issuer, whose metadata ([RFC 8414], OpenID Connect Discovery) names the
    /// endpoint. It is discovered when the first token arrives, so building the verifier sends no request.
    /// After a failure, a later request tries again, with an exponential backoff of at most 60 s.
    ///
    /// The metadata must name exactly this issuer, and so must `iss` in an answer that has one.
    ///
    /// ```
    /// use portcullis::IntrospectionVerifier;
    ///
    /// let verifier = IntrospectionVerifier::discover("https://as.example")
    ///     .client_secret_basic("orders-api", "s3cret")
    ///     .audience("https://api.example")
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    ///
    /// [RFC 8414]: https://www.rfc-editor.org/rfc/rfc8414
    pub fn discover(
        issuer: impl Into<String>,
    ) -> IntrospectionVerifierBuilder<ClientMissing, AudienceMissing> {
        IntrospectionVerifierBuilder::of_issuer(issuer.into())
    }

    /// Verifies a token as a request would, and explains the outcome: what each rule expected and found, also those after
    /// the one that rejected the token.
    ///
    /// This introspects the token where a request would. See [`Explanation`].
    pub async fn explain(&self, token: &str) -> Explanation {
        explain(self, token).await
    }

    /// Asks the introspection endpoint what this verifier would ask for a request, and reports what is right, what will fail
    /// and what to do: see [`DoctorReport`].
    pub async fn doctor(&self) -> DoctorReport {
        Verify::doctor(self).await
    }

    /// Removes a token from the cache, so that the next request with it asks the endpoint. A running
    /// introspection goes on for the requests that wait for it, and for no others.
    ///
    /// To reject a token instead, revoke it: see [`revoke`](Self::revoke).
    pub fn invalidate(&self, token: &str) {
        self.0.invalidate(token);
    }

    /// Revokes tokens: they are rejected from the next request on, whatever the endpoint responds.
    ///
    /// # Errors
    ///
    /// As for [`Verify::revoke`].
    #[must_use = "whether the revocation took effect is known when the future completes"]
    pub fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        self.0.revocations.revoke(revocation)
    }
}

impl Verify<BearerToken<'_>> for IntrospectionVerifier {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        self.0.verify(token.as_str())
    }

    fn findings(&self, token: BearerToken<'_>, rejection: Option<&Error>) -> Findings {
        self.0.findings(token.as_str(), rejection)
    }

    fn doctor(&self) -> DoctorFuture {
        let introspector = Arc::clone(&self.0);
        Box::pin(async move { introspector.doctor().await })
    }

    fn validates_issuer(&self) -> bool {
        self.0.rules.issuer.is_some()
    }

    /// The [issuer](IntrospectionVerifierBuilder::issuer), if it is configured.
    fn issuers(&self) -> Vec<String> {
        self.0.rules.issuer.iter().map(ToString::to_string).collect()
    }

    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        IntrospectionVerifier::revoke(self, revocation)
    }
}

impl fmt::Debug for IntrospectionVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
