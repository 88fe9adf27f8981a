//! Renders errors as responses.

use std::sync::Arc;

use http::{
    HeaderMap, HeaderValue, Method, Response,
    header::{
        CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING,
        WWW_AUTHENTICATE,
    },
    response::Parts,
    uri::PathAndQuery,
};

use super::challenge::Challenge;
use super::{ErrorBody, Rejection, RejectionBody, Rendered, Reported};
use crate::{
    Clock, Error, ErrorKind, clock::SystemClock, error::retry_after, scheme::Scheme, telemetry,
};

/// Renders the rejections of one layer, as configured.
#[derive(Debug, Clone)]
pub(crate) struct Renderer {
    /// One challenge for each scheme, in the order of the layer.
    challenges: Vec<Challenge>,
    pub(super) realm: Option<String>,
    resource_metadata: Option<String>,
    pub(crate) body: ErrorBody,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Renderer {
    /// Creates a renderer for an extractor or a guard that may be used without a layer.
    pub(crate) fn stand_alone(schemes: &[Scheme]) -> Self {
        Self { body: ErrorBody::oauth(), ..Self::new(schemes) }
    }

    /// Creates a renderer with the default body, and a challenge for each of these schemes.
    pub(crate) fn new(schemes: &[Scheme]) -> Self {
        Self {
            challenges: schemes.iter().map(|it| Challenge::new(*it, None, None, None)).collect(),
            realm: None,
            resource_metadata: None,
            body: ErrorBody::default(),
            clock: Arc::new(SystemClock),
        }
    }

    pub(crate) fn add_scheme(&mut self, scheme: Scheme) {
        self.challenges.push(self.challenge(scheme, None));
    }

    /// Sets the challenge for DPoP, with the accepted proof algorithms. Keeps the challenge for Bearer only if
    /// `allows_bearer`.
    #[cfg(all(feature = "dpop", feature = "_jwt"))]
    pub(crate) fn set_dpop(&mut self, algorithms: &str, allows_bearer: bool) {
        self.challenges.retain(|challenge| match challenge.scheme {
            Scheme::Dpop => false,
            Scheme::Bearer | Scheme::Token => allows_bearer,
            Scheme::Basic => true,
        });
        self.challenges.push(self.challenge(Scheme::Dpop, Some(algorithms.into())));
    }

    pub(crate) fn set_realm(&mut self, realm: String) {
        self.realm = Some(realm);
        self.renew_challenges();
    }

    /// Sets the URL of `resource_metadata` in each challenge for a token (RFC 9728 §5.1).
    pub(crate) fn set_resource_metadata(&mut self, url: &str) {
        self.resource_metadata = Some(url.to_owned());
        self.renew_challenges();
    }

    fn renew_challenges(&mut self) {
        let old = std::mem::take(&mut self.challenges).into_iter();
        self.challenges = old.map(|it| self.challenge(it.scheme, it.algorithms)).collect();
    }

    fn challenge(&self, scheme: Scheme, algorithms: Option<Box<str>>) -> Challenge {
        let resource_metadata = self.resource_metadata.as_deref();
        Challenge::new(scheme, self.realm.as_deref(), algorithms, resource_metadata)
    }

    /// Writes an error into a response with a given head, which is either new or that of a guard. Other headers in it
    /// are kept.
    pub(crate) fn render<B: RejectionBody>(
        &self,
        error: Error,
        method: &Method,
        target: Option<&PathAndQuery>,
        headers: Option<&HeaderMap>,
        used: Option<Scheme>,
        mut head: Parts,
    ) -> Response<B> {
        // The response to HEAD has the length of the body for GET (RFC 9110 §8.6).
        let is_head = method == Method::HEAD;
        let method = if is_head { &Method::GET } else { method };
        let time = self.clock.now();
        let rejection = Rejection { error: &error, method, target, time, headers };
        let content = self.body.content(&rejection);
        head.status = error.status();
        let headers = &mut head.headers;
        if !headers.is_empty() {
            for stale in [CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING, WWW_AUTHENTICATE] {
                headers.remove(stale);
            }
        }
        match content.content_type {
            Some(content_type) => headers.insert(CONTENT_TYPE, content_type),
            None => headers.remove(CONTENT_TYPE),
        };
        for challenge in self.challenges(&error, used) {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        if let Some(delay) = error.retry_after() {
            headers.insert(RETRY_AFTER, retry_after::whole_seconds(delay).into());
        }
        let bytes = if is_head {
            headers.insert(CONTENT_LENGTH, content.bytes.len().into());
            Vec::new()
        } else {
            content.bytes
        };
        head.extensions.insert(Rendered(error));
        Response::from_parts(head, B::from_bytes(bytes))
    }

    /// Returns a challenge for each scheme, if the rejection asks for (other) credentials. The error is in the
    /// challenge of the scheme that the client used. If that isn't known, it is in the first challenge that can contain
    /// one.
    pub(super) fn challenges(
        &self,
        error: &Error,
        used: Option<Scheme>,
    ) -> impl Iterator<Item = HeaderValue> {
        let challenges = if is_challenged(error.kind()) { &*self.challenges } else { &[] };
        let schemes = || challenges.iter().map(|challenge| challenge.scheme);
        let speaker = used.or_else(|| schemes().find(|scheme| scheme.carries_tokens()));
        challenges.iter().map(move |challenge| {
            if challenge.scheme.carries_tokens() && speaker == Some(challenge.scheme) {
                challenge.with(error)
            } else {
                challenge.bare(error.scope())
            }
        })
    }
}

/// Removes the challenge of one scheme. Each challenge is in a separate header line.
pub(crate) fn remove_challenge(headers: &mut HeaderMap, scheme: Scheme) {
    let lines: Vec<_> = headers.get_all(WWW_AUTHENTICATE).iter().cloned().collect();
    headers.remove(WWW_AUTHENTICATE);
    for line in lines {
        if !line.as_bytes().starts_with(scheme.name().as_bytes()) {
            headers.append(WWW_AUTHENTICATE, line);
        }
    }
}

/// Creates a response that carries an error to the outer layer, which renders it.
pub(crate) fn unrendered<B: RejectionBody>(error: Error) -> Response<B> {
    let mut response = Response::new(B::from_bytes(Vec::new()));
    *response.status_mut() = error.status();
    response.extensions_mut().insert(error);
    response
}

/// Creates a complete response, for an extractor or a guard that may be used without a layer. If there is an outer
/// layer, it renders the response again.
pub(crate) fn stand_alone<B: RejectionBody>(error: Error, schemes: &[Scheme]) -> Response<B> {
    telemetry::rejected(&error, None);
    let head = Response::new(()).into_parts().0;
    let renderer = Renderer::stand_alone(schemes);
    let mut response = renderer.render(error, &Method::GET, None, None, None, head);
    let extensions = response.extensions_mut();
    if let Some(Rendered(error)) = extensions.remove() {
        extensions.insert(error);
    }
    extensions.insert(Reported);
    response
}

/// Returns whether a rejection asks for (other) credentials.
const fn is_challenged(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::InsufficientScope
        | ErrorKind::InsufficientUserAuthentication(_)
        | ErrorKind::InvalidCredentials
        | ErrorKind::InvalidDpopProof(_)
        | ErrorKind::InvalidRequest(_)
        | ErrorKind::InvalidToken(_)
        | ErrorKind::MissingCredentials
        | ErrorKind::UseDpopNonce => true,
        ErrorKind::AccessDenied
        | ErrorKind::Misconfigured
        | ErrorKind::TooManyAttempts
        | ErrorKind::Unavailable => false,
    }
}
