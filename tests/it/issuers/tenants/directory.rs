//! A login service with many tenants, and a resource server that trusts them by a pattern.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use portcullis::{
    Algorithm, Error, Issuers, JwtVerifier,
    http_client::{HttpClient, HttpError},
    issuers::{Tenant, TenantPattern, TenantResolution},
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestClient, TestIssuer},
};

use crate::support::API;

pub const PATTERN: &str = "https://login.test/{tenant}/v2.0";

/// A login service. It records the requests to it, and which tenants are resolved.
#[derive(Clone, Default)]
pub struct Directory {
    tenants: Arc<Mutex<BTreeMap<String, TestIssuer>>>,
    /// The hosts that received requests, in order.
    hosts: Arc<Mutex<Vec<String>>>,
    /// The tenants that were resolved, in order.
    resolutions: Arc<Mutex<Vec<String>>>,
    /// The number of verifiers in memory.
    verifiers: Arc<AtomicUsize>,
    fetches: Arc<AtomicUsize>,
}

impl Directory {
    pub fn new(names: &[&str]) -> Self {
        let directory = Self::default();
        names.iter().for_each(|name| drop(directory.add(name)));
        directory
    }

    /// Adds a tenant whose keys are served by the login service.
    pub fn add(&self, name: &str) -> TestIssuer {
        let issuer = TestIssuer::named(PATTERN.replace("{tenant}", name));
        issuer.publish(Algorithm::Es256);
        self.tenants.lock().unwrap().insert(name.to_owned(), issuer.clone());
        issuer
    }

    pub fn tenant(&self, name: &str) -> TestIssuer {
        self.tenants.lock().unwrap()[name].clone()
    }

    /// A valid token of a tenant.
    pub fn token(&self, name: &str) -> String {
        self.tenant(name).token().audience(API).mint()
    }

    /// A verifier for the issuer of `tenant`, which fetches from the login service.
    pub fn verifier(&self, tenant: &Tenant) -> JwtVerifierBuilder<AudienceGiven> {
        let counted = Counted::new(&self.verifiers);
        JwtVerifier::builder(tenant.issuer())
            .audience(API)
            .http_client(self.client())
            .check(move |_| counted.check())
    }

    /// Issuers that resolve every tenant of the pattern.
    pub fn issuers(&self) -> Issuers {
        self.issuers_where(|_| true)
    }

    /// Issuers that resolve the tenants of the pattern for which `is_known` returns true.
    pub fn issuers_where(
        &self,
        is_known: impl Fn(&str) -> bool + Clone + Send + Sync + 'static,
    ) -> Issuers {
        let directory = self.clone();
        self.issuers_by(PATTERN, move |tenant| {
            let (directory, is_known) = (directory.clone(), is_known.clone());
            async move {
                if !is_known(tenant.name()) {
                    return Ok(None);
                }
                directory.verifier(&tenant).build().map(Some).map_err(Error::misconfigured)
            }
        })
    }

    /// Issuers of `pattern` with a custom resolver, whose calls are recorded, and without limits.
    pub fn issuers_by<F, R>(&self, pattern: &str, resolve: F) -> Issuers
    where
        F: Fn(Tenant) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Option<JwtVerifier>, Error>> + Send + 'static,
    {
        let resolutions = Arc::clone(&self.resolutions);
        let resolve = move |tenant: Tenant| {
            resolutions.lock().unwrap().push(tenant.name().to_owned());
            resolve(tenant)
        };
        let unlimited =
            TenantPattern::new(pattern).max_in_flight(1_000_000).max_per_minute(1_000_000);
        let resolve = move |tenant| {
            let resolved = resolve(tenant);
            async { resolved.await.map(TenantResolution::from) }
        };
        // No cache of tokens, because a cached token isn't resolved.
        Issuers::builder().token_cache(0).tenants_with(unlimited, resolve).build().unwrap()
    }

    /// How often that tenant was resolved.
    pub fn resolutions_of(&self, name: &str) -> usize {
        self.resolutions.lock().unwrap().iter().filter(|resolutions| *resolutions == name).count()
    }

    /// How often a tenant was resolved.
    pub fn resolutions(&self) -> usize {
        self.resolutions.lock().unwrap().len()
    }

    /// The distinct hosts that received requests.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts = self.hosts.lock().unwrap().clone();
        hosts.sort();
        hosts.dedup();
        hosts
    }

    /// The number of verifiers in memory.
    pub fn verifiers(&self) -> usize {
        self.verifiers.load(Ordering::Relaxed)
    }

    /// The number of requests to the login service.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }

    fn client(&self) -> TestClient {
        let (tenants, hosts, fetches) =
            (Arc::clone(&self.tenants), Arc::clone(&self.hosts), Arc::clone(&self.fetches));
        TestClient::new(move |request| {
            fetches.fetch_add(1, Ordering::Relaxed);
            let uri = request.uri();
            let host = format!("{}://{}", uri.scheme_str().unwrap(), uri.authority().unwrap());
            hosts.lock().unwrap().push(host);
            let name = uri.path().split('/').nth(1).unwrap_or_default();
            let issuer = tenants.lock().unwrap().get(name).cloned();
            async move {
                match issuer {
                    Some(issuer) => issuer.http_client().send(request, usize::MAX).await,
                    None => http::Response::builder()
                        .status(400)
                        .body(Vec::new())
                        .map_err(HttpError::transport),
                }
            }
        })
    }
}

/// Part of a verifier, which counts it as long as it is in memory.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }

    /// A check that always passes.
    fn check(&self) -> Result<(), Error> {
        assert!(self.0.load(Ordering::Relaxed) > 0);
        Ok(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
