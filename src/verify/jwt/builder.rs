//! The configuration of a [`JwtVerifier`].

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use super::{
    JwtVerifier, Profile, rules::RequiredClaim, settings::Settings, token_cache::TokenCache,
};
use crate::claims::{GivenClaimOptions, ResourceIdentifier};
use crate::url::redact;
use crate::verify::{AudienceGiven, AudienceMissing, Revocations};
use crate::{Algorithm, Clock, ConfigError, Error, Identity};

/// A builder for [`JwtVerifier`], with the issuer, the audience, and the source of the keys.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::{Algorithm, JwtVerifier, jwt::Profile};
///
/// let verifier = JwtVerifier::builder("https://as.example")
///     .audience("https://api.example")
///     .jwks_uri("https://as.example/jwks")
///     .algorithms([Algorithm::Es256])
///     .profile(Profile::Rfc9068)
///     .leeway(Duration::from_secs(30))
///     .build()?;
/// assert_eq!(verifier.readiness().issuer(), "https://as.example");
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
///
/// A verifier without an audience can't be built:
///
/// ```compile_fail
/// let verifier = portcullis::JwtVerifier::builder("https://as.example").build();
/// ```
///
/// The keys come from exactly one source: configured keys (JWK Sets, PEM keys and secrets together) if
/// there are any, otherwise a configured `jwks_uri`, and otherwise the `jwks_uri` in the issuer's
/// metadata.
#[must_use]
pub struct JwtVerifierBuilder<Audience> {
    pub(super) settings: Settings,
    audience: PhantomData<Audience>,
}

impl JwtVerifierBuilder<AudienceMissing> {
    pub(super) fn new(issuer: String) -> Self {
        Self { settings: Settings::new(issuer), audience: PhantomData }
    }
}

impl<Audience> JwtVerifierBuilder<Audience> {
    /// Sets the accepted audience. `aud` must contain this exact string. Call it again to accept more than one
    /// audience.
    pub fn audience(mut self, audience: impl Into<String>) -> JwtVerifierBuilder<AudienceGiven> {
        self.settings.audiences.push(audience.into());
        self.into_state()
    }

    /// Accepts the identifier of a [`ProtectedResource`](crate::ProtectedResource) as the audience. Scheme and
    /// host may differ in case, and everything else must match exactly. Call this method or
    /// [`audience`](Self::audience) again to accept more than one audience.
    ///
    /// ```
    /// use portcullis::{JwtVerifier, ProtectedResource};
    ///
    /// let resource = ProtectedResource::builder("https://api.example/mcp").build()?;
    /// assert!(JwtVerifier::builder("https://as.example").resource(&resource).build().is_ok());
    /// # Ok::<(), portcullis::ConfigError>(())
    /// ```
    pub fn resource(
        mut self,
        resource: impl AsRef<ResourceIdentifier>,
    ) -> JwtVerifierBuilder<AudienceGiven> {
        self.settings.resources.push(resource.as_ref().clone());
        self.into_state()
    }

    /// Sets the accepted client, for issuers whose access tokens have no `aud`, such as Amazon Cognito.
    /// `client_id` must be this exact string. Call it again to accept more than one client. A token that has an
    /// `aud` is rejected, because it is intended for another service. This can't be combined with
    /// [`audience`](Self::audience).
    #[doc(alias = "Cognito")]
    pub fn client(mut self, client_id: impl Into<String>) -> JwtVerifierBuilder<AudienceGiven> {
        self.settings.clients.push(client_id.into());
        self.into_state()
    }

    /// Requires a claim to be this exact string, such as `access` for `token_use`. Call it again to require
    /// several claims.
    pub fn require_claim(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.settings.required.push(RequiredClaim::exact(name.into(), text.into()));
        self
    }

    /// Requires a claim to be a string that begins with `prefix`, such as `acme/` for `project_path`. End the
    /// prefix with a separator, because `acme` also matches `acme-evil/orders`.
    ///
    /// ```
    /// use portcullis::JwtVerifier;
    ///
    /// let verifier = JwtVerifier::builder("https://gitlab.com")
    ///     .audience("https://api.example")
    ///     .require_claim_prefix("project_path", "acme/")
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    pub fn require_claim_prefix(
        mut self,
        name: impl Into<String>,
        prefix: impl Into<String>,
    ) -> Self {
        self.settings.required.push(RequiredClaim::prefix(name.into(), prefix.into()));
        self
    }

