//! The builder of [`SecurityEvents`].

use std::{fmt, future::Future, sync::Arc};

use super::{
    receiver::{EmailFuture, EmailHook, Receiver},
    seen::Seen,
    service::SecurityEvents,
    verifier::EventVerifier,
};
use crate::{ConfigError, Error, Issuers, JwtVerifier, Secret, issuers::IssuersHandle};

/// Builds [`SecurityEvents`].
///
/// ```
/// use portcullis::{JwtVerifier, security_events::SecurityEvents};
///
/// let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
/// let events = SecurityEvents::builder(verifier)
///     .audience("orders-client")
///     .subject_of_email(async |_issuer, email| Ok(email.strip_suffix("@example.com").map(Into::into)))
///     .build();
/// assert!(events.is_ok());
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[must_use]
pub struct SecurityEventsBuilder {
    verifier: EventVerifier,
    audiences: Vec<Box<str>>,
    transmitter_token: Option<Secret>,
    subject_of_email: Option<Arc<EmailHook>>,
}

impl SecurityEventsBuilder {
    pub(super) fn new(verifier: EventVerifier) -> Self {
        Self { verifier, audiences: Vec::new(), transmitter_token: None, subject_of_email: None }
    }

    /// Adds an audience for which events are accepted. Call it again to accept more than one.
    ///
    /// The audiences of the verifier are always accepted. The `aud` of a logout token is a `client_id`, so add the ids
    /// of your clients here.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into().into_boxed_str());
        self
    }

    /// Requires transmitters to send security event tokens with `Authorization: Bearer` and this token (RFC 8935 §3).
    /// Logout tokens are sent without one.
    ///
    /// By default, no token is required, because the signature proves the origin of an event.
    pub fn transmitter_token(mut self, token: impl Into<Secret>) -> Self {
        self.transmitter_token = Some(token.into());
        self
    }

    /// Sets a function that maps an email address in an event to a `sub`. It is called with the issuer of the event and
    /// the address. If it returns `None`, nothing is revoked.
    ///
    /// By default, events whose subject has the format `email` are rejected.
    pub fn subject_of_email<F, Fut>(mut self, find: F) -> Self
    where
        F: Fn(String, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<String>, Error>> + Send + 'static,
    {
        self.subject_of_email =
            Some(Arc::new(move |issuer, email| Box::pin(find(issuer, email)) as EmailFuture));
        self
    }

    /// Builds the service.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if an audience is empty.
    pub fn build(self) -> Result<SecurityEvents, ConfigError> {
        let Self { verifier, audiences, transmitter_token, subject_of_email } = self;
        if audiences.iter().any(|audience| audience.is_empty()) {
            return Err(ConfigError::new("audience of events", "", "must not be empty"));
        }
        let receiver = Receiver { verifier, audiences, subject_of_email, seen: Seen::default() };
        Ok(SecurityEvents::new(receiver, transmitter_token))
    }
}

impl From<JwtVerifier> for SecurityEventsBuilder {
    fn from(verifier: JwtVerifier) -> Self {
        Self::new(EventVerifier::Jwt(verifier))
    }
}

impl From<IssuersHandle> for SecurityEventsBuilder {
    /// Accepts events from the issuers that the handle contains when they arrive.
    fn from(handle: IssuersHandle) -> Self {
        Self::new(EventVerifier::Handle(handle))
    }
}

impl From<Issuers> for SecurityEventsBuilder {
    fn from(issuers: Issuers) -> Self {
        Self::new(EventVerifier::Issuers(issuers))
    }
}

impl fmt::Debug for SecurityEventsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityEventsBuilder")
            .field("verifier", &self.verifier)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}
