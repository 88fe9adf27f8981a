//! What is wrong with a configuration.

/// A configuration that can't work. `Display` names the offending value.
///
/// ```
/// # #[cfg(feature = "_jwt")] {
/// use portcullis::JwtVerifier;
///
/// let error = JwtVerifier::builder("as.example").audience("api").build().unwrap_err();
/// assert_eq!(error.to_string(), "issuer `as.example`: not an absolute URL");
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{value}`: {problem}")]
pub struct ConfigError {
    what: &'static str,
    value: String,
    problem: String,
}

impl ConfigError {
    pub(crate) fn new(
        what: &'static str,
        value: impl Into<String>,
        problem: impl Into<String>,
    ) -> Self {
        Self { what, value: value.into(), problem: problem.into() }
    }

    /// What was configured, such as `issuer`.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// The value that can't be used.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}