    /// Sets the accepted algorithms. The default is all asymmetric algorithms that the issuer's keys allow, and
    /// the algorithm of each secret. If keys are configured, there must be one for each of these algorithms.
    ///
    /// ML-DSA is accepted by default, so that an issuer can migrate to it by publishing a key.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.settings.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// Sets the profile of access tokens, which determines the required `typ` and claims. The default is
    /// [`Profile::Relaxed`].
    pub fn profile(mut self, profile: Profile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// Accepts this `typ` in the header, in addition to those of the profile. Call it again to accept more than
    /// one.
    ///
    /// Case and an `application/` prefix are ignored. [`build`](Self::build) rejects the types of JWTs that
    /// aren't access tokens, such as `logout+jwt`, `dpop+jwt` and `secevent+jwt`.
    ///
    /// ```
    /// use portcullis::JwtVerifier;
    ///
    /// let builder = || JwtVerifier::builder("https://as.example").audience("https://api.example");
    /// assert!(builder().accept_type("acme-at+jwt").build().is_ok());
    /// let error = builder().accept_type("logout+jwt").build().unwrap_err();
    /// assert_eq!(error.value(), "logout+jwt");
    /// ```
    pub fn accept_type(mut self, typ: impl Into<String>) -> Self {
        self.settings.accepted_types.push(typ.into());
        self
    }

    /// Sets the leeway for `exp`, `nbf`, `iat` and `auth_time`, which compensates for differences between
    /// the clocks. The default is 60 s.
    #[doc(alias = "clock skew")]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway;
        self
    }

    /// Adds a place from which scopes are read, in addition to `scope` and `scp`: a claim such as
    /// `permissions`, or a JSON pointer ([RFC 6901]) such as `/realm_access/roles`.
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    pub fn scope_claim(mut self, place: impl AsRef<str>) -> Self {
        self.settings.claims.places.scopes.push(place.as_ref().to_owned());
        self
    }

    /// Accepts integers as `sub`, `jti` and `client_id`, which should be strings ([RFC 7519 §4.1.2]), and reads
    /// them as decimal text: the number `42` and the string `"42"` are the same subject. By default, a token
    /// with such a claim is rejected.
    ///
    /// Numbers that are negative, or written with a fraction or an exponent, are rejected.
    /// [`Identity::raw_claims`] still contains the number.
    ///
    /// [RFC 7519 §4.1.2]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2
    pub fn numeric_identifiers(mut self) -> Self {
        self.settings.claims.numeric_identifiers = true;
        self
    }

    /// Adds a place from which roles are read: a claim such as `roles`, or a JSON pointer ([RFC 6901]) such as
    /// `/realm_access/roles`. By default, no roles are read.
    ///
    /// The value can be an array with one role per element, a string of space-separated roles, or an object
    /// whose keys are roles, except for keys with the value `false` or `null`. A token with any other value is
    /// rejected. If the first verified token has no value at a place, this is logged once.
    ///
    /// A role is never a scope: [`Identity::roles`] and [`Identity::scopes`] are separate sets, so a client
    /// can't get a role by requesting a scope of that name. For the same reason, roles can't be read from
    /// `scope` and `scp`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use portcullis::{Verify, testing::TestIssuer};
    /// # use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
    /// # use portcullis::BearerToken;
    /// use serde_json::json;
    ///
    /// let issuer = TestIssuer::new();
    /// let verifier =
    ///     issuer.verifier().audience("https://api.example").roles("/realm_access/roles").build()?;
    ///
    /// let token = issuer.token().audience("https://api.example").scope("root");
    /// let token = token.claim("realm_access", json!({ "roles": ["admin"] })).mint();
    /// # let line = HeaderValue::try_from(format!("Bearer {token}"))?;
    /// # let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    /// # let token = BearerToken::from_headers(&headers)?;
    /// let identity = verifier.verify(token).wait().await?;
    /// assert!(identity.has_role("admin"));
    /// assert!(!identity.has_role("root"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    #[doc(alias = "Keycloak")]
    pub fn roles(mut self, place: impl AsRef<str>) -> Self {
        self.settings.claims.places.roles.push(place.as_ref().to_owned());
        self
    }

