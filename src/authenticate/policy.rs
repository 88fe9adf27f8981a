//! The decision about a request: a plain function of it.

use std::{fmt, sync::Arc};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, ORIGIN, SEC_WEBSOCKET_PROTOCOL},
};

use super::original_uri;
#[cfg(feature = "_jwt")]
use crate::BasicCredentials;
use crate::{
    BearerToken, Credentials, Error, ErrorKind, Identity, Policies, Verification, Verify,
    authorize::policies::Rule,
    credentials::{
        Presented, RequestHead, Source, Sources, Unreadable, WEBSOCKET_PROTOCOL,
        websocket_without_token, without_access_token,
    },
    identity::Authentication,
    response::Renderer,
    scheme::Scheme,
    verify::{VerificationFuture, VerificationState},
};

/// What one layer is configured to do.
#[derive(Clone)]
pub(super) struct Policy {
    pub(super) sources: Sources,
    pub(super) tokens: Option<Arc<dyn for<'a> Verify<BearerToken<'a>>>>,
    #[cfg(feature = "_jwt")]
    pub(super) users: Option<Arc<dyn Verify<BasicCredentials>>>,
    pub(super) policies: Option<Policies>,
    pub(super) allow_anonymous: bool,
    pub(super) allow_cors_preflight: bool,
    pub(super) speaks_grpc: bool,
    pub(super) renderer: Renderer,
}

/// What becomes of a request.
pub(super) enum Decision {
    Admit(Authentication),
    Ask(VerificationFuture),
    Refuse(Error),
}

/// By what the request was authenticated, or tried to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    pub(super) scheme: Scheme,
    pub(super) source: Source,
}

impl Used {
    /// Takes a token out of the request where it could be logged or handed on.
    pub(super) fn hide_token<B>(self, request: &mut Request<B>) {
        match self.source {
            Source::Elsewhere => {}
            Source::Query => {
                take_token_out(request.uri_mut());
                original_uri::change(request.extensions_mut(), take_token_out);
            }
            Source::WebSocket => {
                let protocols = websocket_without_token(request.headers());
                match protocols {
                    Some(protocols) => {
                        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocols)
                    }
                    None => request.headers_mut().remove(SEC_WEBSOCKET_PROTOCOL),
                };
            }
        }
    }

    /// What a response owes to where the token was.
    pub(super) fn finish<B>(self, method: &Method, response: &mut Response<B>) {
        let (status, headers) = (response.status(), response.headers_mut());
        match self.source {
            // RFC 6750 §2.3.
            Source::Query
                if status.is_success()
                    && !headers.get_all(CACHE_CONTROL).iter().any(keeps_private) =>
            {
                headers.append(CACHE_CONTROL, HeaderValue::from_static("private"));
            }
            // A browser gives up if none of the subprotocols that it offers is chosen.
            Source::WebSocket if is_open(method, status) => {
                let bearer = HeaderValue::from_static(WEBSOCKET_PROTOCOL);
                headers.entry(SEC_WEBSOCKET_PROTOCOL).or_insert(bearer);
            }
            _ => {}
        }
    }
}

/// Whether a WebSocket is open: HTTP/2 has no 101 (RFC 8441 §5).
fn is_open(method: &Method, status: StatusCode) -> bool {
    match *method {
        Method::CONNECT => status.is_success(),
        _ => status == StatusCode::SWITCHING_PROTOCOLS,
    }
}

/// Whether this line of `Cache-Control` keeps the whole response out of shared caches.
fn keeps_private(line: &HeaderValue) -> bool {
    let is_such = |directive: &[u8]| {
        let directive = directive.trim_ascii();
        directive.eq_ignore_ascii_case(b"private") || directive.eq_ignore_ascii_case(b"no-store")
    };
    line.as_bytes().split(|&byte| byte == b',').any(is_such)
}

fn take_token_out(uri: &mut Uri) {
    let target = uri.path_and_query().map(without_access_token);
    let path_and_query = target.and_then(|target| target.parse().ok());
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = path_and_query;
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

impl Policy {
    pub(super) fn decide<B>(&self, request: &Request<B>) -> (Decision, Option<Used>) {
        if self.allow_cors_preflight && is_cors_preflight(request) {
            return (Decision::Admit(Authentication::Anonymous), None);
        }
        let policies = self.policies.as_ref();
        let rule = policies.map(|it| (it, it.find(request.method(), request.uri().path())));
        let admit = |identity| match rule.map_or(Ok(()), |(it, rule)| it.judge(rule, &identity)) {
            Ok(()) => Decision::Admit(Authentication::Identified(identity)),
            Err(error) => Decision::Refuse(error),
        };
        if let Some(identity) = self.recall(request.headers()) {
            let used = Used { scheme: Scheme::Bearer, source: Source::Elsewhere };
            return (admit(identity), Some(used));
        }
        match self.sources.read(&RequestHead::of(request)) {
            Ok(Some(Presented { credentials, scheme, source })) => {
                let decision = match self.verify(credentials).0 {
                    VerificationState::Ready(Ok(identity)) => admit(identity),
                    VerificationState::Ready(Err(error)) => Decision::Refuse(error),
                    VerificationState::Pending(verdict) => Decision::Ask(match rule {
                        Some((policies, rule)) => judged(policies.clone(), rule, verdict),
                        None => verdict,
                    }),
                };
                (decision, Some(Used { scheme, source }))
            }
            Ok(None) if rule.map_or(self.allow_anonymous, |(it, rule)| it.is_open(rule)) => {
                (Decision::Admit(Authentication::Anonymous), None)
            }
            Ok(None) => (Decision::Refuse(ErrorKind::MissingCredentials.into()), None),
            Err(Unreadable { error, scheme }) => {
                let used = scheme.map(|scheme| Used { scheme, source: Source::Elsewhere });
                (Decision::Refuse(error), used)
            }
        }
    }

    fn recall(&self, headers: &HeaderMap) -> Option<Identity> {
        let token = self.sources.glance(headers)?;
        self.tokens.as_ref()?.recall(token)
    }

    fn verify(&self, credentials: Credentials<'_>) -> Verification {
        match credentials {
            #[cfg(feature = "_jwt")]
            Credentials::Basic(credentials) => match &self.users {
                Some(users) => users.verify(credentials),
                None => refuse_unknown(),
            },
            Credentials::Bearer(token) | Credentials::Token(token) => match &self.tokens {
                Some(tokens) => tokens.verify(token),
                None => refuse_unknown(),
            },
        }
    }
}

/// The verdict, and then that of the policies.
fn judged(policies: Policies, rule: Rule, verdict: VerificationFuture) -> VerificationFuture {
    Box::pin(async move {
        let identity = verdict.await?;
        policies.judge(rule, &identity)?;
        Ok(identity)
    })
}

/// Credentials of a kind that nobody verifies, such as a query parameter at a layer for Basic only.
fn refuse_unknown() -> Verification {
    Verification::ready(Err(ErrorKind::MissingCredentials.into()))
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("sources", &self.sources)
            .field("policies", &self.policies)
            .field("allow_anonymous", &self.allow_anonymous)
            .field("allow_cors_preflight", &self.allow_cors_preflight)
            .field("speaks_grpc", &self.speaks_grpc)
            .field("renderer", &self.renderer)
            .finish_non_exhaustive()
    }
}

/// A question of the browser's before the real request, which never carries credentials (Fetch
/// Standard, CORS-preflight fetch).
fn is_cors_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
