//! An error as a response.

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
use crate::{Clock, Error, ErrorKind, SystemClock, error::retry_after, scheme::Scheme, telemetry};

/// How rejections look, by the configuration of one layer.
#[derive(Debug, Clone)]
pub(crate) struct Renderer {
    /// One for each scheme, in that order.
    challenges: Vec<Challenge>,
    pub(super) realm: Option<String>,
    resource_metadata: Option<String>,
    pub(crate) body: ErrorBody,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Renderer {
    /// For what may stand outside any layer.
    pub(crate) fn stand_alone(schemes: &[Scheme]) -> Self {
        Self { body: ErrorBody::oauth(), ..Self::new(schemes) }
    }

    /// With the default body, and a challenge for each of these schemes.
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

    /// Challenges for DPoP, with the algorithms of proofs, and for Bearer only if `allows_bearer`.
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

    /// Sets the URL that each challenge for a token has in `resource_metadata` (RFC 9728 §5.1).
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

    /// Writes `error` into a response whose head is at hand: a fresh one, or that of a guard, whose
    /// other headers stay.
    pub(crate) fn render<B: RejectionBody>(
        &self,
        error: Error,
        method: &Method,
        target: Option<&PathAndQuery>,
        headers: Option<&HeaderMap>,
        used: Option<Scheme>,
        mut head: Parts,
    ) -> Response<B> {
        // HEAD is answered with the length that GET's body has (RFC 9110 §8.6), so with that body.
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
        headers.insert(CONTENT_TYPE, content.content_type);
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
        head.extensions.insert(error);
        head.extensions.insert(Rendered);
        Response::from_parts(head, B::from_bytes(bytes))
    }

    /// A challenge for each scheme, where the rejection asks for (other) credentials. What is wrong is said
    /// in that of the scheme that was used; where that can't be told, in the first that can say it.
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

/// Removes the challenge of one scheme, each of which has a line of its own.
pub(crate) fn remove_challenge(headers: &mut HeaderMap, scheme: Scheme) {
    let lines: Vec<_> = headers.get_all(WWW_AUTHENTICATE).iter().cloned().collect();
    headers.remove(WWW_AUTHENTICATE);
    for line in lines {
        if !line.as_bytes().starts_with(scheme.name().as_bytes()) {
            headers.append(WWW_AUTHENTICATE, line);
        }
    }
}

/// Makes a response that carries `error` to the layer outside, which renders it.
pub(crate) fn unrendered<B: RejectionBody>(error: Error) -> Response<B> {
    let mut response = Response::new(B::from_bytes(Vec::new()));
    *response.status_mut() = error.status();
    response.extensions_mut().insert(error);
    response
}

/// Makes a response that is complete on its own, for an extractor or a guard that may be used without a layer. A
/// layer outside renders it again.
pub(crate) fn stand_alone<B: RejectionBody>(error: Error, schemes: &[Scheme]) -> Response<B> {
    telemetry::rejected(&error, None);
    let head = Response::new(()).into_parts().0;
    let renderer = Renderer::stand_alone(schemes);
    let mut response = renderer.render(error, &Method::GET, None, None, None, head);
    response.extensions_mut().remove::<Rendered>();
    response.extensions_mut().insert(Reported);
    response
}

/// Whether a rejection asks for (other) credentials.
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
