//! A pattern of issuers, and the limits of its tenants.

use std::time::Duration;

use super::Tenant;
use crate::ConfigError;

const PLACEHOLDER: &str = "{tenant}";
const MAX_NAME: usize = 64;
const MAX_VERIFIED: usize = 1000;
const MAX_IN_FLIGHT: usize = 10;
const MAX_PER_MINUTE: usize = 60;
const OUTAGE_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A pattern of issuers, such as the tenants of one login service, with the limits for them.
///
/// `{tenant}` matches a name of 1 to 64 ASCII letters, digits, `-` and `_`.
///
/// Anyone can send tokens with invented tenants, so all tenants without a verified token share their limits.
/// Beyond these limits, their tokens are rejected with 503 and `Retry-After`, and at most one event per minute
/// is logged. Tenants with a verified token are not affected. After a restart, no tenant has a verified token,
/// so a service with many tenants should allow at least as many resolver calls per minute as tenants become
/// active in a minute.
///
/// ```
/// use std::time::Duration;
///
/// use portcullis::{
///     Issuers, JwtVerifier,
///     issuers::{Tenant, TenantPattern, TenantResolution},
/// };
///
/// let pattern = TenantPattern::new("https://login.example/{tenant}/v2.0")
///     .max_per_minute(600)
///     .outage_tolerance(Duration::from_secs(60 * 60));
/// let issuers = Issuers::builder()
///     .tenants_with(pattern, async |tenant: Tenant| {
///         Ok(match tenant.name() {
///             "acme" if tenant.is_known() => TenantResolution::Keep,
///             "acme" => {
///                 let verifier = JwtVerifier::builder(tenant.issuer()).audience("https://api.example");
///                 TenantResolution::Use(verifier.build().map_err(portcullis::Error::misconfigured)?)
///             }
///             _ => TenantResolution::Unknown,
///         })
///     })
///     .build();
/// assert!(issuers.is_ok());
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TenantPattern {
    pattern: String,
    pub(super) max_verified: usize,
    pub(super) max_in_flight: usize,
    pub(super) max_per_minute: usize,
    pub(super) outage_tolerance: Duration,
}

/// A validated pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    before: String,
    after: String,
}

impl TenantPattern {
    /// Creates a pattern of issuers, which must contain `{tenant}` exactly once.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self {
            pattern: pattern.into(),
            max_verified: MAX_VERIFIED,
            max_in_flight: MAX_IN_FLIGHT,
            max_per_minute: MAX_PER_MINUTE,
            outage_tolerance: OUTAGE_TOLERANCE,
        }
    }

    /// Sets the maximum number of tenants with a verified token that are kept in memory, with their keys.
    /// The default is 1,000. Beyond that, the least used ones are evicted, and resolved again when their
    /// next token arrives.
    pub fn max_verified(mut self, tenants: usize) -> Self {
        self.max_verified = tenants;
        self
    }

    /// Sets the maximum number of concurrent resolver calls, and of concurrent key fetches, for tenants without
    /// a verified token. The default is 10 of each. A call that hangs counts until its request ends.
    pub fn max_in_flight(mut self, count: usize) -> Self {
        self.max_in_flight = count;
        self
    }

    /// Sets the maximum number of resolver calls, and of key fetches, in any 60 seconds for tenants without a
    /// verified token. The default is 60 of each. A key fetch takes up to four HTTP requests: at most three for
    /// metadata, and one for the keys.
    pub fn max_per_minute(mut self, count: usize) -> Self {
        self.max_per_minute = count;
        self
    }

    /// Sets how long a verified tenant is kept while it can't be resolved again because the resolver fails. The
    /// default is 24 hours.
    pub fn outage_tolerance(mut self, tolerance: Duration) -> Self {
        self.outage_tolerance = tolerance;
        self
    }

    /// Returns the text of the pattern.
    pub(super) fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Validates the pattern and its limits.
    pub(super) fn validate(&self) -> Result<Pattern, ConfigError> {
        let problem = |problem| ConfigError::new("issuer pattern", &*self.pattern, problem);
        let parts = self.pattern.split_once(PLACEHOLDER);
        let (before, after) = parts.ok_or_else(|| problem("must contain `{tenant}`"))?;
        if after.contains(PLACEHOLDER) {
            return Err(problem("must contain `{tenant}` only once"));
        }
        for (what, limit) in [
            ("max_verified", self.max_verified),
            ("max_in_flight", self.max_in_flight),
            ("max_per_minute", self.max_per_minute),
        ] {
            if limit == 0 {
                return Err(ConfigError::new(what, "0", "must be at least 1"));
            }
        }
        Ok(Pattern { before: before.to_owned(), after: after.to_owned() })
    }
}

