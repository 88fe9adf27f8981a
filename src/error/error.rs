//! The error type of this crate.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use http::StatusCode;

use super::{
    AuthenticationFault, DpopFault, StepUp,
    diagnosed::{Diagnosed, Source},
    diagnosis::Diagnosis,
};
use crate::{
    ErrorKind,
    error::{RequestFault, TokenFault},
};

/// The reason why a request is rejected.
///
/// Layers, guards, extractors and handlers all reject with this error. The outermost
/// [`AuthenticateLayer`](crate::AuthenticateLayer) renders it as a response, and stores it in the extensions of the
/// response for layers that log.
///
/// `Display` and [`source`](StdError::source) are for the operator. Clients see only [`ErrorKind::description`].
///
/// ```
/// use portcullis::{Error, ErrorKind, error::TokenFault};
///
/// let error = Error::from(TokenFault::Expired);
/// assert_eq!(error.status(), 401);
/// assert_eq!(error.to_string(), "access token rejected: Token expired.");
/// ```
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    scope: Option<Arc<str>>,
    retry_after: Option<Duration>,
    /// Shared with the requirement that it comes from.
    pub(super) step_up: Option<Arc<StepUp>>,
    /// May be a [`Diagnosed`], which then contains the actual source.
    source: Option<Source>,
}

