//! The future of a response, which carries the decision and renders rejections.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response,
    header::{CACHE_CONTROL, WWW_AUTHENTICATE},
    uri::PathAndQuery,
};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    admission::{Admission, Decision},
    config::Config,
    original_uri,
    used_credentials::{UsedCredentials, choose_bearer},
};
use crate::{
    Error,
    authorize::policies::Rule,
    identity::Caller,
    response::{Carried, Protocol, RejectionBody, remove_challenge},
    scheme::Scheme,
    telemetry::{self, RejectedRequest},
    verify::{VerificationFuture, binding::DPOP_NONCE},
};

pin_project! {
    /// The future of [`Authenticate`](crate::authenticate::Authenticate).
    pub struct ResponseFuture<F, S, ReqBody> {
        target: RequestTarget,
        #[pin]
        state: State<F, S, ReqBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, S, ReqBody> {
        Verifying { verdict: VerificationFuture, waiting: Option<Box<Waiting<S, ReqBody>>> },
        Responding { #[pin] response: F },
        Rejected { error: Option<Error> },
        /// The request is for the metadata of the resource.
        Describing,
    }
}

/// A request that is being verified, with the ready service that will handle it.
pub(super) struct Waiting<S, ReqBody> {
    pub(super) service: S,
    pub(super) request: Request<ReqBody>,
    /// What the identity still has to be checked against.
    pub(super) admission: Option<Admission>,
}

/// The parts of the request that a rejection shows, because the request itself has been passed on.
pub(super) struct RequestTarget {
    config: Arc<Config>,
    method: Method,
    target: Option<PathAndQuery>,
    /// The headers that the body of a rejection may show.
    headers: Option<Box<HeaderMap>>,
    used: Option<UsedCredentials>,
    protocol: Protocol,
    /// Whether a script made the request, and must not be challenged for a password.
    hides_basic: bool,
    /// The matching row of the policies, for the challenge.
    pub(super) rule: Option<Rule>,
    /// Whether a WebSocket offered the subprotocol `bearer`, with a token.
    pub(super) offers_bearer: bool,
    /// Whether the response contains a new nonce for DPoP proofs.
    pub(super) renews_nonce: bool,
}

impl RequestTarget {
    pub(super) fn of<B>(
        request: &Request<B>,
        config: &Arc<Config>,
        used: Option<UsedCredentials>,
    ) -> Self {
        Self {
            config: Arc::clone(config),
            method: request.method().clone(),
            target: original_uri::of(request).path_and_query().cloned(),
            headers: config.rejection_headers(request.headers()),
            used,
            hides_basic: config.hide_basic_from_scripts && is_from_script(request.headers()),
            offers_bearer: false,
            protocol: if config.speaks_grpc { Protocol::of(request) } else { Protocol::Http },
            rule: None,
            renews_nonce: false,
        }
    }

    fn reject<B: RejectionBody>(&self, error: Error, head: http::response::Parts) -> Response<B> {
        let scheme = self.used.map(|used| used.scheme);
        let renderer = &self.config.renderer;
        let mut response = match self.protocol {
            Protocol::Http => {
                let headers = self.headers.as_deref();
                renderer.render(error, &self.method, self.target.as_ref(), headers, scheme, head)
            }
            grpc => renderer.render_grpc(error, grpc, scheme, head),
        };
        if let Some(used) = self.used {
            used.keep_private(&mut response);
        }
        if self.config.bindings.has_nonces()
            && (self.renews_nonce || response.headers().contains_key(WWW_AUTHENTICATE))
        {
            self.add_nonce(&mut response);
        }
        if self.hides_basic {
            remove_challenge(response.headers_mut(), Scheme::Basic);
        }
        response
    }

    /// Adds a nonce to a response, which caches must not store, because they would replay an old nonce (RFC 9449 §8.2).
    fn add_nonce<B>(&self, response: &mut Response<B>) {
        if let Some(nonce) = self.config.bindings.new_nonce() {
            let headers = response.headers_mut();
            headers.insert(DPOP_NONCE, nonce);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }

    fn report(&self, error: &Error) {
        let path = self.target.as_ref().map_or("/", PathAndQuery::path);
        let request = RejectedRequest { method: &self.method, path, log: &self.config.log };
        telemetry::rejected(error, Some(&request));
    }

    fn reject_anew<B: RejectionBody>(&self, error: Error) -> Response<B> {
        self.report(&error);
        let error = self.config.challenge_scopes.complete(error, self.rule);
        self.reject(error, Response::new(()).into_parts().0)
    }

    /// Finishes a response of the inner service. Renders its error, if no other layer has.
    fn finish<B: RejectionBody>(&self, mut response: Response<B>) -> Response<B> {
        let Some(Carried { error, is_reported }) = Carried::find(response.extensions()) else {
            if let Some(used) = self.used {
                used.keep_private(&mut response);
            }
            if self.offers_bearer {
                choose_bearer(&self.method, response.status(), response.headers_mut());
            }
            if self.renews_nonce {
                self.add_nonce(&mut response);
            }
            return response;
        };
        if !is_reported {
            self.report(error);
        }
        let error = self.config.challenge_scopes.complete_inner(error.clone(), self.rule);
        self.reject(error, response.into_parts().0)
    }
}

/// Returns whether a script in a browser made the request, according to the script or to the browser (Fetch Metadata).
/// `fetch` and `XMLHttpRequest` use the mode `cors` for the same origin too.
fn is_from_script(headers: &HeaderMap) -> bool {
    headers.contains_key("x-requested-with")
        || headers.get("sec-fetch-mode").is_some_and(|mode| mode == "cors")
}

impl<F, S, ReqBody> ResponseFuture<F, S, ReqBody> {
    pub(super) const fn responding(target: RequestTarget, response: F) -> Self {
        Self { target, state: State::Responding { response } }
    }

    pub(super) const fn rejected(target: RequestTarget, error: Error) -> Self {
        Self { target, state: State::Rejected { error: Some(error) } }
    }

    /// Responds with the metadata of the resource.
    pub(super) const fn describing(target: RequestTarget) -> Self {
        Self { target, state: State::Describing }
    }

    pub(super) fn verifying(
        target: RequestTarget,
        verdict: VerificationFuture,
        waiting: Box<Waiting<S, ReqBody>>,
    ) -> Self {
        Self { target, state: State::Verifying { verdict, waiting: Some(waiting) } }
    }
}

impl<F, S, ReqBody, ResBody, E> Future for ResponseFuture<F, S, ReqBody>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    S: Service<Request<ReqBody>, Response = Response<ResBody>, Error = E, Future = F>,
    ResBody: RejectionBody,
{
    type Output = Result<Response<ResBody>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Responding { response } => {
                    let response = ready!(response.poll(cx))?;
                    return Poll::Ready(Ok(this.target.finish(response)));
                }
                StateProjection::Rejected { error } => {
                    return match error.take() {
                        Some(error) => Poll::Ready(Ok(this.target.reject_anew(error))),
                        // It was polled again after completion, which the contract of `Future` forbids.
                        None => Poll::Pending,
                    };
                }
                StateProjection::Describing => {
                    let RequestTarget { config, method, .. } = &*this.target;
                    return match config.metadata_document.get() {
                        Some(document) => Poll::Ready(Ok(document.respond(method))),
                        // The state is entered only with a document.
                        None => Poll::Pending,
                    };
                }
                StateProjection::Verifying { verdict, waiting } => {
                    let outcome = ready!(verdict.as_mut().poll(cx));
                    let Some(it) = waiting.as_mut() else { return Poll::Pending };
                    let decision = match (outcome, it.admission.take()) {
                        (Err(error), Some(admission)) => {
                            this.target.config.decide_unverified(admission.rule, error)
                        }
                        (Err(error), None) => Decision::Reject(error),
                        (Ok(identity), None) => Decision::Admit(Caller::Identified(identity)),
                        (Ok(identity), Some(admission)) => {
                            let decided =
                                this.target.config.admit(admission, identity, &it.request);
                            this.target.renews_nonce = decided.renews_nonce;
                            decided.decision
                        }
                    };
                    let next = match decision {
                        Decision::Ask(next, admission) => {
                            (*verdict, it.admission) = (next, admission);
                            continue;
                        }
                        Decision::Reject(error) => State::Rejected { error: Some(error) },
                        Decision::Admit(caller) => {
                            let Some(it) = waiting.take() else { return Poll::Pending };
                            let Waiting { mut service, mut request, .. } = *it;
                            this.target.config.complete(&mut request, caller);
                            State::Responding { response: service.call(request) }
                        }
                    };
                    this.state.set(next);
                }
            }
        }
    }
}

impl<F, S, ReqBody> fmt::Debug for ResponseFuture<F, S, ReqBody> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Verifying { .. } => "verifying",
            State::Responding { .. } => "responding",
            State::Rejected { .. } => "rejected",
            State::Describing => "describing",
        };
        f.debug_struct("ResponseFuture").field("state", &state).finish_non_exhaustive()
    }
}
