//! The explanation of why a token is accepted or rejected, as text and as JSON.

use std::fmt;

use super::{Findings, Verify};
use crate::{
    BearerToken, Error,
    error::{Finding, Report, excerpt},
};

/// An explanation of why a token, or a request with it, is accepted or rejected: what each rule
/// expected and found.
///
/// `Display` formats the explanation for people. With the `serde` feature, `Serialize` provides the same for
/// programs. Neither contains the token, and both contain claims only after [`with_claims`](Self::with_claims).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use portcullis::testing::TestIssuer;
///
/// let issuer = TestIssuer::new();
/// let verifier = issuer.verifier().audience("https://api.example").build().unwrap();
/// let token = issuer.token().audience("https://api.example/").mint();
///
/// let explanation = verifier.explain(&token).await;
/// assert!(!explanation.is_accepted());
/// let page = explanation.to_string();
/// assert!(page.starts_with("rejected: access token rejected: Token not intended for this audience."));
/// assert!(page.contains("aud: failed; expected https://api.example; found https://api.example/; hint: "));
/// assert!(page.contains("exp: passed"));
/// assert!(!page.contains(&token));
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Explanation {
    pub(crate) error: Option<Error>,
    pub(crate) findings: Findings,
    /// The findings of a layer about the request.
    pub(crate) request: Vec<Finding>,
    shows_claims: bool,
}

impl Explanation {
    pub(crate) fn new(error: Option<Error>, findings: Findings) -> Self {
        Self { error, findings, request: Vec::new(), shows_claims: false }
    }

    /// Returns whether the token, or the request, is accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.error.is_none()
    }

    /// Returns the error of the rejection, or `None` if the token is accepted.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Returns the finding of each rule about the token.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Returns the findings of a layer's credential sources, bindings and policies about the request. Empty for
    /// the explanation of a verifier.
    pub fn request_findings(&self) -> impl Iterator<Item = &Finding> {
        self.request.iter()
    }

    /// Includes the claims of the token, which often contain personal data.
    pub fn with_claims(mut self) -> Self {
        self.shows_claims = true;
        self
    }

    fn claims(&self) -> Option<&str> {
        self.findings.claims().filter(|_| self.shows_claims)
    }
}

/// Verifies a token as for a request, and explains the outcome.
pub(crate) async fn explain<V>(verifier: &V, token: &str) -> Explanation
where
    V: for<'a> Verify<BearerToken<'a>> + ?Sized,
{
    let token = match BearerToken::parse(token.as_bytes()) {
        Ok(token) => token,
        Err(fault) => return Explanation::new(Some(fault.into()), Findings::new()),
    };
    let outcome = verifier.verify_uncached(token.clone()).wait().await;
    explained(verifier, token, outcome.err())
}

/// Explains a known outcome.
pub(crate) fn explained<V>(
    verifier: &V,
    token: BearerToken<'_>,
    error: Option<Error>,
) -> Explanation
where
    V: for<'a> Verify<BearerToken<'a>> + ?Sized,
{
    let mut findings = verifier.findings(token.clone(), None);
    if let Some(error) = &error
        && findings.iter().next().is_none()
    {
        // Some verifiers can report their rules only for an error, because the rules run elsewhere.
        findings = verifier.findings(token, Some(error));
    }
    Explanation::new(error, findings)
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            None => writeln!(f, "accepted")?,
            Some(error) => writeln!(f, "rejected: {}", Report(error))?,
        }
        for (name, value) in [
            ("issuer", self.findings.issuer()),
            ("kid", self.findings.key_id()),
            ("alg", self.findings.algorithm()),
        ] {
            if let Some(value) = value {
                writeln!(f, "{name}: {}", excerpt(value))?;
            }
        }
        if let Some(now) = self.findings.now() {
            writeln!(f, "clock of this service: {now} (seconds since 1970)")?;
        }
        for finding in self.findings.iter() {
            writeln!(f, "  {finding}")?;
        }
        if !self.request.is_empty() {
            writeln!(f, "the request:")?;
        }
        for finding in &self.request {
            writeln!(f, "  {finding}")?;
        }
        match self.claims() {
            Some(claims) => writeln!(f, "claims: {}", claims.replace(char::is_control, " ")),
            None => Ok(()),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Explanation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("accepted", &self.is_accepted())?;
        if let Some(error) = &self.error {
            map.serialize_entry("reason", error.kind().reason())?;
            map.serialize_entry("status", &error.status().as_u16())?;
            map.serialize_entry("error", &Report(error).to_string())?;
        }
        for (name, value) in [
            ("issuer", self.findings.issuer()),
            ("kid", self.findings.key_id()),
            ("alg", self.findings.algorithm()),
        ] {
            if let Some(value) = value {
                map.serialize_entry(name, &excerpt(value))?;
            }
        }
        if let Some(now) = self.findings.now() {
            map.serialize_entry("clock", &now)?;
        }
        map.serialize_entry("rules", &self.findings.iter().collect::<Vec<_>>())?;
        map.serialize_entry("request", &self.request)?;
        if let Some(claims) = self.claims() {
            let claims: Option<serde_json::Value> = serde_json::from_str(claims).ok();
            map.serialize_entry("claims", &claims)?;
        }
        map.end()
    }
}
