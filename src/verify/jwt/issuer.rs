//! One trusted issuer: its rules, its keys, and the verification of its tokens.

use std::{fmt, sync::Arc};

use super::{
    Profile,
    header::Header,
    interrupt::{Attempt, Interrupt, complete},
    jws::Jws,
    key_source::KeySource,
    rules::Rules,
    unverified_token::UnverifiedToken,
};
use crate::{
    Clock, Error, Identity,
    claims::{ClaimOptions, ClaimSet, NumericDate},
    error::{Finding, TokenFault},
    jose::algorithm::AlgorithmSet,
    telemetry::{self, IssuerLog},
    verify::{DoctorReport, Readiness, Revocations, work_limit::WorkLimit},
};

pub(crate) type ClaimCheck = dyn Fn(&Identity) -> Result<(), Error> + Send + Sync;

/// The state of a verifier for one issuer.
pub(crate) struct Issuer {
    pub(crate) rules: Rules,
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) claim_options: ClaimOptions,
    pub(crate) checks: Vec<Box<ClaimCheck>>,
    pub(crate) keys: KeySource,
    pub(crate) revocations: Revocations,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A token that passed every rule.
pub(crate) struct VerifiedToken {
    pub(crate) identity: Identity,
    /// The generation of the key set that verified it.
    pub(crate) generation: u64,
}

impl Issuer {
    /// Returns the name of the issuer, which is the `iss` of its tokens if they have one.
    pub(crate) fn name(&self) -> &str {
        &self.rules.issuer
    }

    /// Returns whether its tokens have an `iss`.
    pub(crate) fn is_named_by_tokens(&self) -> bool {
        self.rules.profile != Profile::JwtSvid
    }

    /// Starts a fetch of the keys if there are none, and returns a future that waits for it.
    pub(crate) fn warm_up(&self) -> impl Future<Output = Result<(), Error>> + Send {
        self.keys.warm_up(self.now(), || self.now())
    }

    /// Logs and counts under the name of the pattern to which this issuer belongs as a tenant.
    pub(crate) fn log_to(&self, pattern: &Arc<IssuerLog>) {
        self.keys.log_to(pattern);
    }

    /// Limits the fetches of keys, or removes the limit.
    pub(crate) fn limit_fetches(&self, limit: Option<&Arc<WorkLimit>>) {
        self.keys.limit_fetches(limit);
    }

    /// Sends the requests that verifications would need, and reports the outcome.
    pub(crate) async fn doctor(&self) -> DoctorReport {
        let now = self.now();
        let issuer = if self.name().contains('{') {
            Finding::failed("issuer", TokenFault::Issuer).hint(
                "the configured issuer has a placeholder that was not expanded: replace it with the tenant, or trust all \
                 tenants with `Issuers::builder().tenants(\u{2026})`",
            )
        } else {
            Finding::passed("issuer")
        };
        let audience = Finding::passed("audience").expected_one_of(self.rules.audience.expected());
        let mut findings = vec![issuer.found(self.name()), audience];
        findings.extend(self.keys.examine(now).await);
        DoctorReport::new().section(self.name(), findings)
    }

    pub(crate) fn readiness(&self) -> Readiness {
        self.keys.readiness(self.name(), self.now())
    }

    /// Verifies a token with the cached keys, for a verifier with one issuer. It can reject a token by its
    /// header before it reads the claims.
    pub(crate) fn verify(self: &Arc<Self>, token: &[u8]) -> Result<VerifiedToken, Interrupt> {
        let (jws, now) = (Jws::parse(token)?, self.now());
        self.reject_by_header(&jws.header, now)?;
        let token = UnverifiedToken::read(jws, |_| Ok::<_, Interrupt>(&self.claim_options))?;
        self.verify_parsed(token, now, Attempt::First)
    }

    /// Verifies a token of this issuer with the cached keys.
    pub(crate) fn verify_named(self: &Arc<Self>, token: &[u8]) -> Result<VerifiedToken, Interrupt> {
        self.verify_parsed(self.parse(token)?, self.now(), Attempt::First)
    }

    /// Parses a token of this issuer.
    pub(crate) fn parse<'a>(&self, token: &'a [u8]) -> Result<UnverifiedToken<'a>, Error> {
        UnverifiedToken::parse(token, |_| Ok(&self.claim_options))
    }

    /// Verifies a parsed token of this issuer.
    pub(crate) fn verify_parsed(
        &self,
        token: UnverifiedToken<'_>,
        now: NumericDate,
        attempt: Attempt,
    ) -> Result<VerifiedToken, Interrupt> {
        // A token that is rejected here costs neither a signature verification nor a fetch.
        self.require_algorithm(&token.jws.header)?;
        self.rules.validate(&token.jws, &token.payload, now)?;
        let generation = self.keys.check_signature(&token.jws, now, attempt)?;
        let ClaimSet { raw, mut registered, scopes, .. } = token.payload;
        registered.leeway = Some(self.rules.leeway);
        let identity = Identity::new(raw, registered, scopes);
        self.claim_options.places.report_absent(identity.raw_claims(), |place| {
            telemetry::place_absent(self.name(), place);
        });
        self.check(&identity)?;
        self.revocations.check(None, token.jws.token, &identity)?;
        Ok(VerifiedToken { identity, generation })
    }

    /// Completes a verification, waiting for keys as long as necessary.
    pub(crate) async fn complete(
        self: &Arc<Self>,
        token: &[u8],
        first: Result<VerifiedToken, Interrupt>,
    ) -> Result<VerifiedToken, Error> {
        complete(first, |attempt| self.verify_parsed(self.parse(token)?, self.now(), attempt)).await
    }

    /// Returns whether a token that was verified with the keys of `generation` is still valid.
    /// `revocations` is an additional revocation list.
    pub(super) fn is_still_valid(
        &self,
        token: &[u8],
        identity: &Identity,
        generation: u64,
        revocations: Option<&Revocations>,
    ) -> bool {
        self.is_still_valid_at(self.now(), token, identity, generation, revocations)
    }

    pub(super) fn is_still_valid_at(
        &self,
        now: NumericDate,
        token: &[u8],
        identity: &Identity,
        generation: u64,
        revocations: Option<&Revocations>,
    ) -> bool {
        self.keys.is_current(generation, now)
            && self.rules.validate_times(identity.registered(), now).is_ok()
            && self.check(identity).is_ok()
            && self.revocations.check(revocations, token, identity).is_ok()
    }

    pub(crate) fn require_algorithm(&self, header: &Header) -> Result<(), TokenFault> {
        let is_allowed = self.algorithms.contains(header.algorithm);
        if is_allowed { Ok(()) } else { Err(TokenFault::Algorithm) }
    }

    /// Rejects a header that matches no key of this issuer, so that a flood of random `kid`s is cheap. A
    /// header that may need a fetch isn't rejected, because the claims are validated before the fetch.
    fn reject_by_header(&self, header: &Header, now: NumericDate) -> Result<(), TokenFault> {
        self.require_algorithm(header)?;
        self.keys.mismatch(header, now).map_or(Ok(()), Err)
    }

    /// Runs the custom checks.
    pub(super) fn check(&self, identity: &Identity) -> Result<(), Error> {
        self.checks.iter().try_for_each(|check| check(identity))
    }

    pub(crate) fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("rules", &self.rules)
            .field("algorithms", &self.algorithms)
            .field("claim_options", &self.claim_options)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