impl From<&str> for TenantPattern {
    fn from(pattern: &str) -> Self {
        Self::new(pattern)
    }
}

impl Pattern {
    /// Returns the issuer of the tenant with this name.
    pub(super) fn issuer_of(&self, name: &str) -> String {
        format!("{}{name}{}", self.before, self.after)
    }

    /// Returns the name of the tenant, if `issuer` matches.
    pub(super) fn name_of<'i>(&self, issuer: &'i str) -> Option<&'i str> {
        let name = issuer.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        ((1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_plain)).then_some(name)
    }

    /// Returns the tenant, if `issuer` matches.
    pub(super) fn tenant(&self, issuer: &str, is_known: bool) -> Option<Tenant> {
        let name = self.name_of(issuer)?;
        Some(Tenant { issuer: issuer.to_owned(), name: name.to_owned(), is_known })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_name_in_place_of_the_placeholder_is_a_tenant() {
        let pattern = TenantPattern::new("https://login.example/{tenant}/v2.0").validate().unwrap();
        let long = format!("https://login.example/{}/v2.0", "a".repeat(65));
        for (issuer, name) in [
            ("https://login.example/acme/v2.0", Some("acme")),
            ("https://login.example/9122040d-6c67_A/v2.0", Some("9122040d-6c67_A")),
            ("https://login.example//v2.0", None),
            ("https://login.example/v2.0", None),
            ("https://login.example/acme/v2.0/", None),
            ("https://login.example/a/b/v2.0", None),
            ("https://login.example/../v2.0", None),
            ("https://login.example/a%2fb/v2.0", None),
            ("https://login.example/a?/v2.0", None),
            ("https://login.example/a#/v2.0", None),
            ("https://login.example/a@b/v2.0", None),
            ("https://login.example/\u{e4}/v2.0", None),
            ("https://login.example.evil/acme/v2.0", None),
            ("http://login.example/acme/v2.0", None),
            ("HTTPS://login.example/acme/v2.0", None),
            (&long, None),
        ] {
            assert_eq!(pattern.name_of(issuer), name, "{issuer}");
        }
    }

    #[test]
    fn a_tenant_in_the_host_name_cannot_leave_it() {
        let pattern = TenantPattern::new("https://{tenant}.login.example").validate().unwrap();
        for (issuer, is_tenant) in [
            ("https://acme.login.example", true),
            ("https://evil.example/.login.example", false),
            ("https://evil.example#.login.example", false),
            ("https://evil.example?.login.example", false),
            ("https://evil.example:443/.login.example", false),
            ("https://a.b.login.example", false),
        ] {
            assert_eq!(pattern.name_of(issuer).is_some(), is_tenant, "{issuer}");
        }
    }

    #[test]
    fn a_pattern_has_one_place_for_the_tenant() {
        for pattern in ["https://login.example", "https://{tenant}.example/{tenant}"] {
            let error = TenantPattern::new(pattern).validate().unwrap_err().to_string();
            assert!(error.starts_with(&format!("issuer pattern `{pattern}`")), "{error}");
        }
    }

    #[test]
    fn a_limit_that_would_allow_nothing_is_rejected() {
        let pattern = || TenantPattern::new("https://login.example/{tenant}");
        for (pattern, what) in [
            (pattern().max_verified(0), "max_verified"),
            (pattern().max_in_flight(0), "max_in_flight"),
            (pattern().max_per_minute(0), "max_per_minute"),
        ] {
            let error = pattern.validate().unwrap_err();
            assert_eq!(error.to_string(), format!("{what} `0`: must be at least 1"));
        }
    }
}
