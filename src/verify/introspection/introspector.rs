//! Introspection at one endpoint with one client: single flight, cache, and validation of
//! responses.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Instant,
};

use super::{
    cache::{IntrospectionCache, Outcome, Rejected},
    endpoint::{Endpoint, Reply},
    error::IntrospectionError,
    permits::{Class, Permits},
    recently_active::RecentlyActive,
    response::IntrospectionResponse,
    rules::Rules,
};
use crate::{
    Clock, Error, ErrorKind, Identity, Verification,
    claims::{ClaimOptions, NumericDate},
    error::{Finding, Report, TokenFault},
    telemetry::{self, Throttle},
    verify::{
        DoctorReport, Findings, Revocations,
        claim_findings::clock_finding,
        single_flight::{FlightId, SingleFlight, Waiter},
    },
};

/// The hint for an endpoint that rejects this client.
const CREDENTIALS: &str = "check the client id, the secret and the authentication method, and whether the server permits \
     this client to introspect tokens";

pub(super) type Check = dyn Fn(&Identity) -> Result<(), Error> + Send + Sync;

/// The state that clones of a verifier share.
pub(super) struct Introspector {
    /// The configured host. It is a metrics label, so it never comes from a request.
    pub(super) host: Arc<str>,
    pub(super) endpoint: Endpoint,
    pub(super) rules: Rules,
    pub(super) claim_options: ClaimOptions,
    pub(super) checks: Vec<Box<Check>>,
    pub(super) revocations: Revocations,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) cache: IntrospectionCache,
    pub(super) recently_active: RecentlyActive,
    pub(super) permits: Permits,
    pub(super) flights: Flights,
    pub(super) failures: Throttle,
    pub(super) inactive: InactiveCount,
    /// Whether the last introspection failed.
    pub(super) is_failing: AtomicBool,
}

/// The number of tokens that the endpoint has reported as inactive before the first active one. If there are
/// many, this client may not have the permission to introspect them, which servers don't report in any other
/// way (RFC 7662 §2.2).
#[derive(Debug, Default)]
pub(super) struct InactiveCount(AtomicU32);

/// The introspections that are running or waiting for a permit.
#[derive(Default)]
pub(super) struct Flights(Mutex<SingleFlight<Arc<str>, Result<Identity, Error>>>);

/// The result for a token, or a waiter for it.
enum Joined {
    Cached(Result<Identity, TokenFault>),
    Running(Waiter<Result<Identity, Error>>),
}

impl Introspector {
    pub(super) fn verify(self: &Arc<Self>, token: &str) -> Verification {
        let joined = match self.cache.get(token, self.now()) {
            Some(result) => Ok(Joined::Cached(result.map_err(|it| it.fault))),
            None => self.join(token),
        };
        match joined {
            Ok(Joined::Cached(result)) => Verification::ready(self.admit(token, result)),
            Ok(Joined::Running(mut waiter)) => {
                let (introspector, token) = (Arc::clone(self), token.to_owned());
                Verification::pending(async move {
                    let aborted = || introspector.failed(IntrospectionError::Aborted);
                    let result = waiter.wait().await.unwrap_or_else(|| Err(aborted()));
                    introspector.admit(&token, result)
                })
            }
            Err(error) => Verification::ready(Err(error)),
        }
    }

    /// Removes a token from the cache. A running introspection continues for the requests that wait
    /// for it, but its result isn't cached, and no further request joins it.
    pub(super) fn invalidate(&self, token: &str) {
        let mut flights = self.flights.lock();
        flights.detach(token);
        self.cache.remove(token);
    }

    /// Joins the introspection of this token, or starts one, which may have to wait for a permit.
    fn join(self: &Arc<Self>, token: &str) -> Result<Joined, Error> {
        let mut flights = self.flights.lock();
        if let Some(waiter) = flights.join(token) {
            return Ok(Joined::Running(waiter));
        }
        // Checks the cache again, under the lock under which results are cached.
        if let Some(result) = self.cache.get(token, self.now()) {
            return Ok(Joined::Cached(result.map_err(|it| it.fault)));
        }
        let is_recently_active = self.recently_active.contains(token, self.now());
        let class = if is_recently_active { Class::RecentlyActive } else { Class::Other };
        let permit = match self.permits.acquire(class) {
            Ok(permit) => permit,
            Err(busy) => {
                drop(flights);
                return Err(self.failed(busy.into()));
            }
        };
        let key = Arc::<str>::from(token);
        let (introspector, token) = (Arc::clone(self), Arc::clone(&key));
        let work = async move {
            // The permit is dropped before the waiting requests wake up, because they may need one
            // again.
            let _permit = permit.wait().await?;
            introspector.introspect(&token).await
        };
        let (introspector, token) = (Arc::clone(self), Arc::clone(&key));
        let complete = move |id, outcome: Option<_>| {
            let outcome = outcome.unwrap_or(Err(IntrospectionError::Aborted));
            introspector.complete(&token, id, outcome)
        };
        Ok(Joined::Running(flights.start(key, work, complete)?))
    }

