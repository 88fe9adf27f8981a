//! The checks of an identity before its request is admitted: its binding, and then the policies.

use std::borrow::Cow;

use http::Request;

use super::{config::Config, original_uri, used_credentials::UsedCredentials};
use crate::{
    Error, Identity,
    authorize::policies::Rule,
    identity::Caller,
    scheme::Scheme,
    telemetry,
    verify::{
        VerificationFuture,
        binding::{BindingVerdict, BoundRequest},
    },
};

/// What an identity is checked against. It is kept while the credentials are being verified.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admission {
    pub(super) rule: Option<Rule>,
    pub(super) used: UsedCredentials,
}

/// The decision about a request.
pub(super) enum Decision {
    Admit(Caller),
    /// The future has to be awaited. If there is an admission, it is checked afterwards.
    Ask(VerificationFuture, Option<Admission>),
    Reject(Error),
}

/// A decision, with what the response depends on.
pub(super) struct Decided {
    pub(super) decision: Decision,
    pub(super) used: Option<UsedCredentials>,
    /// The matching row of the policies, for the challenge.
    pub(super) rule: Option<Rule>,
    /// Whether the response contains a new nonce for DPoP proofs.
    pub(super) renews_nonce: bool,
}

impl Decided {
    pub(super) const fn new(decision: Decision, used: Option<UsedCredentials>) -> Self {
        Self { decision, used, rule: None, renews_nonce: false }
    }
}

impl Config {
    /// Decides about an identity that a verifier has just returned.
    pub(super) fn admit<B>(
        &self,
        admission: Admission,
        identity: Identity,
        request: &Request<B>,
    ) -> Decided {
        let identity = match &self.context {
            Some(context) => identity.with_context(context),
            None => identity,
        };
        if self.bindings.concern(&identity) {
            return self.admit_bound(admission, identity, request);
        }
        let decision = match self.authorize(admission.rule, &identity) {
            Ok(()) => Decision::Admit(Caller::Identified(identity)),
            Err(error) => Decision::Reject(self.diagnosed_identity(error, &identity)),
        };
        Decided::new(decision, Some(admission.used))
    }

    fn admit_bound<B>(
        &self,
        admission: Admission,
        identity: Identity,
        request: &Request<B>,
    ) -> Decided {
        let is_dpop = admission.used.scheme == Scheme::Dpop;
        let token = is_dpop.then(|| self.proven_token(request)).flatten();
        let verdict = self.bindings.verify(
            &identity,
            BoundRequest {
                method: request.method(),
                path: original_uri::of(request).path(),
                headers: request.headers(),
                extensions: request.extensions(),
                scheme: admission.used.scheme,
                token: token.as_deref().unwrap_or_default(),
            },
        );
        let authorize = || {
            let authorized = self.authorize(admission.rule, &identity);
            authorized.map_err(|error| self.diagnosed_identity(error, &identity))
        };
        let (decision, renews_nonce) = match verdict {
            BindingVerdict::Rejected(error) => {
                (Decision::Reject(self.diagnosed_identity(error, &identity)), false)
            }
            BindingVerdict::Verified { renews_nonce } => match authorize() {
                Ok(()) => (Decision::Admit(Caller::Identified(identity)), renews_nonce),
                Err(error) => (Decision::Reject(error), renews_nonce),
            },
            BindingVerdict::Pending { outcome, renews_nonce } => match authorize() {
                Ok(()) => {
                    let verdict = Box::pin(async { outcome.await.map(|()| identity) });
                    (Decision::Ask(verdict, None), renews_nonce)
                }
                Err(error) => (Decision::Reject(error), renews_nonce),
            },
        };
        Decided { renews_nonce, ..Decided::new(decision, Some(admission.used)) }
    }

    /// Reads the token that a DPoP proof must name.
    fn proven_token<'r, B>(&self, request: &'r Request<B>) -> Option<Cow<'r, [u8]>> {
        match self.sources.plain_token(request.headers()) {
            Some(plain) => Some(Cow::Borrowed(plain.token)),
            None => self.token(request).map(|token| Cow::Owned(token.as_bytes().to_vec())),
        }
    }

    /// Prepares a request for the inner service, and records the metric.
    pub(super) fn complete<B>(&self, request: &mut Request<B>, caller: Caller) {
        telemetry::admitted(caller.outcome());
        // Only here, because the binding is verified after the token.
        self.bindings.remove_certificate(request.headers_mut());
        request.extensions_mut().insert(caller);
    }

    fn authorize(&self, rule: Option<Rule>, identity: &Identity) -> Result<(), Error> {
        match (&self.policies, rule) {
            (Some(policies), Some(rule)) => policies.authorize(rule, identity),
            _ => Ok(()),
        }
    }
}