impl Error {
    /// Creates a rejection of this kind.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, scope: None, retry_after: None, step_up: None, source: None }
    }

    /// Creates a `403 Forbidden` rejection for a reason other than scopes.
    #[must_use]
    pub const fn access_denied() -> Self {
        Self::new(ErrorKind::AccessDenied)
    }

    /// Creates a `403 Forbidden` rejection whose challenge names the required scopes, separated by spaces.
    #[must_use]
    pub fn insufficient_scope(scope: impl Into<Arc<str>>) -> Self {
        let mut error = Self::new(ErrorKind::InsufficientScope);
        error.scope = Some(scope.into()).filter(|scope| !scope.is_empty());
        error
    }

    /// Creates a `401 Unauthorized` rejection of a request whose user has to authenticate again, more strongly or more
    /// recently ([RFC 9470 §3]).
    ///
    /// `acr_values` contains the accepted values of `acr`, separated by spaces, the preferred one first. It may be
    /// empty. `max_age` is the maximum time since the user authenticated. Clients see it in whole seconds.
    ///
    /// [`Authentication`](crate::identity::Authentication) creates this error for guards, policies and handlers.
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
        let acr_values = Some(acr_values.into().into_boxed_str());
        let acr_values = acr_values.filter(|values| !values.trim().is_empty());
        let max_age = max_age.into();
        let fault = match (&acr_values, max_age) {
            (None, Some(_)) => AuthenticationFault::Age,
            _ => AuthenticationFault::Class,
        };
        Self::step_up(fault, Arc::new(StepUp { acr_values, max_age }))
    }

    /// Creates a `500 Internal Server Error` rejection. `source` says what is wrong with the configuration of the
    /// service.
    #[must_use]
    pub fn misconfigured(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Misconfigured).with_source(source)
    }

    /// Creates a `503 Service Unavailable` rejection. `source` says why the credentials could not be verified.
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Unavailable).with_source(source)
    }

    /// Sets the cause, for the operator. Clients never see it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = Some(source.into().into());
        self.source = match self.diagnosis() {
            Some(diagnosis) => Some(Arc::new(Diagnosed { diagnosis: diagnosis.clone(), source })),
            None => source,
        };
        self
    }

    /// Sets the diagnosis, for the operator. Clients never see it.
    #[must_use]
    pub fn with_diagnosis(mut self, diagnosis: Diagnosis) -> Self {
        let source = match self.diagnosed() {
            Some(diagnosed) => diagnosed.source.clone(),
            None => self.source.take(),
        };
        self.source = Some(Arc::new(Diagnosed { diagnosis, source }));
        self
    }

    /// Returns why the request was rejected, if that was [recorded](Diagnosis).
    #[must_use]
    pub fn diagnosis(&self) -> Option<&Diagnosis> {
        self.diagnosed().map(|diagnosed| &diagnosed.diagnosis)
    }

    fn diagnosed(&self) -> Option<&Diagnosed> {
        self.source.as_deref()?.downcast_ref()
    }

    /// Sets the time after which a retry may succeed, for `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    pub(crate) fn step_up(fault: AuthenticationFault, required: Arc<StepUp>) -> Self {
        let mut error = Self::new(fault.into());
        error.step_up = Some(required);
        error
    }

    /// Sets the required scopes.
    pub(crate) fn with_scope(mut self, scope: Arc<str>) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Returns the kind of rejection.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// Returns the `error` code of the kind: see [`ErrorKind::code`].
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        self.kind.code()
    }

    /// Returns the required scopes, separated by spaces, if they are known. This is the case for
    /// [`ErrorKind::InsufficientScope`], and for a 401 from a layer that knows them.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Returns the accepted values of `acr`, separated by spaces, for
    /// [`ErrorKind::InsufficientUserAuthentication`](crate::ErrorKind::InsufficientUserAuthentication).
    #[must_use]
    pub fn acr_values(&self) -> Option<&str> {
        self.step_up.as_ref()?.acr_values.as_deref()
    }

    /// Returns the maximum time since the user authenticated, for
    /// [`ErrorKind::InsufficientUserAuthentication`](crate::ErrorKind::InsufficientUserAuthentication).
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        self.step_up.as_ref()?.max_age
    }

    /// Returns the time after which a client may retry, for [`ErrorKind::TooManyAttempts`] and
    /// [`ErrorKind::Unavailable`].
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.kind);
        if let Some(scope) = &self.scope {
            debug.field("scope", scope);
        }
        if let Some(retry_after) = &self.retry_after {
            debug.field("retry_after", retry_after);
        }
        if let Some(step_up) = &self.step_up {
            debug.field("step_up", step_up);
        }
        if let Some(diagnosis) = self.diagnosis() {
            debug.field("diagnosis", diagnosis);
        }
        if let Some(source) = self.source() {
            debug.field("source", source);
        }
        debug.finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ErrorKind::AccessDenied => return f.write_str("access denied"),
            ErrorKind::InsufficientScope => {
                return match &self.scope {
                    Some(scope) => write!(f, "access token lacks a required scope: `{scope}`"),
                    None => f.write_str("access token lacks a required scope"),
                };
            }
            ErrorKind::InsufficientUserAuthentication(fault) => {
                return f.write_str(match fault {
                    AuthenticationFault::Age => "the user authenticated too long ago",
                    AuthenticationFault::Class => {
                        "the user's authentication class (`acr`) is insufficient"
                    }
                });
            }
            ErrorKind::InvalidCredentials => return f.write_str("credentials rejected"),
            ErrorKind::InvalidDpopProof(_) | ErrorKind::UseDpopNonce => "DPoP proof rejected",
            ErrorKind::InvalidRequest(_) => "could not read the credentials",
            ErrorKind::InvalidToken(_) => "access token rejected",
            ErrorKind::MissingCredentials => return f.write_str("request without credentials"),
            ErrorKind::Misconfigured => return f.write_str("authentication is misconfigured"),
            ErrorKind::TooManyAttempts => {
                return f.write_str("too many failed attempts for this user");
            }
            ErrorKind::Unavailable => {
                return f.write_str("could not verify the access token");
            }
        };
        write!(f, "{what}: {}", self.kind.description())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.diagnosed() {
            Some(diagnosed) => diagnosed.source(),
            None => self.source.as_deref().map(|source| source as _),
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl From<AuthenticationFault> for Error {
    fn from(fault: AuthenticationFault) -> Self {
        Self::new(fault.into())
    }
}

impl From<DpopFault> for Error {
    fn from(fault: DpopFault) -> Self {
        Self::new(fault.into())
    }
}

impl From<RequestFault> for Error {
    fn from(fault: RequestFault) -> Self {
        Self::new(fault.into())
    }
}

impl From<TokenFault> for Error {
    fn from(fault: TokenFault) -> Self {
        Self::new(fault.into())
    }
}
