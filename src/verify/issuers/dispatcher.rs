//! Selects the verifier of a token, by its form or its issuer.

use std::{collections::HashMap, sync::Arc};

use memchr::memchr_iter;

use super::{
    pending_tenant::{Known, PendingTenant, Settled},
    tenants::{Resolved, Tenants},
};
use crate::{
    BearerToken, Error, Identity, Verification, Verify,
    claims::ClaimOptions,
    credentials::RequestHead,
    error::{Finding, TokenFault},
    verify::{
        DoctorReport, Findings, Revocations, VerificationState,
        claim_findings::issuer_finding,
        jwt::{Issuer, Registration, TokenCache, VerifiedToken, read_claims, read_form},
    },
};

/// The configured issuers and verifiers. Each token is verified by exactly one of them; they are never
/// tried one after another.
pub(super) struct Dispatcher {
    pub(super) by_name: HashMap<Box<str>, Trust>,
    /// The keys of [`by_name`](Self::by_name), in the order of configuration.
    pub(super) names: Vec<String>,
    /// The issuers of [`by_name`](Self::by_name) whose tokens are verified with their keys, in the order
    /// of configuration.
    pub(super) issuers: Vec<Arc<Issuer>>,
    /// The issuer whose tokens have no `iss`, if there is one.
    pub(super) unnamed: Option<Arc<Issuer>>,
    pub(super) tenants: Vec<Arc<Tenants>>,
    pub(super) by_prefix: Vec<(Box<str>, Delegate)>,
    pub(super) opaque: Option<Delegate>,
    pub(super) cache: TokenCache,
    /// The revocation list that is checked in addition to the one of a token's issuer.
    pub(super) revocations: Revocations,
    /// Whether the list was configured rather than created for these issuers.
    pub(super) has_configured_revocations: bool,
    /// The fingerprints of entries that were configured by data, to find those that are kept.
    pub(super) fingerprints: HashMap<EntryName, Fingerprint>,
}

/// The tokens that a configured verifier is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum EntryName {
    Issuer(String),
    Opaque,
}

/// A digest of the configuration of an entry, including secrets.
pub(crate) type Fingerprint = [u8; 32];

pub(super) type TokenVerifier = dyn for<'a> Verify<BearerToken<'a>>;

/// A verifier to which tokens are delegated.
#[derive(Clone)]
pub(super) struct Delegate {
    pub(super) verifier: Arc<TokenVerifier>,
    /// The issuer whose tokens it verifies, if tokens are delegated to it by their issuer.
    issuer: Option<Arc<str>>,
    /// Whether the verifier compares the issuer itself.
    validates_issuer: bool,
}

/// How the tokens of one issuer are verified.
#[derive(Clone)]
pub(super) enum Trust {
    /// With the issuer's keys.
    Keys(Arc<Issuer>),
    /// By another verifier, such as one that introspects.
    Delegate(Delegate),
}

/// The issuer that verifies a token.
pub(super) enum Resolution {
    /// A configured issuer.
    Configured(Arc<Issuer>),
    /// A tenant without a verified token. The first verified one is reported to these tenants.
    Unverified(Arc<Tenants>, Resolved),
    Verified(Arc<Registration>),
}

/// The reason why no issuer can verify a token right now.
pub(super) enum Dispatch {
    Reject(Error),
    Delegate(Delegate),
    Resolve(PendingTenant),
}

impl Dispatcher {
    /// Returns the verifier of a token that is recognized by its form, without reading its issuer.
    ///
    /// A JWT is verified by its issuer. If no issuer is configured, it is delegated to the verifier of opaque
    /// tokens.
    pub(super) fn delegate_by_form(&self, token: &[u8]) -> Option<&Delegate> {
        let prefixed =
            self.by_prefix.iter().find(|(prefix, _)| token.starts_with(prefix.as_bytes()));
        match prefixed {
            Some((_, delegate)) => Some(delegate),
            None if is_jwt(token) && self.has_issuers() => None,
            None => self.opaque.as_ref(),
        }
    }

