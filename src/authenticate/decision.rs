//! The decision about a request, as a plain function.

use std::sync::Arc;

use http::{
    Method, Request,
    header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN},
};

use super::{
    admission::{Admission, Decided, Decision},
    config::{Anonymous, Config},
    used_credentials::UsedCredentials,
};
use crate::{
    BasicCredentials, BearerToken, Error, ErrorKind, Identity, Verification,
    authorize::policies::Rule,
    credentials::{
        AuthorizationLine, Credentials, CredentialsRejection, LineForm, PlainToken, Presented,
        RequestHead, Source,
    },
    identity::Caller,
    telemetry,
    verify::VerificationState,
};

impl Config {
    /// Decides about a request, and marks its headers with credentials as sensitive.
    pub(super) fn decide<B>(&self, request: &mut Request<B>) -> Decided {
        let policies = self.policies.as_ref();
        let rule = policies.map(|it| it.find_for(request, self.reads_mcp_bodies));
        Decided { rule, ..self.decide_by(rule, request) }
    }

    fn decide_by<B>(&self, rule: Option<Rule>, request: &mut Request<B>) -> Decided {
        let form = match self.sources.mark_sensitive(request.headers_mut()) {
            AuthorizationLine::Plain(PlainToken { scheme, token }) => {
                if let Some(identity) = self.cached(token) {
                    let used = UsedCredentials { scheme, source: Source::Authorization };
                    return self.admit(Admission { rule, used }, identity, request);
                }
                LineForm::Plain
            }
            AuthorizationLine::Absent => LineForm::Absent,
            AuthorizationLine::Other => LineForm::Other,
        };
        let request = &*request;
        match self.sources.read_line(form, &RequestHead::of(request)) {
            Ok(Some(presented)) => self.decide_presented(rule, presented, request),
            Ok(None) => Decided::new(self.decide_anonymous(rule, request), None),
            Err(CredentialsRejection { error, scheme }) => {
                let used =
                    scheme.map(|scheme| UsedCredentials { scheme, source: Source::Authorization });
                Decided::new(Decision::Reject(error), used)
            }
        }
    }

    fn decide_presented<B>(
        &self,
        rule: Option<Rule>,
        presented: Presented<'_>,
        request: &Request<B>,
    ) -> Decided {
        let Presented { credentials, scheme, source, is_plain } = presented;
        let used = UsedCredentials { scheme, source };
        let admission = Admission { rule, used };
        let verification = match credentials {
            Credentials::Basic(credentials) => self.verify_user(credentials, request),
            Credentials::Bearer(token) | Credentials::Dpop(token) | Credentials::Token(token) => {
                self.verify_token(token, is_plain, request)
            }
        };
        match verification.0 {
            VerificationState::Ready(Ok(identity)) => self.admit(admission, identity, request),
            VerificationState::Ready(Err(error)) => {
                let error = self.diagnosed(error, request);
                Decided::new(self.decide_unverified(rule, error), Some(used))
            }
            VerificationState::Pending(verdict) => {
                let verdict = self.diagnosing(verdict, request);
                Decided::new(Decision::Ask(verdict, Some(admission)), Some(used))
            }
        }
    }

    pub(super) fn decide_anonymous<B>(&self, rule: Option<Rule>, request: &Request<B>) -> Decision {
        let is_open = match (&self.policies, rule) {
            (Some(policies), Some(rule)) => policies.is_open(rule),
            _ => self.anonymous != Anonymous::Rejected,
        };
        if is_open {
            Decision::Admit(Caller::Anonymous(self.context.clone()))
        } else {
            Decision::Reject(missing_credentials(request))
        }
    }

    /// Rejects a request whose credentials could not be verified. A request with an invalid token is anonymous where that
    /// is allowed, but only if the token is known to be invalid.
    pub(super) fn decide_unverified(&self, rule: Option<Rule>, error: Error) -> Decision {
        let ignores_invalid = match (&self.policies, rule) {
            (Some(policies), Some(rule)) => policies.ignores_invalid_tokens(rule),
            _ => self.anonymous == Anonymous::WithInvalidToken,
        };
        if ignores_invalid && matches!(error.kind(), ErrorKind::InvalidToken(_)) {
            telemetry::invalid_token_ignored(&error);
            Decision::Admit(Caller::Invalid(Arc::new(error), self.context.clone()))
        } else {
            Decision::Reject(error)
        }
    }

    fn cached(&self, token: &[u8]) -> Option<Identity> {
        self.tokens.as_ref()?.cached(token)
    }

    fn verify_user<B>(&self, credentials: BasicCredentials, request: &Request<B>) -> Verification {
        let Some(users) = &self.users else { return reject_unknown() };
        let key = self.guess_key.as_ref().and_then(|key_of| key_of(&RequestHead::of(request)));
        users.verify(match key {
            Some(key) => credentials.with_guess_key(key),
            None => credentials,
        })
    }

    fn verify_token<B>(
        &self,
        token: BearerToken<'_>,
        is_plain: bool,
        request: &Request<B>,
    ) -> Verification {
        let Some(tokens) = &self.tokens else { return reject_unknown() };
        let cached = if is_plain { None } else { tokens.cached(token.as_bytes()) };
        match cached {
            Some(identity) => Verification::ready(Ok(identity)),
            None => tokens.verify_request(token, &RequestHead::of(request)),
        }
    }
}

/// Rejects credentials without a verifier, such as a query parameter in a layer for Basic only.
fn reject_unknown() -> Verification {
    Verification::ready(Err(ErrorKind::MissingCredentials.into()))
}

/// Rejects a request without credentials. A preflight only gets here if the layers are in the wrong order,
/// which the cause says in the log.
fn missing_credentials<B>(request: &Request<B>) -> Error {
    let error = Error::from(ErrorKind::MissingCredentials);
    if is_cors_preflight(request) {
        error.with_source("a CORS preflight: put the CORS layer outside the AuthenticateLayer")
    } else {
        error
    }
}

/// Returns whether this is a CORS preflight, which browsers always send without credentials (Fetch Standard,
/// CORS-preflight fetch).
fn is_cors_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
