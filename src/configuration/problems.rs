//! The problems of a configuration.

use std::fmt;

use crate::ConfigError;

/// All problems of a [`Configuration`](super::Configuration).
///
/// `Display` shows them in one line, separated by semicolons. Neither `Display` nor `Debug` shows a secret.
///
/// ```
/// use portcullis::configuration::Configuration;
///
/// let json = r#"{"issuers": [{"issuer": "as.example", "audiance": "https://api.example", "leeway_seconds": "60"}]}"#;
/// let problems = serde_json::from_str::<Configuration>(json).unwrap().build().unwrap_err();
/// let paths: Vec<_> = problems.iter().map(|problem| problem.path()).collect();
/// assert_eq!(paths, [
///     "issuers[0].leeway_seconds",
///     "issuers[0].audience",
///     "issuers[0].audiance",
///     "issuers[0].issuer",
/// ]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

/// A problem, and its place in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    path: String,
    text: String,
}

impl Problems {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the problems, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn add(&mut self, path: impl Into<String>, text: impl fmt::Display) {
        self.0.push(Problem { path: path.into(), text: text.to_string() });
    }

    /// Adds the error of a builder, for the setting at `path`.
    pub(super) fn add_error(&mut self, path: impl Into<String>, error: &ConfigError) {
        match error.value() {
            "" => self.add(path, error.problem()),
            value => self.add(path, format_args!("`{value}`: {}", error.problem())),
        }
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Problem {
    /// Returns the path in the document, such as `issuers[0].jwks_uri`. It is empty for the document itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what is wrong at this path.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.text);
        }
        write!(f, "{}: {}", self.path, self.text)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
