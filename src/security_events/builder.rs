//! Options of [`SecurityEvents`].

use std::{fmt, future::Future, sync::Arc};

use super::{
    receiver::{EmailFuture, EmailHook, Receiver},
    seen::Seen,
    service::SecurityEvents,
    verifier::EventVerifier,
};
use crate::{ConfigError, Error, Issuers, JwtVerifier, Secret, issuers::IssuersHandle};

/// Makes [`SecurityEvents`].
///
/// ```
/// use portcullis::{JwtVerifier, security_events::SecurityEvents};
///
/// let verifier = JwtVerifier::builder("https://as.example").audience("https://api.example").build()?;
/// let events = SecurityEvents::builder(verifier)
///     .audience("orders-client")
///     .subject_of_email(async |_issuer, email| Ok(email.strip_suffix("@example.com").map(Into::into)))
///     .build()?;
/// # let _ = events;
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

    /// Accepts events for this audience too. Call it again for more than one.
    ///
    /// The audiences of the verifier are accepted anyway. Logout tokens are for a client, so their `aud` is a
    /// `client_id`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into().into_boxed_str());
        self
    }

    /// Requires security event tokens to be sent with `Authorization: Bearer` and this token (RFC 8935 §3). Logout
    /// tokens come without one.
    ///
    /// None by default, because the signature says who made an event, whoever delivers it.
    pub fn transmitter_token(mut self, token: impl Into<Secret>) -> Self {
        self.transmitter_token = Some(token.into());
        self
    }

    /// Sets the function that finds the `sub` for the email address in an event, given the issuer of the event and the
    /// address. It returns `None` if there is none: then nothing is revoked.
    ///
    /// Without it, events with subjects of the format `email` are rejected.
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
    /// [`ConfigError`] if an audience is empty.
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
    /// Accepts events of the issuers that are current when they arrive.
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
