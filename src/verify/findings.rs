//! The findings of all rules about one token.

use std::fmt;

use crate::{
    Error, ErrorKind,
    error::{Diagnosis, Finding, Verdict},
};

/// The findings of a verifier's rules about a token, in the order in which the rules are applied:
/// see [`Verify::findings`](super::Verify::findings).
///
/// ```
/// use portcullis::{
///     error::{Finding, TokenFault},
///     verify::Findings,
/// };
///
/// let mut findings = Findings::new();
/// findings.push(Finding::passed("form"));
/// findings.push(Finding::failed("tenant", TokenFault::Rejected).expected("acme").found("globex"));
/// assert_eq!(findings.iter().count(), 2);
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Findings {
    list: Vec<Finding>,
    issuer: Option<Box<str>>,
    /// Not shown unless a layer is configured to.
    subject: Option<Box<str>>,
    key_id: Option<Box<str>>,
    algorithm: Option<Box<str>>,
    /// The claims as JSON text. They are shown only if an explanation is asked to include them.
    claims: Option<Box<str>>,
    /// The verifier's clock, in seconds since 1970.
    now: Option<u64>,
}

impl Findings {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the finding of the next rule.
    pub fn push(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    /// Returns the findings in the order of the rules.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.list.iter()
    }

    /// Returns the issuer that the token names.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Returns the `kid` that the token names.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the `alg` that the token names.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.algorithm.as_deref()
    }

    /// Returns the time of the verifier's clock, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> Option<u64> {
        self.now
    }

    pub(crate) fn set_now(&mut self, seconds: u64) {
        self.now = Some(seconds);
    }

    /// Returns the claims as JSON text.
    pub(crate) fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    pub(crate) fn set_header(&mut self, algorithm: Option<String>, key_id: Option<String>) {
        self.algorithm = algorithm.map(String::into_boxed_str);
        self.key_id = key_id.map(String::into_boxed_str);
    }

    /// Returns the subject that the token names.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    pub(crate) fn set_claims(&mut self, issuer: Option<&str>, subject: Option<&str>, claims: &str) {
        self.issuer = issuer.map(Box::from);
        self.subject = subject.map(Box::from);
        self.claims = Some(claims.into());
    }

    /// Returns the finding of the rule that rejected the token.
    pub(crate) fn of_rejection(&self, error: &Error) -> Option<&Finding> {
        match error.kind() {
            ErrorKind::InvalidToken(fault) => {
                self.list.iter().find(|finding| finding.fault() == Some(fault))
            }
            ErrorKind::Misconfigured | ErrorKind::Unavailable => {
                self.list.iter().find(|finding| finding.verdict() == Verdict::Unknown)
            }
            _ => None,
        }
    }

    /// Returns the diagnosis of a rejection. If the error already has one, from a place with more
    /// context, that one is returned.
    pub(crate) fn diagnosis(&self, error: &Error) -> Option<Diagnosis> {
        let mut diagnosis = match (error.diagnosis(), error.kind()) {
            (Some(known), _) => known.clone(),
            (None, ErrorKind::InvalidToken(fault)) => {
                let finding = self.of_rejection(error).cloned();
                Diagnosis::new(finding.unwrap_or(Finding::failed(error.kind().rule(), fault)))
            }
            (None, _) => Diagnosis::new(self.of_rejection(error)?.clone()),
        };
        if let Some(issuer) = &self.issuer {
            diagnosis = diagnosis.issuer(issuer);
        }
        if let Some(kid) = &self.key_id {
            diagnosis = diagnosis.key_id(kid);
        }
        if let Some(algorithm) = &self.algorithm {
            diagnosis = diagnosis.algorithm(algorithm);
        }
        Some(diagnosis)
    }
}

impl fmt::Debug for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Findings").field("list", &self.list).finish_non_exhaustive()
    }
}
