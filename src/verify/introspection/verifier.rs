//! The verifier that introspects tokens.

use std::{fmt, sync::Arc};

use super::{
    builder::IntrospectionVerifierBuilder, client_state::ClientMissing, introspector::Introspector,
};
use crate::{
    BearerToken, Error, Verification, Verify,
    verify::{
        AudienceMissing, DoctorFuture, DoctorReport, Explanation, Findings, Revocation,
        RevokeFuture, explain,
    },
};

/// A verifier of access tokens that queries the introspection endpoint of their issuer ([RFC 7662]).
/// It is for opaque tokens, and for tokens that must be rejected soon after they are revoked.
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
/// A token is accepted if `active` in the response is the JSON boolean `true`, `aud` contains an accepted
/// audience, and `iss`, `exp` and `nbf` are valid if they are present. `exp` has no leeway, and `nbf` has 60 s.
/// An inactive token is rejected with 401. An error of the endpoint never rejects a token: the request gets 503
/// with `Retry-After`, or 500 if the endpoint rejects the credentials of this service.
///
/// Responses are cached for 60 s, or for 5 s if the token is rejected. The cache is indexed by the
/// whole token, and shared only by clones of this verifier. Failures aren't cached. Concurrent
/// requests with the same token wait for a single introspection, which continues even if they are
/// dropped. A revoked token is rejected once its cache entry has expired, or immediately after a
/// call to [`invalidate`](Self::invalidate).
///
/// `username` and other members of the response are part of the
/// [raw claims](crate::Identity::raw_claims).
///
/// [RFC 7662]: https://www.rfc-editor.org/rfc/rfc7662
#[derive(Clone)]
pub struct IntrospectionVerifier(pub(super) Arc<Introspector>);

impl IntrospectionVerifier {
    /// Creates a builder for the introspection endpoint at this URL, which must be `https`, or
    /// `http` on loopback.
    pub fn builder(
        endpoint: impl Into<String>,
    ) -> IntrospectionVerifierBuilder<ClientMissing, AudienceMissing> {
        IntrospectionVerifierBuilder::at(endpoint.into())
    }

    /// Creates a builder for an issuer whose metadata ([RFC 8414], OpenID Connect Discovery) contains the
    /// URL of the endpoint. The metadata is fetched when the first token arrives, so building the verifier
    /// sends no request. After a failure, a later request tries again, with an exponential backoff of at
    /// most 60 s.
    ///
    /// `issuer` in the metadata must be exactly this string, and so must `iss` in a response that
    /// has one.
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

    /// Verifies a token as for a request, and explains the outcome: what each rule expected and found,
    /// including the rules after the one that rejected the token.
    ///
    /// The token is introspected unless it is cached. See [`Explanation`].
    pub async fn explain(&self, token: &str) -> Explanation {
        explain(self, token).await
    }

    /// Sends the introspection endpoint the request that this verifier would send to verify a token, and
    /// reports what works, what will fail, and what to do about it: see [`DoctorReport`].
    pub async fn doctor(&self) -> DoctorReport {
        Verify::doctor(self).await
    }

    /// Removes a token from the cache, so that the next request with it queries the endpoint. A
    /// running introspection continues only for the requests that wait for it.
    ///
    /// To reject a token instead, revoke it: see [`revoke`](Self::revoke).
    pub fn invalidate(&self, token: &str) {
        self.0.invalidate(token);
    }

    /// Revokes tokens. They are rejected from the next request on, regardless of what the endpoint
    /// responds.
    ///
    /// # Errors
    ///
    /// The same as for [`Verify::revoke`].
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

    /// Returns the [issuer](IntrospectionVerifierBuilder::issuer), if it is configured.
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
