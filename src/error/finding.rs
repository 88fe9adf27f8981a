//! The result of one rule for a token or a request.

use std::{borrow::Cow, fmt};

use super::excerpt::{excerpt, excerpts};
use crate::error::TokenFault;

/// The result of one rule: what it expected, what it found, and its verdict. For operators.
///
/// Values from a token are escaped and limited to 200 characters. URLs in them lose their query, and anything that
/// looks like a JWT is left out.
///
/// ```
/// use portcullis::error::{Finding, TokenFault, Verdict};
///
/// let finding = Finding::failed("aud", TokenFault::Audience)
///     .expected("https://api.example")
///     .found("https://api.example/")
///     .hint("`aud` has an extra slash at the end");
/// assert_eq!(finding.verdict(), Verdict::Failed);
/// assert_eq!(
///     finding.to_string(),
///     "aud: failed; expected https://api.example; found https://api.example/; \
///      hint: `aud` has an extra slash at the end"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Finding {
    rule: &'static str,
    verdict: Verdict,
    fault: Option<TokenFault>,
    expected: Option<Box<str>>,
    found: Option<Box<str>>,
    skew: Option<i64>,
    hint: Option<Cow<'static, str>>,
}

/// The verdict of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Verdict {
    /// The token breaks the rule.
    Failed,
    /// The token follows the rule.
    Passed,
    /// The rule could not be applied, because another rule failed or something is unavailable.
    Unknown,
}

impl Finding {
    const fn new(rule: &'static str, verdict: Verdict, fault: Option<TokenFault>) -> Self {
        Self { rule, verdict, fault, expected: None, found: None, skew: None, hint: None }
    }

    /// Creates the finding of a rule that a token follows.
    pub const fn passed(rule: &'static str) -> Self {
        Self::new(rule, Verdict::Passed, None)
    }

    /// Creates the finding of a rule that a token breaks. The token is rejected with `fault`.
    pub const fn failed(rule: &'static str, fault: TokenFault) -> Self {
        Self::new(rule, Verdict::Failed, Some(fault))
    }

    /// Creates the finding of a rule that a request with a valid token breaks.
    pub const fn rejected(rule: &'static str) -> Self {
        Self::new(rule, Verdict::Failed, None)
    }

    /// Creates the finding of a rule that could not be applied.
    pub const fn unknown(rule: &'static str) -> Self {
        Self::new(rule, Verdict::Unknown, None)
    }

    /// Sets the expected value, which is usually configured.
    pub fn expected(mut self, expected: &str) -> Self {
        self.expected = Some(excerpt(expected));
        self
    }

    /// Sets the accepted values.
    pub(crate) fn expected_one_of<'a>(
        mut self,
        expected: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.expected = excerpts(expected);
        self
    }

    /// Sets the value in the token or the request. It is logged, so don't pass a subject or a secret.
    pub fn found(mut self, found: &str) -> Self {
        self.found = Some(excerpt(found));
        self
    }

    /// Sets the values in the token or the request.
    pub(crate) fn found_all<'a>(mut self, found: impl IntoIterator<Item = &'a str>) -> Self {
        self.found = excerpts(found);
        self
    }

    /// Sets by how many seconds a time in the token is ahead of the clock of this service. It is negative for a time in
    /// the past.
    pub const fn skew(mut self, seconds: i64) -> Self {
        self.skew = Some(seconds);
        self
    }

    /// Sets a hint: the likely cause, and what to do about it.
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets a hint, if the likely cause is known.
    pub(crate) fn maybe_hint(mut self, hint: Option<Cow<'static, str>>) -> Self {
        self.hint = hint;
        self
    }

    /// Returns the name of the rule, such as `aud`.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.rule
    }

    /// Returns the verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Returns the fault with which a token that breaks the rule is rejected.
    #[must_use]
    pub const fn fault(&self) -> Option<TokenFault> {
        self.fault
    }

    /// Returns the expected value.
    #[must_use]
    pub fn expected_value(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// Returns the value that was found.
    #[must_use]
    pub fn found_value(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// Returns by how many seconds a time in the token is ahead of the clock of this service.
    #[must_use]
    pub const fn skew_seconds(&self) -> Option<i64> {
        self.skew
    }

    /// Returns the likely cause, and what to do about it.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.verdict)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(found) = &self.found {
            write!(f, "; found {found}")?;
        }
        if let Some(skew) = self.skew {
            write!(f, "; skew {skew} s")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "; hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Passed => "passed",
            Self::Unknown => "unknown",
        })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rule", self.rule)?;
        map.serialize_entry("verdict", &self.verdict)?;
        for (name, value) in [("expected", &self.expected), ("found", &self.found)] {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(skew) = self.skew {
            map.serialize_entry("skew", &skew)?;
        }
        if let Some(hint) = &self.hint {
            map.serialize_entry("hint", hint)?;
        }
        map.end()
    }
}
