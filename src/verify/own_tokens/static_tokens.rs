//! API tokens from the configuration of a service.

use std::{fmt, sync::Arc};

use serde_json::json;

use super::TokenDigest;
use crate::{
    BearerToken, ConfigError, Error, Identity, ScopeSet, Secret, Verification, Verify,
    error::TokenFault,
    verify::{Revocation, Revocations, RevokeFuture},
};

/// The minimum length of a token. Shorter ones could be guessed.
const MIN_LENGTH: usize = 16;

/// A verifier of API tokens that are part of the service's configuration, for example for a CI system
/// or a metrics scraper.
///
/// Each token has a label, which becomes [`Identity::client_id`], and scopes. A label can have several
/// tokens, which are all valid, so that clients can switch to a new token before the old one is removed
/// from the configuration.
///
/// ```
/// use http::{HeaderMap, header::AUTHORIZATION};
/// use portcullis::{BearerToken, ScopeSet, Secret, Verify, own_tokens::StaticTokens};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let deploy = ScopeSet::from_wire("deploy");
/// let verifier = StaticTokens::builder()
///     .token("ci", Secret::from("ci_8f14e45fceea167a5a36"), deploy.clone())
///     .token("ci", Secret::from("ci_c9f0f895fb98ab9159f5"), deploy)
///     .build()?;
///
/// for token in ["ci_8f14e45fceea167a5a36", "ci_c9f0f895fb98ab9159f5"] {
///     let mut headers = HeaderMap::new();
///     headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
///     let identity = verifier.verify(BearerToken::from_headers(&headers)?).wait().await?;
///     assert_eq!(identity.client_id(), Some("ci"));
///     assert!(identity.scopes().contains("deploy"));
/// }
/// # Ok(())
/// # }
/// ```
///
/// Any other token is rejected with 401 and [`TokenFault::Rejected`]. The verifier stores the SHA-256
/// digests of the tokens instead of the tokens, and compares them in constant time.
///
/// A token that was revoked ([`Verify::revoke`]), either itself or by its client, is rejected from the
/// next request on. The revocation list is in memory, so remove the token from the configuration as
/// well.
///
/// # With other kinds of tokens
///
/// A service that also accepts OAuth access tokens gives its static tokens a prefix, by which
/// [`Issuers`](crate::Issuers) selects the verifier. If all other tokens are JWTs, it can use
/// [`IssuersBuilder::opaque`](crate::issuers::IssuersBuilder::opaque) without a prefix.
///
/// ```
/// # #[cfg(feature = "_jwt")]
/// # fn main() -> Result<(), portcullis::ConfigError> {
/// use portcullis::{Issuers, JwtVerifier, ScopeSet, Secret, own_tokens::StaticTokens};
///
/// let ci = StaticTokens::builder()
///     .token("ci", Secret::from("ci_8f14e45fceea167a5a36"), ScopeSet::from_wire("deploy"))
///     .build()?;
/// let jwts = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
/// let verifier = Issuers::builder().trust(jwts).prefix("ci_", ci).build();
/// assert!(verifier.is_ok());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_jwt"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct StaticTokens {
    tokens: Arc<[(TokenDigest, Identity)]>,
    revocations: Revocations,
}

impl StaticTokens {
    /// Creates a builder without tokens.
    pub fn builder() -> StaticTokensBuilder {
        StaticTokensBuilder { tokens: Vec::new(), revocations: None }
    }

    fn find(&self, token: &str) -> Result<Identity, Error> {
        let digest = TokenDigest::of(token);
        // Compares with every token, so that the time doesn't reveal which one matched.
        let found =
            self.tokens.iter().fold(
                None,
                |found, (known, identity)| {
                    if *known == digest { Some(identity) } else { found }
                },
            );
        let identity = found.ok_or(TokenFault::Rejected)?;
        self.revocations.check(None, token.as_bytes(), identity)?;
        Ok(identity.clone())
    }
}

impl Verify<BearerToken<'_>> for StaticTokens {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        Verification::ready(self.find(token.as_str()))
    }

    fn revoke(&self, revocation: &Revocation) -> RevokeFuture {
        self.revocations.revoke(revocation)
    }
}

/// Shows the labels.
impl fmt::Debug for StaticTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.tokens.iter().filter_map(|(_, identity)| identity.client_id());
        f.write_str("StaticTokens(")?;
        f.debug_list().entries(labels).finish()?;
        f.write_str(")")
    }
}

/// A builder for [`StaticTokens`].
///
/// ```
/// use portcullis::{ScopeSet, Secret, own_tokens::StaticTokens};
///
/// let tokens = StaticTokens::builder().token("ci", Secret::from("letmein"), ScopeSet::new());
/// let error = tokens.build().unwrap_err();
/// assert_eq!(error.to_string(), "static token of `ci`: must be at least 16 characters long");
/// ```
#[must_use]
pub struct StaticTokensBuilder {
    tokens: Vec<(String, Secret, ScopeSet)>,
    revocations: Option<Revocations>,
}