    /// Sets the maximum lifetime of a token: the time from `iat` to `exp`. By default, there is no
    /// limit.
    ///
    /// A token with a longer lifetime is rejected with [`TokenFault::Lifetime`](crate::error::TokenFault::Lifetime),
    /// and one without `iat` with [`TokenFault::Claims`](crate::error::TokenFault::Claims). There is no leeway,
    /// because both times come from the issuer.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use portcullis::JwtVerifier;
    ///
    /// let builder = || JwtVerifier::builder("https://as.example").audience("https://api.example");
    /// assert!(builder().max_lifetime(Duration::from_secs(3600)).build().is_ok());
    /// assert!(builder().max_lifetime(Duration::ZERO).build().is_err());
    /// ```
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.claims.max_lifetime = Some(lifetime);
        self
    }

    /// Adds a custom check, which runs after the signature is verified, and again each time a cached token is
    /// used. Reject a token with [`TokenFault::Rejected`](crate::error::TokenFault::Rejected) or any other error.
    ///
    /// ```
    /// use portcullis::{JwtVerifier, error::TokenFault};
    ///
    /// let verifier = JwtVerifier::builder("https://as.example")
    ///     .audience("https://api.example")
    ///     .check(|identity| match identity.client_id() {
    ///         Some("retired-app") => Err(TokenFault::Rejected.into()),
    ///         _ => Ok(()),
    ///     })
    ///     .build();
    /// assert!(verifier.is_ok());
    /// ```
    pub fn check(
        mut self,
        check: impl Fn(&Identity) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        self.settings.checks.push(Box::new(check));
        self
    }

    /// Sets the size of the verified-token cache in bytes. The default is 32 MiB; 0 disables the cache. An
    /// entry takes the length of the token plus about 850 bytes.
    ///
    /// The signature of a cached token isn't verified again. Its times, the issuer's keys and custom checks are
    /// evaluated each time, so the token is rejected when it expires, and when the key that signed it is
    /// withdrawn.
    #[doc(alias = "cache")]
    pub fn token_cache(mut self, bytes: usize) -> Self {
        self.settings.cache_capacity = bytes;
        self
    }

    /// Sets the revocation list, for a list that verifiers or replicas share. By default, the verifier has a
    /// separate list. It is checked on every request.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.settings.revocations = Some(revocations);
        self
    }

    /// Sets the clock for the expiry of tokens and keys. The default is
    /// [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Returns the options that configurations set for issuers and introspection endpoints alike.
    pub(crate) fn claim_options_mut(&mut self) -> &mut GivenClaimOptions {
        &mut self.settings.claims
    }

    pub(super) fn into_state<State>(self) -> JwtVerifierBuilder<State> {
        JwtVerifierBuilder { settings: self.settings, audience: PhantomData }
    }
}

impl JwtVerifierBuilder<AudienceGiven> {
    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`], which names the setting and its value, if the issuer or an audience is empty;
    /// if the `jwks_uri`, the `metadata_url`, or an issuer with neither, isn't an `https` URL; if a key can't
    /// be read or is too weak; if a key set has no keys; if the list of algorithms is empty, has one for
    /// which there is no configured key, or has ML-DSA in a build that doesn't implement it; if a place for
    /// scopes or roles is an invalid JSON pointer; or if the maximum lifetime is zero.
    pub fn build(self) -> Result<JwtVerifier, ConfigError> {
        let capacity = self.settings.cache_capacity;
        let issuer = Arc::new(self.settings.into_issuer()?);
        let cache = TokenCache::of(&issuer, capacity);
        Ok(JwtVerifier { issuer, cache })
    }
}

impl<Audience> fmt::Debug for JwtVerifierBuilder<Audience> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifierBuilder")
            .field("issuer", &redact(&self.settings.issuer))
            .field("audiences", &self.settings.audiences)
            .field("profile", &self.settings.profile)
            .finish_non_exhaustive()
    }
}