    /// Verifies a token with `delegate`, compares the issuer of its identity if the verifier doesn't do so
    /// itself, and checks the revocation list, which is kept when a delegate is replaced.
    pub(super) fn verify_by(
        self: &Arc<Self>,
        delegate: &Delegate,
        token: BearerToken<'_>,
        request: Option<&RequestHead<'_>>,
    ) -> Verification {
        let verifier = &delegate.verifier;
        let verification = match request {
            None => verifier.verify(token.clone()),
            Some(request) => match verifier.cached(token.as_bytes()) {
                Some(identity) => Verification::ready(Ok(identity)),
                None => verifier.verify_request(token.clone(), request),
            },
        };
        match verification.0 {
            VerificationState::Ready(result) => {
                Verification::ready(result.and_then(|it| self.accept(it, delegate, &token)))
            }
            VerificationState::Pending(pending) => {
                let (dispatcher, delegate) = (Arc::clone(self), delegate.clone());
                let token = token.into_owned();
                Verification::pending(async move {
                    dispatcher.accept(pending.await?, &delegate, &token)
                })
            }
        }
    }

    fn accept(
        &self,
        identity: Identity,
        delegate: &Delegate,
        token: &BearerToken<'_>,
    ) -> Result<Identity, Error> {
        let identity = if delegate.validates_issuer {
            identity
        } else {
            self.with_trusted_issuer(identity, delegate)?
        };
        self.revocations.check(None, token.as_bytes(), &identity)?;
        Ok(identity)
    }

    /// Rejects an identity whose issuer isn't trusted, or differs from the one by which the token was
    /// delegated. An identity without an issuer is accepted, because many introspection responses have no
    /// `iss`.
    fn with_trusted_issuer(
        &self,
        identity: Identity,
        delegate: &Delegate,
    ) -> Result<Identity, Error> {
        let is_trusted = match (identity.issuer(), &delegate.issuer) {
            (None, _) => true,
            (Some(name), Some(expected)) => *name == **expected,
            (Some(name), None) => !self.has_issuers() || self.trusts(name),
        };
        if is_trusted { Ok(identity) } else { Err(TokenFault::Issuer.into()) }
    }

    fn has_issuers(&self) -> bool {
        !self.by_name.is_empty() || !self.tenants.is_empty()
    }

    fn trusts(&self, issuer: &str) -> bool {
        self.by_name.contains_key(issuer)
            || self.tenants.iter().any(|tenants| tenants.matches(issuer))
    }

    /// Says about each pattern of tenants what will fail.
    pub(super) fn examine_tenants(&self) -> DoctorReport {
        let mut report = DoctorReport::new();
        for (index, tenants) in self.tenants.iter().enumerate() {
            let earlier = self.tenants.get(..index).unwrap_or_default();
            report = report.section(tenants.pattern(), vec![tenants.examine(earlier)]);
        }
        report
    }

    /// Finds the issuer with this name. For `None`, finds the issuer whose tokens have no `iss`.
    pub(super) fn resolve(&self, name: Option<&str>) -> Result<Resolution, Dispatch> {
        let Some(name) = name else {
            let issuer = self.unnamed.as_ref().ok_or(TokenFault::Issuer)?;
            return Ok(Resolution::Configured(Arc::clone(issuer)));
        };
        match self.by_name.get(name) {
            Some(Trust::Keys(issuer)) => return Ok(Resolution::Configured(Arc::clone(issuer))),
            Some(Trust::Delegate(delegate)) => return Err(Dispatch::Delegate(delegate.clone())),
            None => {}
        }
        let tenants = self.tenants.iter().find(|tenants| tenants.matches(name));
        let tenants = tenants.ok_or(TokenFault::Issuer)?;
        match tenants.verified(name) {
            Some(Known::Now(registration)) => return Ok(Resolution::Verified(registration)),
            Some(Known::Later(pending)) => return Err(Dispatch::Resolve(pending)),
            None => {}
        }
        match tenants.unverified(name) {
            Some(resolved) => Ok(Resolution::Unverified(Arc::clone(tenants), resolved)),
            None => Err(Dispatch::Resolve(tenants.pending(name))),
        }
    }

