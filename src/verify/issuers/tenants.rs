//! The tenants of a pattern, and resolving those without a verified token.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use quick_cache::sync::Cache;
use tokio::sync::OnceCell;

use super::{
    Tenant, TenantPattern, TenantResolution, tenant_pattern::Pattern,
    verified_tenants::VerifiedTenants,
};
use crate::{
    Clock, ConfigError, Error, JwtVerifier,
    error::TokenFault,
    telemetry::IssuerLog,
    verify::{
        jwt::{Issuer, Registration},
        single_flight::SingleFlight,
        work_limit::WorkLimit,
    },
};

/// The maximum number of tenants without a verified token.
const MAX_UNVERIFIED: usize = 100;

/// The tenants of one pattern.
pub(super) struct Tenants {
    pub(super) pattern: Pattern,
    pub(super) log: Arc<IssuerLog>,
    pub(super) resolve: Arc<Resolve>,
    pub(super) outage_tolerance: Duration,
    /// The limits for tenants without a verified token.
    resolver_calls: Arc<WorkLimit>,
    fetches: Arc<WorkLimit>,
    pub(super) verified: VerifiedTenants,
    unverified: Cache<String, Arc<Entry>>,
    state: Mutex<State>,
}

/// Its lock is held while tenants are added to `verified` or removed, so that no concurrent
/// addition undoes [`Tenants::forget`].
#[derive(Default)]
pub(super) struct State {
    /// The verified tenants that are being resolved again.
    pub(super) renewals: SingleFlight<String, Renewal>,
    /// The number of calls to [`Tenants::forget`].
    forgotten: u64,
}

/// A tenant that is being resolved, or has been. Requests that wait for it share the outcome.
pub(super) type Entry = OnceCell<Result<Resolved, Error>>;

/// A resolved tenant without a verified token.
#[derive(Clone)]
pub(super) struct Resolved {
    pub(super) registration: Arc<Registration>,
    /// The value of [`State::forgotten`] before it was resolved.
    forgotten: u64,
}

pub(super) type Resolve = dyn Fn(Tenant) -> ResolveFuture + Send + Sync;
pub(super) type ResolveFuture =
    Pin<Box<dyn Future<Output = Result<TenantResolution, Error>> + Send>>;

/// The outcome of resolving a verified tenant again, for requests that wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// The tenant has to be looked up again.
    Completed,
    /// The resolver doesn't know the tenant.
    Unknown,
}

impl Tenants {
    /// Creates the tenants of a pattern.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if the pattern or one of its limits is invalid.
    pub(super) fn new(
        options: &TenantPattern,
        clock: &Arc<dyn Clock>,
        resolve: Arc<Resolve>,
    ) -> Result<Self, ConfigError> {
        let pattern = options.validate()?;
        let log = Arc::new(IssuerLog::new(options.as_str().into(), Arc::clone(clock)));
        let limit = |what| {
            let limits = [options.max_in_flight, options.max_per_minute];
            Arc::new(WorkLimit::new(what, limits, Arc::clone(clock), Arc::clone(&log)))
        };
        Ok(Self {
            pattern,
            resolve,
            outage_tolerance: options.outage_tolerance,
            resolver_calls: limit("resolver calls"),
            fetches: limit("key fetches"),
            verified: VerifiedTenants::new(options.max_verified),
            unverified: Cache::new(MAX_UNVERIFIED),
            state: Mutex::default(),
            log,
        })
    }

    /// Returns whether `issuer` matches the pattern.
    pub(super) fn matches(&self, issuer: &str) -> bool {
        self.pattern.name_of(issuer).is_some()
    }

    /// Returns whether a registration belongs to a tenant with a verified token.
    pub(super) fn contains(&self, registration: &Arc<Registration>) -> bool {
        self.verified.contains(registration)
    }

    /// Returns the issuer of a tenant that is in memory, for operators.
    pub(super) fn known(&self, issuer: &str) -> Option<Arc<Issuer>> {
        let verified =
            self.verified.get(issuer).map(|(tenant, _)| Arc::clone(&tenant.registration));
        let registration = verified.or_else(|| Some(self.unverified(issuer)?.registration))?;
        Some(Arc::clone(&registration.issuer))
    }

    /// Returns the issuer of a tenant, which is given as an issuer or as the name in the place of `{tenant}`.
    pub(super) fn issuer_named(&self, tenant: &str) -> Option<String> {
        let issuer = self.pattern.issuer_of(tenant);
        [tenant, &*issuer].into_iter().find(|issuer| self.matches(issuer)).map(str::to_owned)
    }

