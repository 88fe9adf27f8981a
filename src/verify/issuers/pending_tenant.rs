//! Tenants for which a request may have to wait: new ones, and verified ones whose renewal is overdue.

use std::{sync::Arc, time::Duration};

use super::{
    TenantResolution,
    tenants::{Renewal, Resolved, Tenants},
    verified_tenants::VerifiedTenant,
};
use crate::{
    Error,
    error::TokenFault,
    telemetry,
    verify::{
        jwt::{Jws, Registration, SignatureBuffer},
        single_flight::{FlightId, Waiter},
    },
};

/// How long a request waits for the renewal of a stale tenant. After that, the tenant is used unchanged,
/// because a resolver that doesn't respond must not block the service.
const RENEWAL_WAIT: Duration = Duration::from_secs(1);

/// A tenant whose tokens can be verified immediately, or after a wait.
pub(super) enum Known {
    Now(Arc<Registration>),
    /// The tenant has to be renewed first.
    Later(PendingTenant),
}

/// A tenant that has to be resolved before its token can be verified.
pub(super) struct PendingTenant {
    tenants: Arc<Tenants>,
    name: String,
    /// The running renewal of a verified tenant.
    renewal: Option<Waiter<Renewal>>,
}

/// A tenant after a wait.
pub(super) enum Settled {
    Unverified(Arc<Tenants>, Resolved),
    Verified(Arc<Registration>),
}

impl Tenants {
    /// Returns a tenant with a verified token, and starts its renewal if that is due.
    pub(super) fn verified(self: &Arc<Self>, issuer: &str) -> Option<Known> {
        let (tenant, now) = self.verified.get(issuer)?;
        let registration = &tenant.registration;
        if !registration.is_due(now) {
            return Some(Known::Now(Arc::clone(registration)));
        }
        // A stale tenant stays due until its renewal has completed, so all its requests get here.
        if !tenant.is_stale(now) {
            if registration.claim_renewal(now) {
                self.renew(&tenant, true);
            }
            return Some(Known::Now(Arc::clone(registration)));
        }
        if let Some(renewal) = self.renew(&tenant, false) {
            let (tenants, name) = (Arc::clone(self), issuer.to_owned());
            return Some(Known::Later(PendingTenant { tenants, name, renewal: Some(renewal) }));
        }
        let (tenant, _) = self.verified.get(issuer)?;
        Some(Known::Now(Arc::clone(&tenant.registration)))
    }

    /// Returns a tenant that has to be resolved.
    pub(super) fn pending(self: &Arc<Self>, issuer: &str) -> PendingTenant {
        PendingTenant { tenants: Arc::clone(self), name: issuer.to_owned(), renewal: None }
    }

    /// Joins or starts the renewal of a verified tenant. `is_claimed` is true for the one request that claimed
    /// it. Returns `None` if the renewal has just completed, or can't be started.
    fn renew(
        self: &Arc<Self>,
        tenant: &Arc<VerifiedTenant>,
        is_claimed: bool,
    ) -> Option<Waiter<Renewal>> {
        let issuer = &tenant.registration.issuer;
        let mut state = self.lock();
        if let Some(renewal) = state.renewals.join(issuer.name()) {
            return Some(renewal);
        }
        // Checked again, because a renewal may have completed while this request waited for the lock.
        if !is_claimed && !tenant.registration.is_due(issuer.now()) {
            return None;
        }
        let (resolve, named) =
            (Arc::clone(&self.resolve), self.pattern.tenant(issuer.name(), true)?);
        let (tenants, renewed) = (Arc::downgrade(self), Arc::clone(tenant));
        let complete = move |id, outcome| match tenants.upgrade() {
            Some(tenants) => tenants.complete_renewal(&renewed, id, outcome),
            None => Renewal::Completed,
        };
        // The resolver is called in the task, because it may call `forget`, which needs the lock.
        let work = async move { resolve(named).await };
        let started = state.renewals.start(issuer.name().to_owned(), work, complete);
        drop(state);
        started.map_err(|error| self.keep_or_drop(tenant, &error.into())).ok()
    }

    /// Applies the outcome of a renewal, unless the tenant was forgotten in the meantime.
    fn complete_renewal(
        &self,
        tenant: &Arc<VerifiedTenant>,
        id: FlightId,
        outcome: Option<Result<TenantResolution, Error>>,
    ) -> Renewal {
        let outcome = outcome.unwrap_or_else(|| {
            Err(Error::unavailable("the tenant resolver timed out, panicked or was aborted"))
        });
        let name = tenant.registration.issuer.name();
        let mut state = self.lock();
        if !state.renewals.complete(name, id) {
            return Renewal::Completed;
        }
        let replacement = match outcome {
            Ok(TenantResolution::Keep | TenantResolution::Use(_)) => Ok(None),
            Ok(TenantResolution::Replace(verifier)) => self.issuer_of(verifier, name).map(Some),
            Ok(TenantResolution::Unknown) => Err(TokenFault::Issuer.into()),
            Err(error) => Err(error),
        };
        match replacement {
            Ok(None) => tenant.confirm(),
            Ok(Some(issuer)) => {
                issuer.limit_fetches(None);
                tenant.registration.end();
                self.verified.insert(&Arc::new(Registration::new(issuer)));
            }
            Err(error) if error.status().is_server_error() => {
                drop(state);
                self.keep_or_drop(tenant, &error);
            }
            // This rejects the tenant, unlike a failure of the resolver.
            Err(_) => {
                self.verified.remove(name);
                return Renewal::Unknown;
            }
        }
        Renewal::Completed
    }

    /// Keeps a tenant whose renewal has failed, until the outage exceeds its tolerance.
    fn keep_or_drop(&self, tenant: &Arc<VerifiedTenant>, error: &Error) {
        let issuer = &tenant.registration.issuer;
        let now = issuer.now();
        let is_kept = tenant.unconfirmed_for(now) < self.outage_tolerance;
        if is_kept {
            tenant.registration.postpone(now);
        } else {
            let _state = self.lock();
            self.verified.remove(issuer.name());
        }
        // Reported after the lock is released, because a subscriber may query the state of tenants.
        telemetry::tenant_not_renewed(&self.log, issuer.name(), error, is_kept);
    }

    /// Uses a stale tenant for another minute without waiting for its renewal, which continues.
    fn stop_waiting(&self, issuer: &str) {
        if let Some((tenant, now)) = self.verified.get(issuer) {
            tenant.registration.postpone(now);
        }
    }
}

impl PendingTenant {
    /// Resolves the tenant, once for all concurrent requests. A token that can't be valid doesn't cause a call.
    pub(super) async fn settle(self, token: &[u8]) -> Result<Settled, Error> {
        Jws::parse(token)?.decode_signature(&mut SignatureBuffer::default())?;
        let Self { tenants, name, renewal } = self;
        if let Some(mut renewal) = renewal {
            match tokio::time::timeout(RENEWAL_WAIT, renewal.wait()).await {
                Ok(Some(Renewal::Unknown)) => return Err(TokenFault::Issuer.into()),
                Ok(Some(Renewal::Completed)) => {}
                Err(_) | Ok(None) => tenants.stop_waiting(&name),
            }
        }
        if let Some((tenant, _)) = tenants.verified.get(&name) {
            return Ok(Settled::Verified(Arc::clone(&tenant.registration)));
        }
        let entry = tenants.entry(&name)?;
        match entry.get_or_init(|| tenants.resolve(&name)).await.clone() {
            Ok(resolved) => Ok(Settled::Unverified(tenants, resolved)),
            Err(error) => {
                tenants.remove(&name, &entry);
                Err(error)
            }
        }
    }
}