    /// Returns the findings of each rule about a token, for operators. Sends no requests.
    pub(super) fn findings(&self, token: BearerToken<'_>, rejection: Option<&Error>) -> Findings {
        if let Some(delegate) = self.delegate_by_form(token.as_bytes()) {
            return delegate.verifier.findings(token, rejection);
        }
        let mut findings = Findings::new();
        let Some(jws) = read_form(&mut findings, token.as_str()) else { return findings };
        let options = ClaimOptions { numeric_identifiers: true, ..ClaimOptions::default() };
        let claims = read_claims(&mut findings, &jws, |_| Ok(&options));
        let name = claims.as_ref().and_then(|claims| claims.registered.issuer.get(&claims.raw));
        let issuer = match name.map(|name| (name, self.by_name.get(name))) {
            Some((_, Some(Trust::Keys(issuer)))) => Some(Arc::clone(issuer)),
            Some((_, Some(Trust::Delegate(delegate)))) => {
                return delegate.verifier.findings(token, rejection);
            }
            Some((name, None)) => self
                .tenants
                .iter()
                .find(|tenants| tenants.matches(name))
                .and_then(|it| it.known(name)),
            None => self.unnamed.as_ref().map(Arc::clone),
        };
        if let Some(issuer) = issuer {
            return issuer.findings(token.as_str(), rejection);
        }
        if claims.is_some() {
            let is_tenant =
                |tenants: &&Arc<Tenants>| name.is_some_and(|name| tenants.matches(name));
            findings.push(match (name, self.tenants.iter().find(is_tenant)) {
                (Some(name), Some(tenants)) => Finding::failed("iss", TokenFault::Issuer)
                    .expected(tenants.pattern())
                    .found(name)
                    .hint(
                        "the service's resolver doesn't know this tenant, or hasn't been called yet",
                    ),
                (name, _) => issuer_finding(self.names.iter().map(String::as_str), name),
            });
        }
        findings
    }

    /// Returns the issuers that are trusted by name, and those of the verifiers to which tokens are delegated
    /// by their form. Doesn't include tenants.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = self.names.clone();
        let by_form = self.by_prefix.iter().map(|(_, verifier)| verifier).chain(&self.opaque);
        for name in by_form.flat_map(|delegate| delegate.verifier.issuers()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the verifiers to which tokens are delegated.
    pub(super) fn delegates(&self) -> impl Iterator<Item = &Arc<TokenVerifier>> {
        let by_name = self.by_name.values().filter_map(|trust| match trust {
            Trust::Keys(_) => None,
            Trust::Delegate(delegate) => Some(delegate),
        });
        let by_prefix = self.by_prefix.iter().map(|(_, delegate)| delegate);
        by_name.chain(by_prefix).chain(&self.opaque).map(|delegate| &delegate.verifier)
    }
}

impl Delegate {
    /// Creates a delegate for tokens that are recognized by their form.
    pub(super) fn by_form(verifier: impl for<'a> Verify<BearerToken<'a>>) -> Self {
        let validates_issuer = verifier.validates_issuer();
        Self { verifier: Arc::new(verifier), issuer: None, validates_issuer }
    }

    /// Creates a delegate for JWTs of this issuer.
    pub(super) fn for_issuer(issuer: &str, verifier: impl for<'a> Verify<BearerToken<'a>>) -> Self {
        Self { issuer: Some(issuer.into()), ..Self::by_form(verifier) }
    }
}

impl Resolution {
    pub(super) fn issuer(&self) -> &Arc<Issuer> {
        match self {
            Self::Configured(issuer) => issuer,
            Self::Unverified(_, Resolved { registration, .. }) | Self::Verified(registration) => {
                &registration.issuer
            }
        }
    }

    /// Adds a verified token to the cache, and records that its tenant has one.
    pub(super) fn insert(
        &self,
        cache: &TokenCache,
        token: &[u8],
        verified: VerifiedToken,
    ) -> Result<Identity, Error> {
        let registration = match self {
            Self::Configured(issuer) => return cache.insert(token, verified, issuer),
            Self::Unverified(tenants, resolved) => {
                tenants.mark_verified(resolved);
                &resolved.registration
            }
            Self::Verified(registration) => registration,
        };
        cache.insert_for_tenant(token, verified, registration)
    }
}

/// Returns whether a token has the form of a JWT, that is, three parts.
fn is_jwt(token: &[u8]) -> bool {
    memchr_iter(b'.', token).take(3).count() == 2
}

impl From<Settled> for Resolution {
    fn from(tenant: Settled) -> Self {
        match tenant {
            Settled::Unverified(tenants, resolved) => Self::Unverified(tenants, resolved),
            Settled::Verified(registration) => Self::Verified(registration),
        }
    }
}

impl<E: Into<Error>> From<E> for Dispatch {
    fn from(error: E) -> Self {
        Self::Reject(error.into())
    }
}
