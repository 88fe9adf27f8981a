//! Requirements for the authentication of the user (RFC 9470).

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    Error,
    claims::NumericDate,
    error::{AuthenticationFault, StepUp},
};

/// Requires that the user authenticated in a certain way, or recently: step-up authentication ([RFC 9470]).
///
/// Use it in a guard, in a row of [`Policies`](crate::Policies), or in a handler with
/// [`Identity::require_authentication`](crate::Identity::require_authentication). A request that doesn't meet it is
/// rejected with 401 `insufficient_user_authentication`. The challenge contains `acr_values` and `max_age`, which a
/// client passes to the authorization server to get another token.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use portcullis::{Identity, identity::Authentication};
///
/// let required = Authentication::acr(["urn:example:mfa"]).max_age(Duration::from_secs(300));
///
/// let now = SystemTime::now();
/// let identity = Identity::assertion().acr("urn:example:mfa").auth_time(now).build();
/// assert!(identity.require_authentication(&required).is_ok());
///
/// let identity = Identity::assertion().acr("urn:example:password").auth_time(now).build();
/// let error = identity.require_authentication(&required).unwrap_err();
/// assert_eq!(error.code(), Some("insufficient_user_authentication"));
/// assert_eq!(error.acr_values(), Some("urn:example:mfa"));
/// assert_eq!(error.max_age(), Some(Duration::from_secs(300)));
/// ```
///
/// A clone only increments a reference count.
///
/// [RFC 9470]: https://www.rfc-editor.org/rfc/rfc9470
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Authentication {
    required: Arc<StepUp>,
    /// The first value that isn't a valid `acr`. It is reported when the requirement is used, because a guard has no
    /// `build()`.
    invalid: Option<Box<str>>,
}

impl Authentication {
    /// Requires one of these values of `acr`, the preferred one first ([OpenID Connect Core §2]).
    ///
    /// A token without `acr` is rejected. Values are compared byte for byte, and have no order, so list the values of
    /// stronger authentication too.
    ///
    /// ```
    /// use portcullis::identity::Authentication;
    ///
    /// let required = Authentication::acr(["phrh", "phr"]);
    /// assert_eq!(required.to_string(), "acr `phrh phr`");
    /// ```
    ///
    /// A value is invalid if it is empty or contains a space, a control character or a non-ASCII character. A list
    /// without values is invalid too. With an invalid list, a table of [`Policies`](crate::Policies) fails at
    /// `build()`, and a guard or a handler rejects every request with 500.
    ///
    /// [OpenID Connect Core §2]: https://openid.net/specs/openid-connect-core-1_0.html#IDToken
    pub fn acr<V: Into<String>>(values: impl IntoIterator<Item = V>) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        let invalid = match values.iter().find(|value| !is_valid(value)) {
            Some(value) => Some(value.as_str().into()),
            None if values.is_empty() => Some("".into()),
            None => None,
        };
        let acr_values = Some(values.join(" ").into_boxed_str());
        Self { required: Arc::new(StepUp { acr_values, max_age: None }), invalid }
    }

    /// Requires that the user authenticated within this time, in any way. See [`max_age`](Self::max_age).
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use portcullis::{Identity, identity::Authentication};
    ///
    /// let required = Authentication::within(Duration::from_secs(300));
    /// let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    /// let identity = Identity::assertion().auth_time(an_hour_ago).build();
    /// assert_eq!(identity.require_authentication(&required).unwrap_err().max_age(), Some(Duration::from_secs(300)));
    /// ```
    pub fn within(max_age: Duration) -> Self {
        let required = StepUp { acr_values: None, max_age: Some(max_age) };
        Self { required: Arc::new(required), invalid: None }
    }

    /// Adds a maximum age: the user must have authenticated within this time. By default, there is no limit.
    ///
    /// The age is the time since the token's `auth_time`. It is compared with the leeway of the verifier, which is 60 s
    /// by default, also for introspection. A token is rejected if it has no `auth_time`, or if that is in the future by
    /// more than the leeway. Challenges contain whole seconds.
    ///
    /// The clock is that of [`AuthenticateLayer::clock`](crate::AuthenticateLayer::clock).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        Arc::make_mut(&mut self.required).max_age = Some(max_age);
        self
    }

    /// Returns the value that isn't a valid `acr`, if there is one.
    pub(crate) fn invalid(&self) -> Option<&str> {
        self.invalid.as_deref()
    }

    /// Verifies the claims of a token. `now` is only called if there is a maximum age.
    pub(super) fn verify(
        &self,
        acr: Option<&str>,
        auth_time: Option<NumericDate>,
        leeway: Duration,
        now: impl FnOnce() -> NumericDate,
    ) -> Result<(), Error> {
        if let Some(value) = &self.invalid {
            return Err(Error::misconfigured(format!("`{value}` is not a valid value of `acr`")));
        }
        let reject = |fault| Error::step_up(fault, Arc::clone(&self.required));
        if let Some(values) = &self.required.acr_values {
            let is_accepted = |acr: &str| values.split(' ').any(|value| value == acr);
            if !acr.is_some_and(is_accepted) {
                let found = acr.map_or("absent".into(), |acr| format!("`{}`", shortened(acr)));
                let source = format!("`acr` is {found}, not one of `{values}`");
                return Err(reject(AuthenticationFault::Class).with_source(source));
            }
        }
        let Some(max_age) = self.required.max_age else { return Ok(()) };
        let Some(auth_time) = auth_time else {
            return Err(
                reject(AuthenticationFault::Age).with_source("the token has no `auth_time`")
            );
        };
        let now = now();
        let latest = auth_time.saturating_add(max_age).saturating_add(leeway);
        if now > latest || auth_time > now.saturating_add(leeway) {
            let source = match now.since(auth_time) {
                Some(age) => format!("`auth_time` was {} s ago", age.as_secs()),
                None => "`auth_time` is in the future".to_owned(),
            };
            return Err(reject(AuthenticationFault::Age).with_source(source));
        }
        Ok(())
    }
}

