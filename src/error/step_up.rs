//! What a client is asked for if its user has to authenticate again (RFC 9470 §3).

use std::{sync::Arc, time::Duration};

use super::Error;
use crate::ErrorKind;

/// The authentication that a request requires.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StepUp {
    /// The accepted values of `acr`, joined by spaces, the preferred one first. `None` accepts any, and an empty text
    /// none.
    pub(crate) acr_values: Option<Box<str>>,
    pub(crate) max_age: Option<Duration>,
}

impl Error {
    /// Creates the rejection of a request whose user has to authenticate again, more strongly or just now, with
    /// `401 Unauthorized` ([RFC 9470 §3]).
    ///
    /// `acr_values` lists the accepted values of `acr`, separated by spaces, the preferred one first. It may be empty.
    /// `max_age` is how long ago the user may have authenticated. Clients see it in whole seconds.
    ///
    /// [`Authentication`](crate::Authentication) creates this error for guards, policies and handlers.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use portcullis::Error;
    ///
    /// let error = Error::insufficient_user_authentication("urn:example:mfa", Duration::from_secs(300));
    /// assert_eq!(error.status(), 401);
    /// assert_eq!(error.code(), Some("insufficient_user_authentication"));
    /// assert_eq!(error.acr_values(), Some("urn:example:mfa"));
    /// assert_eq!(error.max_age(), Some(Duration::from_secs(300)));
    /// ```
    ///
    /// [RFC 9470 §3]: https://www.rfc-editor.org/rfc/rfc9470#section-3
    #[must_use]
    pub fn insufficient_user_authentication(
        acr_values: impl Into<String>,
        max_age: impl Into<Option<Duration>>,
    ) -> Self {
        let acr_values = acr_values.into().into_boxed_str();
        let acr_values = Some(acr_values).filter(|values| !values.is_empty());
        Self::step_up(Arc::new(StepUp { acr_values, max_age: max_age.into() }))
    }

    pub(crate) fn step_up(required: Arc<StepUp>) -> Self {
        let mut error = Self::new(ErrorKind::InsufficientUserAuthentication);
        error.step_up = Some(required);
        error
    }

    /// Returns the values of `acr` that would have been accepted, separated by spaces, for
    /// [`ErrorKind::InsufficientUserAuthentication`].
    #[must_use]
    pub fn acr_values(&self) -> Option<&str> {
        self.step_up.as_ref()?.acr_values.as_deref().filter(|values| !values.is_empty())
    }

    /// Returns how long ago the user may have authenticated, for [`ErrorKind::InsufficientUserAuthentication`].
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        self.step_up.as_ref()?.max_age
    }
}
