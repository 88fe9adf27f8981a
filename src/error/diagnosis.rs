//! Why a request was rejected, for operators.

use super::{excerpt::excerpt, finding::Finding};

/// Why a request was rejected, for operators: the rule, with its expected and found values, and what the token names.
///
/// An [`Error`](crate::Error) has a diagnosis only if something reads it: a `tracing` subscriber for `DEBUG` events
/// with the target `portcullis`, or a layer with [`record_diagnoses`](crate::AuthenticateLayer::record_diagnoses).
/// Otherwise, it isn't computed. It is never sent to clients.
///
/// Issuer, subject, `kid` and algorithm are copied from the token, and may not be verified. The subject is omitted unless
/// [`AuthenticateLayer::record_subjects`](crate::AuthenticateLayer::record_subjects) enables it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Diagnosis {
    finding: Finding,
    issuer: Option<Box<str>>,
    subject: Option<Box<str>>,
    key_id: Option<Box<str>>,
    algorithm: Option<Box<str>>,
}

impl Diagnosis {
    /// Creates a diagnosis from the finding of a rule.
    ///
    /// ```
    /// use portcullis::{
    ///     Error,
    ///     error::{Diagnosis, Finding, TokenFault},
    /// };
    ///
    /// let finding = Finding::failed("tenant", TokenFault::Rejected).expected("acme").found("globex");
    /// let error = Error::from(TokenFault::Rejected)
    ///     .with_diagnosis(Diagnosis::new(finding).issuer("https://as.example"));
    /// let diagnosis = error.diagnosis().unwrap();
    /// assert_eq!(diagnosis.finding().rule(), "tenant");
    /// assert_eq!(diagnosis.issuer_name(), Some("https://as.example"));
    /// ```
    pub const fn new(finding: Finding) -> Self {
        Self { finding, issuer: None, subject: None, key_id: None, algorithm: None }
    }

    /// Sets the issuer that the token names.
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = Some(excerpt(issuer));
        self
    }

    /// Sets the subject that the token names, in the form in which logs may show it.
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = Some(excerpt(subject));
        self
    }

    /// Sets the key that the token names (`kid`).
    pub fn key_id(mut self, kid: &str) -> Self {
        self.key_id = Some(excerpt(kid));
        self
    }

    /// Sets the algorithm that the token names (`alg`).
    pub fn algorithm(mut self, algorithm: &str) -> Self {
        self.algorithm = Some(excerpt(algorithm));
        self
    }

    /// Returns the finding of the rule that rejected the request.
    pub const fn finding(&self) -> &Finding {
        &self.finding
    }

    /// Returns the issuer that the token names.
    #[must_use]
    pub fn issuer_name(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Returns the subject that the token names, as it is or as a digest, if this is enabled.
    #[must_use]
    pub fn subject_value(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Returns the key id that the token names (`kid`).
    #[must_use]
    pub fn key_id_value(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns the algorithm that the token names (`alg`).
    #[must_use]
    pub fn algorithm_name(&self) -> Option<&str> {
        self.algorithm.as_deref()
    }
}
