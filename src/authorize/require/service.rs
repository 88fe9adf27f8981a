//! The service around a guarded service.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{RequireFuture, future::Rejected};
use crate::{
    Error, Identity, ScopeSet,
    authorize::{Requirements, diagnosed},
    identity::Caller,
    response::RejectionBody,
    telemetry,
};

/// The check of a guard.
pub(super) struct Guard<C: ?Sized = Check> {
    /// The requirements that the check verifies. Empty for a custom check.
    pub(super) requirements: Requirements,
    pub(super) check: C,
}

/// A function that checks an identity.
pub(super) type Check = dyn Fn(&Identity) -> Result<(), Error> + Send + Sync;

/// The service that [`RequireScopeLayer`](crate::RequireScopeLayer), [`RequireRoleLayer`](crate::RequireRoleLayer) and
/// [`RequireLayer`](crate::RequireLayer) create.
#[derive(Clone)]
pub struct Require<S> {
    inner: S,
    guard: Arc<Guard>,
}

impl<S> Require<S> {
    pub(super) const fn new(inner: S, guard: Arc<Guard>) -> Self {
        Self { inner, guard }
    }

    fn decide<B>(&self, request: &Request<B>) -> Result<(), Rejected> {
        let caller = Caller::of(request.extensions(), "a guard").map_err(Rejected::stand_alone)?;
        let identity =
            caller.require_identity().map_err(|error| self.guard.add_scopes(error, caller));
        let identity = identity?;
        (self.guard.check)(identity).map_err(|error| {
            let is_read = telemetry::reads_rejections();
            if is_read { diagnosed(error, identity) } else { error }.into()
        })
    }
}

impl Guard {
    /// Adds the required scopes to the rejection of an anonymous request.
    #[cold]
    fn add_scopes(&self, error: Error, caller: &Caller) -> Error {
        let scopes = self.requirements.scopes();
        let scopes = scopes.map(|it| it.nearest(&ScopeSet::new(), caller.hierarchy()));
        match scopes.filter(|scopes| !scopes.is_empty()) {
            Some(scopes) => error.with_scope(scopes.into()),
            None => error,
        }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Require<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: RejectionBody,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = RequireFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.decide(&request) {
            Ok(()) => RequireFuture::responding(self.inner.call(request)),
            Err(error) => RequireFuture::rejected(error),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Require<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Require").field("inner", &self.inner).finish_non_exhaustive()
    }
}
