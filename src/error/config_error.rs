//! What is wrong with a configuration.

/// A configuration that can't work. `Display` names the offending value, without the user name and the
/// password that a URL may hold.
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
        Self { what, value: without_userinfo(value.into()), problem: problem.into() }
    }

    /// What was configured, such as `issuer`.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// The value that can't be used. `…` stands for the user name and the password in a URL.
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

/// A text that is meant to be a URL, with `…` for what stands before an `@`: user name and password
/// (RFC 3986 §3.2.1). Up to the last `@`, since a password may hold whatever it shouldn't.
fn without_userinfo(value: String) -> String {
    let Some((before, host)) = value.rsplit_once('@') else { return value };
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://\u{2026}@{host}"),
        None if before.contains(':') => format!("\u{2026}@{host}"),
        // An e-mail address, or the like.
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_user_name_nor_password_is_shown() {
        for (value, shown) in [
            ("https://as.example", "https://as.example"),
            ("https://alice@as.example", "https://\u{2026}@as.example"),
            ("https://alice:s3cret@as.example/a", "https://\u{2026}@as.example/a"),
            ("https://alice:s3/c@r#et@as.example/a", "https://\u{2026}@as.example/a"),
            ("alice:s3cret@as.example", "\u{2026}@as.example"),
            ("orders@as.example", "orders@as.example"),
        ] {
            let error = ConfigError::new("issuer", value, "invalid");
            assert_eq!(error.value(), shown);
            assert_eq!(error.to_string(), format!("issuer `{shown}`: invalid"));
            assert!(!format!("{error:?}").contains("s3"), "{error:?}");
        }
    }
}
