//! An error as a response.

use std::{sync::Arc, time::Duration};

use http::{
    HeaderValue, Method, Response, Uri,
    header::{
        CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING,
        WWW_AUTHENTICATE,
    },
    response::Parts,
};

use super::{ErrorBody, Refusal, RefusalBody};
use crate::{Clock, Error, ErrorKind, challenge::Challenge, observe};

/// How refusals look, by the configuration of one layer.
#[derive(Debug, Clone)]
pub(crate) struct Renderer {
    pub(crate) realm: Option<String>,
    pub(crate) body: ErrorBody,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Renderer {
    /// Writes `error` into a response whose head is at hand: a fresh one, or that of a guard, whose
    /// other headers stay.
    pub(crate) fn render<B: RefusalBody>(
        &self,
        error: Error,
        method: &Method,
        uri: &Uri,
        mut head: Parts,
    ) -> Response<B> {
        observe::refused(&error);
        // HEAD is answered with the length that GET's body has (RFC 9110 §8.6), so with that body.
        let is_head = method == Method::HEAD;
        let method = if is_head { &Method::GET } else { method };
        let refusal = Refusal { error: &error, method, uri, time: self.clock.now() };
        let content = self.body.content(&refusal);
        head.status = error.status();
        let headers = &mut head.headers;
        for stale in [CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING, WWW_AUTHENTICATE] {
            headers.remove(stale);
        }
        headers.insert(CONTENT_TYPE, content.content_type);
        if let Some(challenge) = self.challenge(&error) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(delay) = error.retry_after() {
            headers.insert(RETRY_AFTER, whole_seconds(delay).into());
        }
        let bytes = if is_head {
            headers.insert(CONTENT_LENGTH, content.bytes.len().into());
            Vec::new()
        } else {
            content.bytes
        };
        head.extensions.insert(error.into_rendered());
        Response::from_parts(head, B::from_bytes(bytes))
    }

    fn challenge(&self, error: &Error) -> Option<HeaderValue> {
        challenged(error.kind()).then(|| {
            let challenge = Challenge::new("Bearer");
            let challenge = match &self.realm {
                Some(realm) => challenge.parameter("realm", realm),
                None => challenge,
            };
            challenge.error(error).into_header()
        })
    }
}

/// A response that carries `error` to the layer outside, which writes all that is seen of it.
pub(crate) fn unrendered<B: RefusalBody>(error: Error) -> Response<B> {
    let mut response = Response::new(B::from_bytes(Vec::new()));
    *response.status_mut() = error.status();
    response.extensions_mut().insert(error);
    response
}

/// A response that is right on its own, for an extractor that may stand outside any layer. A layer
/// outside writes it anew.
#[cfg(feature = "axum")]
pub(crate) fn stand_alone<B: RefusalBody>(error: Error) -> Response<B> {
    let renderer =
        Renderer { realm: None, body: ErrorBody::oauth(), clock: Arc::new(crate::SystemClock) };
    let head = Response::new(()).into_parts().0;
    let (method, uri) = (Method::GET, Uri::default());
    let mut response = renderer.render(error.clone(), &method, &uri, head);
    response.extensions_mut().insert(error);
    response
}

/// Whether a refusal asks for (other) credentials.
const fn challenged(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::InsufficientScope
        | ErrorKind::InvalidCredentials
        | ErrorKind::InvalidRequest(_)
        | ErrorKind::InvalidToken(_)
        | ErrorKind::MissingCredentials => true,
        ErrorKind::AccessDenied | ErrorKind::Misconfigured | ErrorKind::Unavailable => false,
    }
}

/// `Retry-After` counts whole seconds (RFC 9110 §10.2.3): the next one up, at least one.
fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0)).max(1)
}
