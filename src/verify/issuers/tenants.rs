//! Tenants: issuers that match a pattern, resolved on first use and periodically while they are
//! used.

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
    Tenant, TenantPattern, TenantResolution,
    tenant_pattern::Pattern,
    verified_tenants::{VerifiedTenant, VerifiedTenants},
};
use crate::{
    Clock, ConfigError, Error, JwtVerifier,
    error::{Finding, TokenFault, WithCauses},
    telemetry::{self, IssuerLog},
    url::{self, Query},
    verify::{
        DoctorReport,
        jwt::{Issuer, Jws, Registration, SignatureBuffer},
        single_flight::{FlightId, SingleFlight, Waiter},
        work_limit::WorkLimit,
    },
};

/// The maximum number of tenants without a verified token.
const MAX_UNVERIFIED: usize = 100;

/// How long a request waits for the renewal of a stale tenant. After that, the tenant is used unchanged,
/// because a resolver that doesn't respond must not block the service.
const RENEWAL_WAIT: Duration = Duration::from_secs(1);

/// How long `doctor` waits for the resolver.
const RESOLVER_TIMEOUT: Duration = Duration::from_secs(10);

/// The tenants of one pattern.
pub(super) struct Tenants {
    pattern: Pattern,
    log: Arc<IssuerLog>,
    resolve: Arc<Resolve>,
    outage_tolerance: Duration,
    /// The limits for tenants without a verified token.
    resolver_calls: Arc<WorkLimit>,
    fetches: Arc<WorkLimit>,
    verified: VerifiedTenants,
    unverified: Cache<String, Arc<Entry>>,
    state: Mutex<State>,
}

/// Its lock is held while tenants are added to `verified` or removed, so that no concurrent
/// addition undoes [`Tenants::forget`].
#[derive(Default)]
struct State {
    /// The verified tenants that are being resolved again.
    renewals: SingleFlight<String, Renewal>,
    /// The number of calls to [`Tenants::forget`].
    forgotten: u64,
}

/// A tenant that is being resolved, or has been. Requests that wait for it share the outcome.
type Entry = OnceCell<Result<Resolved, Error>>;

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
enum Renewal {
    /// The tenant has to be looked up again.
    Completed,
    /// The resolver doesn't know the tenant.
    Unknown,
}

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

    /// Says about the pattern what will fail. `earlier` are patterns that are tried before it.
    pub(super) fn examine(&self, earlier: &[Arc<Self>]) -> Finding {
        let sample = self.pattern.issuer_of("tenant");
        let finding = Finding::passed("pattern").found(self.pattern());
        let failed = || Finding::failed("pattern", TokenFault::Issuer).found(self.pattern());
        if let Some(other) = earlier.iter().find(|tenants| tenants.matches(&sample)) {
            return failed().hint(format!(
                "the pattern `{}` comes first and matches the same issuers: remove one of them",
                other.pattern()
            ));
        }
        if sample.contains(['{', '}']) {
            return failed().hint(
                "the pattern has another placeholder beside `{tenant}`, which matches itself only: replace it with its \
                 value",
            );
        }
        if url::parse(&sample, Query::Forbidden, false).is_err() {
            return finding.hint(
                "no metadata is at such a URL: the verifiers of these tenants need `jwks_uri` or `metadata_url`",
            );
        }
        finding.hint("only the pattern was checked: see `doctor_tenant` for the metadata and the keys of one tenant")
    }

    /// Resolves a tenant as its first token would, without limits and without keeping it, and asks its issuer what a
    /// verification would ask.
    pub(super) async fn doctor(&self, issuer: &str) -> DoctorReport {
        let report = DoctorReport::new();
        let Some(tenant) = self.pattern.tenant(issuer, false) else { return report };
        let resolved = tokio::time::timeout(RESOLVER_TIMEOUT, (self.resolve)(tenant)).await;
        let finding = match resolved {
            Ok(Ok(TenantResolution::Replace(verifier) | TenantResolution::Use(verifier))) => {
                let finding = Finding::passed("tenant").found(verifier.issuer.name());
                if verifier.issuer.name() == issuer {
                    return report
                        .section(issuer, vec![finding])
                        .merge(verifier.issuer.doctor().await);
                }
                Finding::failed("tenant", TokenFault::Issuer)
                    .expected(issuer)
                    .found(verifier.issuer.name())
                    .hint("the resolver returns a verifier for another issuer: build it with `tenant.issuer()`")
            }
            Ok(Ok(TenantResolution::Unknown)) => Finding::failed("tenant", TokenFault::Issuer)
                .found("unknown to the resolver")
                .hint("tokens of this tenant are rejected: add it to what the resolver reads, or check the name"),
            Ok(Ok(TenantResolution::Keep)) => Finding::failed("tenant", TokenFault::Issuer)
                .found("a verifier to keep")
                .hint("a new tenant has no verifier to keep: return `Keep` only if `tenant.is_known()`"),
            Ok(Err(error)) => {
                Finding::unknown("tenant").found(&WithCauses(&error).to_string()).hint("the resolver failed")
            }
            Err(_) => Finding::unknown("tenant").found("no answer of the resolver within 10 s"),
        };
        report.section(issuer, vec![finding])
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

    /// Returns a tenant that has to be resolved.
    pub(super) fn pending(self: &Arc<Self>, issuer: &str) -> PendingTenant {
        PendingTenant { tenants: Arc::clone(self), name: issuer.to_owned(), renewal: None }
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

    fn entry(&self, issuer: &str) -> Result<Arc<Entry>, Error> {
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
    fn remove(&self, issuer: &str, entry: &Arc<Entry>) {
        self.unverified.remove_if(issuer, |kept| Arc::ptr_eq(kept, entry));
    }

    /// Resolves a tenant without a verified token.
    async fn resolve(&self, issuer: &str) -> Result<Resolved, Error> {
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
    fn issuer_of(&self, verifier: JwtVerifier, name: &str) -> Result<Arc<Issuer>, Error> {
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenants({})", self.log.label())
    }
}
