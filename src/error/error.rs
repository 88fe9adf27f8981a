//! The one error of the crate.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use http::StatusCode;

use super::{
    AuthenticationFault, DpopFault, StepUp,
    diagnosed::{Diagnosed, Source},
    diagnosis::Diagnosis,
};
use crate::{ErrorKind, RequestFault, TokenFault};

/// Why a request is rejected.
///
/// Whatever rejects makes one of these: the layer, a guard, an extractor, a handler. The outermost
/// [`AuthenticateLayer`](crate::AuthenticateLayer) turns it into the response, and leaves it in the
/// response's extensions for layers that log.
///
/// `Display` and [`source`](StdError::source) speak to the operator; the caller is told
/// [`ErrorKind::description`] and nothing else.
///
/// ```
/// use portcullis::{Error, ErrorKind, TokenFault};
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
    /// Shared with what requires it.
    pub(super) step_up: Option<Arc<StepUp>>,
    /// May be a [`Diagnosed`], which holds the source then.
    source: Option<Source>,
}

impl Error {
    /// A rejection of this kind.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, scope: None, retry_after: None, step_up: None, source: None }
    }

    /// `403 Forbidden` for a reason other than scopes.
    #[must_use]
    pub const fn access_denied() -> Self {
        Self::new(ErrorKind::AccessDenied)
    }

    /// `403 Forbidden` that asks for `scope`, a space-separated list.
    #[must_use]
    pub fn insufficient_scope(scope: impl Into<Arc<str>>) -> Self {
        let mut error = Self::new(ErrorKind::InsufficientScope);
        error.scope = Some(scope.into()).filter(|scope| !scope.is_empty());
        error
    }

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
        let acr_values = Some(acr_values.into().into_boxed_str());
        let acr_values = acr_values.filter(|values| !values.trim().is_empty());
        let max_age = max_age.into();
        let fault = match (&acr_values, max_age) {
            (None, Some(_)) => AuthenticationFault::Age,
            _ => AuthenticationFault::Class,
        };
        Self::step_up(fault, Arc::new(StepUp { acr_values, max_age }))
    }

    /// `500 Internal Server Error`: the service is wired up wrongly in the way that `source` says.
    #[must_use]
    pub fn misconfigured(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Misconfigured).with_source(source)
    }

    /// `503 Service Unavailable`: `source` kept us from judging.
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Unavailable).with_source(source)
    }

    /// The same rejection with its cause, for the operator. The caller never sees it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = Some(source.into().into());
        self.source = match self.diagnosis() {
            Some(diagnosis) => Some(Arc::new(Diagnosed { diagnosis: diagnosis.clone(), source })),
            None => source,
        };
        self
    }

    /// Adds why the request is rejected, for the operator. Clients never see it.
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

    /// The same rejection with the time after which another try may help, for `Retry-After`.
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

    /// Sets the scopes that the request needs.
    pub(crate) fn with_scope(mut self, scope: Arc<str>) -> Self {
        self.scope = Some(scope);
        self
    }

    /// The kind of rejection.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// The `error` code of RFC 6750 §3.1, where there is one.
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        self.kind.code()
    }

    /// Returns the scopes that the request needs, separated by spaces, if they are known: for
    /// [`ErrorKind::InsufficientScope`], and for a 401 in a response of a layer that knows them.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Returns the values of `acr` that would have been accepted, separated by spaces, for
    /// [`ErrorKind::InsufficientUserAuthentication`](crate::ErrorKind::InsufficientUserAuthentication).
    #[must_use]
    pub fn acr_values(&self) -> Option<&str> {
        self.step_up.as_ref()?.acr_values.as_deref()
    }

    /// Returns how long ago the user may have authenticated, for
    /// [`ErrorKind::InsufficientUserAuthentication`](crate::ErrorKind::InsufficientUserAuthentication).
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        self.step_up.as_ref()?.max_age
    }

    /// When to try again, for [`ErrorKind::TooManyAttempts`] and [`ErrorKind::Unavailable`].
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
                    Some(scope) => write!(f, "access token lacks a scope of `{scope}`"),
                    None => f.write_str("access token lacks the required scope"),
                };
            }
            ErrorKind::InsufficientUserAuthentication(fault) => {
                return f.write_str(match fault {
                    AuthenticationFault::Age => "authentication of the user is too old",
                    AuthenticationFault::Class => {
                        "authentication of the user is of another class (`acr`) than required"
                    }
                });
            }
            ErrorKind::InvalidCredentials => return f.write_str("credentials rejected"),
            ErrorKind::InvalidDpopProof(_) | ErrorKind::UseDpopNonce => "DPoP proof rejected",
            ErrorKind::InvalidRequest(_) => "credentials unreadable",
            ErrorKind::InvalidToken(_) => "access token rejected",
            ErrorKind::MissingCredentials => return f.write_str("request without credentials"),
            ErrorKind::Misconfigured => return f.write_str("authentication is misconfigured"),
            ErrorKind::TooManyAttempts => {
                return f.write_str("too many wrong credentials for this user");
            }
            ErrorKind::Unavailable => {
                return f.write_str("the access token could not be judged");
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