    /// Returns the configured pattern.
    pub(super) fn pattern(&self) -> &str {
        self.log.label()
    }

    /// Returns a tenant that was resolved less than a minute ago and has no verified token.
    pub(super) fn unverified(&self, issuer: &str) -> Option<Resolved> {
        let entry = self.unverified.get(issuer)?;
        let resolved = entry.get()?.as_ref().ok()?;
        let registration = &resolved.registration;
        if registration.is_due(registration.issuer.now()) {
            self.remove(issuer, &entry);
            return None;
        }
        Some(resolved.clone())
    }

    /// Moves a tenant with a verified token to `verified`, where invented tenants can't evict it and no limit
    /// applies. Does nothing if it was forgotten after it was resolved.
    pub(super) fn mark_verified(&self, resolved: &Resolved) {
        let Resolved { registration, forgotten } = resolved;
        let state = self.lock();
        let is_same = |entry: &Arc<Entry>| {
            let kept = entry.get().and_then(|outcome| outcome.as_ref().ok());
            kept.is_some_and(|kept| Arc::ptr_eq(&kept.registration, registration))
        };
        let removed = self.unverified.remove_if(registration.issuer.name(), is_same);
        // If it isn't there, another request has moved it, or it was evicted or forgotten.
        let is_known = removed.is_some() || state.forgotten == *forgotten;
        if is_known && !registration.has_ended() && !self.verified.contains(registration) {
            registration.issuer.limit_fetches(None);
            self.verified.insert(registration);
        }
    }

    /// Removes a tenant, so that its next token is treated as that of a new tenant.
    pub(super) fn forget(&self, issuer: &str) {
        let mut state = self.lock();
        state.forgotten = state.forgotten.wrapping_add(1);
        state.renewals.detach(issuer);
        if let Some((_, entry)) = self.unverified.remove(issuer)
            && let Some(Ok(resolved)) = entry.get()
        {
            resolved.registration.end();
        }
        self.verified.remove(issuer);
    }

    pub(super) fn entry(&self, issuer: &str) -> Result<Arc<Entry>, Error> {
        if let Some(entry) = self.unverified.get(issuer) {
            return Ok(entry);
        }
        // Checked before an entry is added, because that may evict another one.
        self.resolver_calls.check()?;
        let entry =
            self.unverified.get_or_insert_with(issuer, || Ok::<_, Infallible>(Arc::default()));
        Ok(entry.unwrap_or_else(|never| match never {}))
    }

    /// Removes a tenant that could not be resolved, so that the next request tries again.
    pub(super) fn remove(&self, issuer: &str, entry: &Arc<Entry>) {
        self.unverified.remove_if(issuer, |kept| Arc::ptr_eq(kept, entry));
    }

    /// Resolves a tenant without a verified token.
    pub(super) async fn resolve(&self, issuer: &str) -> Result<Resolved, Error> {
        let forgotten = self.lock().forgotten;
        let _permit = self.resolver_calls.acquire()?;
        let tenant = self.pattern.tenant(issuer, false).ok_or(TokenFault::Issuer)?;
        let issuer = match (self.resolve)(tenant).await? {
            TenantResolution::Replace(verifier) | TenantResolution::Use(verifier) => {
                self.issuer_of(verifier, issuer)?
            }
            TenantResolution::Unknown => return Err(TokenFault::Issuer.into()),
            TenantResolution::Keep => {
                let problem = format!("the new tenant `{issuer}` has no verifier to keep");
                return Err(Error::misconfigured(problem));
            }
        };
        issuer.limit_fetches(Some(&self.fetches));
        Ok(Resolved { registration: Arc::new(Registration::new(issuer)), forgotten })
    }

    /// Returns the issuer of the verifier that was returned for a tenant.
    pub(super) fn issuer_of(
        &self,
        verifier: JwtVerifier,
        name: &str,
    ) -> Result<Arc<Issuer>, Error> {
        let issuer = verifier.issuer;
        if issuer.name() != name {
            return Err(Error::misconfigured(format!(
                "the resolver returned the verifier of issuer `{}` for the tenant `{name}`",
                issuer.name()
            )));
        }
        // Metric labels are configured values, so the label is the pattern and not the name of the
        // tenant.
        issuer.log_to(&self.log);
        Ok(issuer)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenants({})", self.log.label())
    }
}