/// Shows the requirement, such as ``acr `urn:example:mfa`, authenticated within 300 s``.
impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StepUp { acr_values, max_age } = &*self.required;
        if let Some(values) = acr_values {
            write!(f, "acr `{values}`")?;
        }
        if acr_values.is_some() && max_age.is_some() {
            f.write_str(", ")?;
        }
        match max_age {
            Some(max_age) => write!(f, "authenticated within {} s", max_age.as_secs()),
            None => Ok(()),
        }
    }
}

/// Returns whether `acr_values` in a challenge can contain this value. A value with a space would be read as two.
fn is_valid(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns the start of a text from a token, for the log.
fn shortened(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, claims::DEFAULT_LEEWAY};

    const NOW: u64 = 1_800_000_000;

    fn verify(
        required: &Authentication,
        acr: Option<&str>,
        auth_time: Option<u64>,
    ) -> Result<(), Error> {
        let auth_time = auth_time.map(NumericDate::from_secs);
        required.verify(acr, auth_time, DEFAULT_LEEWAY, || NumericDate::from_secs(NOW))
    }

    #[test]
    fn acr_must_be_one_of_the_values() {
        let required = Authentication::acr(["a", "urn:b"]);
        for (acr, met) in [
            (Some("a"), true),
            (Some("urn:b"), true),
            (Some("A"), false),
            (Some("a urn:b"), false),
            (Some("urn"), false),
            (Some(" "), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(verify(&required, acr, None).is_ok(), met, "{acr:?}");
        }
    }

    #[test]
    fn auth_time_must_not_be_older_than_max_age_and_the_leeway() {
        let required = Authentication::within(Duration::from_secs(300));
        for (auth_time, met) in [
            (Some(NOW), true),
            (Some(NOW - 300), true),
            (Some(NOW - 360), true),
            (Some(NOW - 361), false),
            (Some(0), false),
            (Some(NOW + 60), true),
            (Some(NOW + 61), false),
            // `auth_time` in milliseconds.
            (Some(NOW * 1000), false),
            (Some(u64::MAX), false),
            (None, false),
        ] {
            assert_eq!(verify(&required, None, auth_time).is_ok(), met, "{auth_time:?}");
        }
    }

    #[test]
    fn the_class_is_verified_before_the_age_and_both_are_named() {
        let required = Authentication::acr(["a"]).max_age(Duration::from_secs(5));
        for (acr, auth_time, fault) in [
            (Some("a"), Some(NOW), None),
            (Some("b"), Some(NOW), Some(AuthenticationFault::Class)),
            (Some("b"), None, Some(AuthenticationFault::Class)),
            (Some("a"), None, Some(AuthenticationFault::Age)),
            (None, Some(NOW), Some(AuthenticationFault::Class)),
        ] {
            let error = verify(&required, acr, auth_time).err();
            let kind = error.as_ref().map(Error::kind);
            assert_eq!(kind, fault.map(ErrorKind::from), "{acr:?} {auth_time:?}");
            if let Some(error) = error {
                assert_eq!(error.acr_values(), Some("a"));
                assert_eq!(error.max_age(), Some(Duration::from_secs(5)));
            }
        }
    }

    #[test]
    fn a_value_that_no_challenge_can_contain_is_a_misconfiguration() {
        for value in ["", "a b", "a\n", "\u{e4}"] {
            let required = Authentication::acr(["a", value]).max_age(Duration::MAX);
            let error = verify(&required, Some("a"), Some(NOW)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{value:?}");
            assert_eq!(required.invalid(), Some(value));
        }
        let required = Authentication::acr::<String>([]);
        assert_eq!(verify(&required, Some(""), None).unwrap_err().kind(), ErrorKind::Misconfigured);
    }

    #[test]
    fn the_log_shows_a_bounded_part_of_the_acr() {
        let acr = "x\n".repeat(1000);
        let error = verify(&Authentication::acr(["a"]), Some(&acr), None).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.len() < 200 && !source.contains('\n'), "{source}");
    }
}
