//! A login service with many tenants, and a resource server that knows them by a pattern.

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
    issuers::Tenant,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestClient, TestIssuer},
};

use crate::support::API;

pub const PATTERN: &str = "https://login.test/{tenant}/v2.0";

/// A login service. Whoever calls it, and whoever is asked about its tenants, is written down.
#[derive(Clone, Default)]
pub struct Directory {
    tenants: Arc<Mutex<BTreeMap<String, TestIssuer>>>,
    /// The hosts that were called, in order.
    hosts: Arc<Mutex<Vec<String>>>,
    /// The tenants that the resolver was asked for, in order.
    asked: Arc<Mutex<Vec<String>>>,
    /// How many verifiers are in memory.
    verifiers: Arc<AtomicUsize>,
    fetches: Arc<AtomicUsize>,
}

impl Directory {
    pub fn new(names: &[&str]) -> Self {
        let directory = Self::default();
        names.iter().for_each(|name| drop(directory.add(name)));
        directory
    }

    /// A tenant that has its keys at the login service.
    pub fn add(&self, name: &str) -> TestIssuer {
        let issuer = TestIssuer::named(PATTERN.replace("{tenant}", name));
        issuer.publish(Algorithm::Es256);
        self.tenants.lock().unwrap().insert(name.to_owned(), issuer.clone());
        issuer
    }

    pub fn tenant(&self, name: &str) -> TestIssuer {
        self.tenants.lock().unwrap()[name].clone()
    }

    /// A good token of a tenant's.
    pub fn token(&self, name: &str) -> String {
        self.tenant(name).token().audience(API).mint()
    }

    /// A verifier for the issuer that `tenant` names, which calls the login service.
    pub fn verifier(&self, tenant: &Tenant) -> JwtVerifierBuilder<AudienceGiven> {
        let counted = Counted::new(&self.verifiers);
        JwtVerifier::builder(tenant.issuer())
            .audience(API)
            .http_client(self.client())
            .check(move |_| counted.is_there())
    }

    /// Issuers of the pattern, every one of which is known.
    pub fn issuers(&self) -> Issuers {
        self.issuers_where(|_| true)
    }

    /// Issuers of the pattern, of which those are known that `is_known` says.
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

    /// Issuers of `pattern` by a resolver of the test's own; who it is asked for is written down.
    pub fn issuers_by<F, R>(&self, pattern: &str, resolve: F) -> Issuers
    where
        F: Fn(Tenant) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Option<JwtVerifier>, Error>> + Send + 'static,
    {
        let asked = Arc::clone(&self.asked);
        let resolve = move |tenant: Tenant| {
            asked.lock().unwrap().push(tenant.name().to_owned());
            resolve(tenant)
        };
        // A token that is remembered asks nobody.
        Issuers::builder().token_cache(0).tenants(pattern, resolve).build().unwrap()
    }

    /// How often the resolver was asked for that tenant.
    pub fn asked_for(&self, name: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == name).count()
    }

    /// How often the resolver was asked.
    pub fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The hosts that were called, each once.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts = self.hosts.lock().unwrap().clone();
        hosts.sort();
        hosts.dedup();
        hosts
    }

    /// How many verifiers there are in memory.
    pub fn verifiers(&self) -> usize {
        self.verifiers.load(Ordering::Relaxed)
    }

    /// How many requests have reached the login service.
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

/// Stands in a verifier and is counted for as long as that is in memory.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }

    /// A check that everyone passes.
    fn is_there(&self) -> Result<(), Error> {
        assert!(self.0.load(Ordering::Relaxed) > 0);
        Ok(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
