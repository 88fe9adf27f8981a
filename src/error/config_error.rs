//! Configuration errors.

/// An error in the configuration. `Display` names the setting, the invalid value and the problem. Parts of a URL that
/// may be secret are replaced with `…`: user name, password, query and fragment.
///
/// ```
/// # #[cfg(feature = "_jwt")] {
/// use portcullis::JwtVerifier;
///
/// let error = JwtVerifier::builder("").audience("api").build().unwrap_err();
/// assert_eq!(error.to_string(), "issuer ``: must not be empty");
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
        Self { what, value: without_secrets(value.into()), problem: problem.into() }
    }

    /// Creates the error for a text in PEM format. It shows only the first line, because the rest may be a private key.
    /// If the text doesn't look like PEM, it shows an ellipsis.
    #[cfg(any(feature = "_jwt", all(feature = "_remote", feature = "reqwest")))]
    pub(crate) fn pem(what: &'static str, pem: &[u8], problem: impl Into<String>) -> Self {
        let is_plain = |label: &&str| {
            label.bytes().all(|byte| matches!(byte, b' ' | b'0'..=b'9' | b'A'..=b'Z'))
        };
        let begin =
            str::from_utf8(pem).ok().and_then(|pem| pem.trim_start().strip_prefix("-----BEGIN "));
        let label = begin.and_then(|rest| rest.split_once("-----")).map(|(label, _)| label);
        let value = label.filter(is_plain).map(|label| format!("-----BEGIN {label}-----"));
        Self::new(what, value.unwrap_or_else(|| "\u{2026}".to_owned()), problem)
    }

    /// Returns the name of the setting, such as `issuer`.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Returns the invalid value. `…` replaces the parts of a URL that may be secret.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns what is wrong with the value.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

/// Replaces the parts of a URL that may be secret with `…`.
fn without_secrets(value: String) -> String {
    let value = without_userinfo(value);
    let query = value.find("://").and_then(|_| value.find(['?', '#']));
    match query.and_then(|at| value.get(..=at)) {
        Some(shown) if shown.len() < value.len() => format!("{shown}\u{2026}"),
        _ => value,
    }
}

/// Replaces user name and password (RFC 3986 §3.2.1). They end at the last `@`, because a password may contain an
/// unescaped one.
fn without_userinfo(value: String) -> String {
    let Some((before, host)) = value.rsplit_once('@') else { return value };
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://\u{2026}@{host}"),
        None if before.contains(':') => format!("\u{2026}@{host}"),
        // Not a URL, such as an e-mail address.
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_in_a_url_is_shown() {
        for (value, shown) in [
            ("https://as.example", "https://as.example"),
            ("https://alice@as.example", "https://\u{2026}@as.example"),
            ("https://alice:s3cret@as.example/a", "https://\u{2026}@as.example/a"),
            ("https://alice:s3/c@r#et@as.example/a", "https://\u{2026}@as.example/a"),
            ("alice:s3cret@as.example", "\u{2026}@as.example"),
            ("orders@as.example", "orders@as.example"),
            ("https://as.example/a?key=s3cret", "https://as.example/a?\u{2026}"),
            ("https://as.example/a#s3cret", "https://as.example/a#\u{2026}"),
            ("https://s3@as.example?s3", "https://\u{2026}@as.example?\u{2026}"),
            ("https://as.example/?", "https://as.example/?"),
            ("/a?b", "/a?b"),
        ] {
            let error = ConfigError::new("issuer", value, "invalid");
            assert_eq!(error.value(), shown);
            assert_eq!(error.to_string(), format!("issuer `{shown}`: invalid"));
            assert!(!format!("{error:?}").contains("s3"), "{error:?}");
        }
    }
}
