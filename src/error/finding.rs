//! What one rule says about a token or a request.

use std::{borrow::Cow, fmt};

use super::excerpt::{excerpt, excerpts};
use crate::TokenFault;

/// What one rule expected, what it found, and its verdict, for operators.
///
/// Texts that come from a token are bounded at 200 characters and escaped, URLs in them lose their query, and what looks
/// like a JWT is left out.
///
/// ```
/// use portcullis::{TokenFault, error::{Finding, Verdict}};
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

/// The verdict of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Verdict {
    /// The token breaks the rule.
    Failed,
    /// The token follows the rule.
    Passed,
    /// The rule could not be applied, because another one failed or something is unavailable.
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

    /// Creates the finding of a rule that a token breaks, which is rejected with `fault`.
    pub const fn failed(rule: &'static str, fault: TokenFault) -> Self {
        Self::new(rule, Verdict::Failed, Some(fault))
    }

    /// Creates the finding of a rule that a request breaks whose token is valid.
    pub const fn rejected(rule: &'static str) -> Self {
        Self::new(rule, Verdict::Failed, None)
    }

    /// Creates the finding of a rule that could not be applied.
    pub const fn unknown(rule: &'static str) -> Self {
        Self::new(rule, Verdict::Unknown, None)
    }

    /// Sets what the rule expects, which is usually a configured value.
    pub fn expected(mut self, expected: &str) -> Self {
        self.expected = Some(excerpt(expected));
        self
    }

    /// Sets the values of which the rule expects one.
    pub(crate) fn expected_one_of<'a>(
        mut self,
        expected: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.expected = excerpts(expected);
        self
    }

    /// Sets what was found in the token or the request. Don't set a subject or a secret.
    pub fn found(mut self, found: &str) -> Self {
        self.found = Some(excerpt(found));
        self
    }

    /// Sets the values that were found.
    pub(crate) fn found_all<'a>(mut self, found: impl IntoIterator<Item = &'a str>) -> Self {
        self.found = excerpts(found);
        self
    }

    /// Sets how many seconds a time in the token is after the clock of this service. It is negative for a time in the
    /// past.
    pub const fn skew(mut self, seconds: i64) -> Self {
        self.skew = Some(seconds);
        self
    }

    /// Sets the likely cause, and what to do about it.
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the likely cause, if it is known.
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

    /// Returns what the rule expects.
    #[must_use]
    pub fn expected_value(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// Returns what was found.
    #[must_use]
    pub fn found_value(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// Returns how many seconds a time in the token is after the clock of this service.
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