impl StaticTokensBuilder {
    /// Adds a token with a label and scopes. Use a random text of at least 32 characters, such as the
    /// output of `openssl rand -hex 32`.
    ///
    /// Call it again with the same label to accept a second token for the same client, such as the current
    /// and the next one.
    pub fn token(mut self, label: impl Into<String>, token: Secret, scopes: ScopeSet) -> Self {
        self.tokens.push((label.into(), token, scopes));
        self
    }

    /// Sets the revocation list, for a list that verifiers or replicas share. By default, the verifier has a
    /// separate list.
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if there is no token, if a label is empty, or if a token is shorter than 16
    /// characters, appears twice, or contains a character that a Bearer token can't have
    /// ([RFC 6750 §2.1]), such as the newline at the end of a file. The error doesn't show the token.
    ///
    /// [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    pub fn build(self) -> Result<StaticTokens, ConfigError> {
        let mut tokens: Vec<(TokenDigest, Identity)> = Vec::with_capacity(self.tokens.len());
        for (label, secret, scopes) in self.tokens {
            if label.is_empty() {
                return Err(ConfigError::new("label of a static token", "", "must not be empty"));
            }
            let problem = |problem| Err(ConfigError::new("static token of", &*label, problem));
            if secret.expose().len() < MIN_LENGTH {
                return problem("must be at least 16 characters long");
            }
            let Ok(token) = BearerToken::parse(secret.expose()) else {
                return problem(
                    "must contain only ASCII letters, digits and `-._~+/`, and `=` at its end",
                );
            };
            let digest = TokenDigest::of(token.as_str());
            if tokens.iter().any(|(other, _)| *other == digest) {
                return problem("is already configured");
            }
            tokens.push((digest, identity(label, scopes)));
        }
        if tokens.is_empty() {
            return Err(ConfigError::new("static tokens", "[]", "at least one is needed"));
        }
        Ok(StaticTokens {
            tokens: tokens.into(),
            revocations: self.revocations.unwrap_or_default(),
        })
    }
}

/// Returns the identity of a client, with the claims that a JWT access token would have.
fn identity(label: String, scopes: ScopeSet) -> Identity {
    let claims = json!({ "client_id": label, "scope": scopes.as_str() });
    Identity::assertion().client_id(label).scopes(scopes).claims_json(claims.to_string()).build()
}

/// Shows the labels.
impl fmt::Debug for StaticTokensBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> = self.tokens.iter().map(|(label, ..)| label).collect();
        f.debug_struct("StaticTokensBuilder").field("labels", &labels).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_tokens_are_rejected_by_label() {
        let ok = "0123456789abcdef";
        let length = "must be at least 16 characters long";
        let alphabet = "must contain only ASCII letters, digits and `-._~+/`, and `=` at its end";
        for (label, token, error) in [
            ("ci", ok.to_owned(), None),
            ("ci", format!("{ok}=="), None),
            ("ci", ok[1..].to_owned(), Some(format!("static token of `ci`: {length}"))),
            ("ci", String::new(), Some(format!("static token of `ci`: {length}"))),
            ("ci", format!("{ok}\n"), Some(format!("static token of `ci`: {alphabet}"))),
            ("ci", format!("a {ok}"), Some(format!("static token of `ci`: {alphabet}"))),
            ("ci", format!("{ok}\u{e9}"), Some(format!("static token of `ci`: {alphabet}"))),
            ("", ok.to_owned(), Some("label of a static token ``: must not be empty".to_owned())),
        ] {
            let shown = format!("{label} {token:?}");
            let builder =
                StaticTokens::builder().token(label, Secret::from(token), ScopeSet::new());
            let built = builder.build().map_err(|error| error.to_string());
            assert_eq!(built.err(), error, "{shown}");
        }
        let twice = StaticTokens::builder().token("ci", Secret::from(ok), ScopeSet::new()).token(
            "backup",
            Secret::from(ok),
            ScopeSet::new(),
        );
        let error = twice.build().unwrap_err().to_string();
        assert_eq!(error, "static token of `backup`: is already configured");
        let error = StaticTokens::builder().build().unwrap_err().to_string();
        assert_eq!(error, "static tokens `[]`: at least one is needed");
    }

    #[test]
    fn debug_shows_labels_and_no_tokens() {
        let token = "0123456789abcdef";
        let builder = StaticTokens::builder().token("ci", Secret::from(token), ScopeSet::new());
        assert_eq!(format!("{builder:?}"), r#"StaticTokensBuilder { labels: ["ci"], .. }"#);
        assert_eq!(format!("{:?}", builder.build().unwrap()), r#"StaticTokens(["ci"])"#);
    }
}
