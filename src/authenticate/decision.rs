//! The decision about a request: a plain function of it.

use http::{
    Method, Request,
    header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN},
};

use super::{config::Config, used_credentials::UsedCredentials};
use crate::{
    Credentials, Error, ErrorKind, Identity, Policies, Verification,
    authorize::policies::Rule,
    credentials::{CredentialsRejection, Presented, RequestHead, Source},
    identity::Authentication,
    scheme::Scheme,
    verify::{VerificationFuture, VerificationState},
};

/// What becomes of a request.
pub(super) enum Decision {
    Admit(Authentication),
    Ask(VerificationFuture),
    Reject(Error),
}

impl Config {
    pub(super) fn decide<B>(&self, request: &Request<B>) -> (Decision, Option<UsedCredentials>) {
        let policies = self.policies.as_ref();
        let rule = policies.map(|it| (it, it.find(request.method(), request.uri().path())));
        let admit = |identity| match rule.map_or(Ok(()), |(it, rule)| it.judge(rule, &identity)) {
            Ok(()) => Decision::Admit(Authentication::Identified(identity)),
            Err(error) => Decision::Reject(error),
        };
        let plain_token = self.sources.plain_bearer_token(request.headers());
        if let Some(identity) = self.cached(plain_token) {
            let used = UsedCredentials { scheme: Scheme::Bearer, source: Source::Authorization };
            return (admit(identity), Some(used));
        }
        match self.sources.read(&RequestHead::of(request)) {
            Ok(Some(Presented { credentials, scheme, source })) => {
                let decision = match self.verify(credentials, plain_token.is_some()).0 {
                    VerificationState::Ready(Ok(identity)) => admit(identity),
                    VerificationState::Ready(Err(error)) => Decision::Reject(error),
                    VerificationState::Pending(verdict) => Decision::Ask(match rule {
                        Some((policies, rule)) => judged(policies.clone(), rule, verdict),
                        None => verdict,
                    }),
                };
                (decision, Some(UsedCredentials { scheme, source }))
            }
            Ok(None) if rule.map_or(self.allow_anonymous, |(it, rule)| it.is_open(rule)) => {
                (Decision::Admit(Authentication::Anonymous), None)
            }
            Ok(None) => (Decision::Reject(missing_credentials(request)), None),
            Err(CredentialsRejection { error, scheme }) => {
                let used =
                    scheme.map(|scheme| UsedCredentials { scheme, source: Source::Authorization });
                (Decision::Reject(error), used)
            }
        }
    }

    fn cached(&self, plain_token: Option<&[u8]>) -> Option<Identity> {
        self.tokens.as_ref()?.cached(plain_token?)
    }

    fn verify(&self, credentials: Credentials<'_>, is_uncached: bool) -> Verification {
        match credentials {
            Credentials::Basic(credentials) => match &self.users {
                Some(users) => users.verify(credentials),
                None => reject_unknown(),
            },
            Credentials::Bearer(token) | Credentials::Token(token) => match &self.tokens {
                Some(tokens) if is_uncached => tokens.verify_uncached(token),
                Some(tokens) => tokens.verify(token),
                None => reject_unknown(),
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
fn reject_unknown() -> Verification {
    Verification::ready(Err(ErrorKind::MissingCredentials.into()))
}

/// Rejects a request without credentials. The cause is for the log: a preflight that gets this far means that
/// the layers are in the wrong order.
fn missing_credentials<B>(request: &Request<B>) -> Error {
    let error = Error::from(ErrorKind::MissingCredentials);
    if is_cors_preflight(request) {
        error.with_source("a CORS preflight: put the CORS layer outside the AuthenticateLayer")
    } else {
        error
    }
}

/// Returns whether this is the request that a browser sends before the real one, always without credentials
/// (Fetch Standard, CORS-preflight fetch).
fn is_cors_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