    /// Caches an outcome, unless the introspection was superseded or failed.
    fn complete(
        &self,
        token: &Arc<str>,
        id: FlightId,
        outcome: Result<Outcome, IntrospectionError>,
    ) -> Result<Identity, Error> {
        let mut flights = self.flights.lock();
        let is_current = flights.complete(token, id);
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                drop(flights);
                return Err(self.failed(error));
            }
        };
        let (result, now) = (outcome.result.clone(), self.now());
        if is_current {
            match &result {
                Ok(_) => self.recently_active.insert(token, now),
                Err(_) => self.recently_active.remove(token),
            }
            self.cache.insert(token, outcome, now);
        }
        result.map_err(Error::from)
    }

    /// Logs a failure, unless the same reason was logged recently. Must not be called under the lock, because a
    /// log subscriber may call this verifier.
    fn failed(&self, failure: IntrospectionError) -> Error {
        let reason = failure.reason();
        let error = Error::from(failure);
        if let Some(count) = self.failures.count(reason, self.now()) {
            telemetry::introspections_failed(&self.host, &error, count);
        }
        error
    }

    async fn introspect(&self, token: &str) -> Result<Outcome, IntrospectionError> {
        let started = Instant::now();
        let outcome = match self.endpoint.ask(token, &*self.clock).await {
            Ok(reply) => self.validate(token, reply),
            Err(error) => Err(error),
        };
        let label = match outcome.as_ref().map(|outcome| &outcome.result) {
            Ok(Ok(_)) => "active",
            Ok(Err(Rejected { fault: TokenFault::Inactive, .. })) => "inactive",
            Ok(Err(_)) => "rejected",
            Err(_) => "failure",
        };
        telemetry::introspected(&self.host, label, started.elapsed());
        let was_failing = self.is_failing.swap(outcome.is_err(), Ordering::Relaxed);
        if was_failing && outcome.is_ok() {
            telemetry::endpoint_reachable(&self.host);
        }
        outcome
    }

    fn validate(&self, token: &str, reply: Reply) -> Result<Outcome, IntrospectionError> {
        let rejected =
            |fault: TokenFault| Ok(Outcome { result: Err(fault.into()), expires_at: None });
        let (url, json) = match reply {
            Reply::Response { url, json } => (url, json),
            Reply::UnsupportedTokenType => {
                if let Some(count) = self.failures.count("token_type", self.now()) {
                    telemetry::token_type_unsupported(&self.host, count);
                }
                return rejected(TokenFault::Type);
            }
        };
        let response = IntrospectionResponse::read(json, &self.claim_options)
            .map_err(|fault| IntrospectionError::Response { url, fault })?;
        let now = self.now();
        match &response {
            IntrospectionResponse::Active(_) => self.inactive.stop(),
            IntrospectionResponse::Inactive => {
                if self.inactive.reaches_limit() {
                    telemetry::all_tokens_inactive(&self.host, InactiveCount::LIMIT);
                }
            }
        }
        let claims = match response {
            IntrospectionResponse::Active(claims) => *claims,
            // Servers don't say why a token is inactive, but the cache knows if it has expired.
            IntrospectionResponse::Inactive if self.cache.has_expired(token, now) => {
                return Ok(Outcome {
                    result: Err(TokenFault::Expired.into()),
                    expires_at: Some(now),
                });
            }
            IntrospectionResponse::Inactive => return rejected(TokenFault::Inactive),
        };
        let expires_at = claims.registered.expires_at;
        let verdict = self.rules.validate(&claims, now).map_err(|fault| Rejected {
            fault,
            diagnosis: Some(Arc::new(self.rules.diagnosis(fault, &claims, now))),
        });
        let result = verdict.map(|()| {
            self.claim_options
                .places
                .report_absent(&claims.raw, |place| telemetry::place_absent(&self.host, place));
            Identity::new(claims.raw, claims.registered, claims.scopes)
        });
        Ok(Outcome { result, expires_at })
    }

    /// Introspects an invalid token, which shows whether the endpoint accepts this client.
    pub(super) async fn doctor(&self) -> DoctorReport {
        let now = self.now();
        let name = format!("introspection at {}", self.host);
        let (reply, server_time) = match self.endpoint.probe(&*self.clock).await {
            Ok(probed) => probed,
            Err(error) => (Err(error), None),
        };
        let response = reply.and_then(|reply| match reply {
            Reply::Response { url, json } => IntrospectionResponse::read(json, &self.claim_options)
                .map(Some)
                .map_err(|fault| IntrospectionError::Response { url, fault }),
            Reply::UnsupportedTokenType => Ok(None),
        });
        let finding = match response {
            Ok(None | Some(IntrospectionResponse::Inactive)) => Finding::passed("introspection")
                .found("the endpoint accepts this client, and reports an invalid token as inactive")
                .hint("to find out whether this client may introspect the tokens of this service, explain one of them"),
            Ok(Some(IntrospectionResponse::Active(_))) => {
                Finding::failed("introspection", TokenFault::Inactive)
                    .found("the endpoint reports an invalid token as active")
                    .hint("this isn't a usable introspection endpoint: check the URL")
            }
            Err(error) => {
                let hint = match &error {
                    IntrospectionError::Credentials { .. } => CREDENTIALS,
                    IntrospectionError::Http { .. } => {
                        "check the URL, the network and the certificates"
                    }
                    _ => "check the URL of the endpoint",
                };
                Finding::unknown("introspection").found(&Report(&error).to_string()).hint(hint)
            }
        };
        let mut findings = vec![finding];
        findings.extend(server_time.map(|time| clock_finding(time, now)));
        DoctorReport::new().section(&name, findings)
    }

    /// Returns the findings about a rejection, for operators.
    pub(super) fn findings(&self, token: &str, rejection: Option<&Error>) -> Findings {
        let mut findings = Findings::new();
        let Some(error) = rejection else { return findings };
        let cached = self.cache.get(token, self.now()).and_then(|result| result.err()?.diagnosis);
        let finding = match (error.diagnosis().or(cached.as_deref()), error.kind()) {
            (Some(diagnosis), _) => diagnosis.finding().clone(),
            (None, ErrorKind::InvalidToken(TokenFault::Inactive)) => {
                let hint = if self.inactive.is_over() {
                    "the token has expired, was revoked or belongs to another server: the client has to get a new one"
                } else {
                    "the endpoint hasn't reported any token as active so far, which is also its response to clients without \
                     permission: allow this client to introspect tokens of this audience"
                };
                Finding::failed("active", TokenFault::Inactive)
                    .expected("`active: true`")
                    .found(&format!("`active: false` from {}", self.host))
                    .hint(hint)
            }
            (None, ErrorKind::InvalidToken(TokenFault::Type)) => Finding::failed("typ", TokenFault::Type)
                .found(&format!("`unsupported_token_type` from {}", self.host))
                .hint("the endpoint doesn't introspect tokens of this kind: they are probably JWTs, which a JwtVerifier verifies"),
            (None, ErrorKind::Unavailable | ErrorKind::Misconfigured) => {
                let finding = Finding::unknown("introspection");
                match std::error::Error::source(error) {
                    Some(source) => finding.found(&Report(source).to_string()),
                    None => finding,
                }
            }
            _ => return findings,
        };
        findings.push(finding);
        findings
    }

    /// Applies the custom check and the revocation list, whose outcome may change between requests.
    fn admit<E: Into<Error>>(
        &self,
        token: &str,
        result: Result<Identity, E>,
    ) -> Result<Identity, Error> {
        let identity = result.map_err(Into::into)?;
        self.revocations.check(None, token.as_bytes(), &identity)?;
        self.checks.iter().try_for_each(|check| check(&identity))?;
        Ok(identity)
    }

    fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }
}

impl InactiveCount {
    const LIMIT: u32 = 20;

    /// Counts a token, and returns whether it reaches the limit, which is reported once.
    fn reaches_limit(&self) -> bool {
        let order = Ordering::Relaxed;
        let next = |count| (count < Self::LIMIT).then(|| u32::saturating_add(count, 1));
        let before = self.0.fetch_update(order, order, next);
        before.is_ok_and(|before| before.saturating_add(1) == Self::LIMIT)
    }

    /// Returns whether counting has stopped.
    fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed) > Self::LIMIT
    }

    /// Stops counting, because a token was active, so the client has the permission.
    fn stop(&self) {
        self.0.store(u32::MAX, Ordering::Relaxed);
    }
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, SingleFlight<Arc<str>, Result<Identity, Error>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Introspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionVerifier")
            .field("location", &self.endpoint.location)
            .field("authentication", &self.endpoint.authentication)
            .field("rules", &self.rules)
            .field("cache", &self.cache)
            .field("permits", &self.permits)
            .finish_non_exhaustive()
    }
}
