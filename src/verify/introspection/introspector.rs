//! One endpoint, asked as one client: its rules, its verdicts, and the judgement of its answers.

use std::{fmt, sync::Arc, time::Instant};

use super::{
    endpoint::{Endpoint, Reply},
    error::IntrospectionError,
    flights::{Asker, Boarding, Flights},
    response::IntrospectionResponse,
    rules::Rules,
    verdicts::{Finding, Verdict, Verdicts},
};
use crate::{
    Clock, Error, Identity, TokenFault, Verification,
    claims::{NumericDate, scope_claim::ScopeClaim},
    telemetry,
    verify::Revocation,
};

pub(super) type Check = dyn Fn(&Identity) -> Result<(), Error> + Send + Sync;

/// What clones of a verifier share.
pub(super) struct Introspector {
    /// The host that was configured: a label, which no stranger makes.
    pub(super) host: Arc<str>,
    pub(super) endpoint: Endpoint,
    pub(super) rules: Rules,
    pub(super) scope_claims: Vec<ScopeClaim>,
    pub(super) checks: Vec<Box<Check>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) verdicts: Verdicts,
    pub(super) flights: Flights,
}

impl Introspector {
    pub(super) fn verify(self: &Arc<Self>, token: &str) -> Verification {
        let boarding = match self.known(token) {
            Some(verdict) => Ok(Boarding::Landed(verdict)),
            None => self.flights.board(self, token),
        };
        match boarding {
            Ok(Boarding::Landed(verdict)) => Verification::ready(self.admit(verdict)),
            Ok(Boarding::Wait(waiter)) => {
                let introspector = Arc::clone(self);
                Verification::pending(async move { introspector.admit(waiter.wait().await) })
            }
            Err(error) => Verification::ready(Err(error)),
        }
    }

    pub(super) fn invalidate(&self, token: &str) {
        self.flights.invalidate(token, || self.verdicts.forget(token));
    }

    pub(super) fn revoke(&self, revocation: &Revocation) {
        match revocation {
            Revocation::Token(token) => self.invalidate(token),
            _ => self.flights.invalidate_all(|| self.verdicts.forget_revoked(revocation)),
        }
    }

    fn judge(&self, token: &str, reply: Reply) -> Result<Finding, IntrospectionError> {
        let refused = |fault| Ok(Finding { verdict: Err(fault), expires_at: None });
        let (url, json) = match reply {
            Reply::Response { url, json } => (url, json),
            Reply::UnsupportedTokenType => {
                telemetry::token_type_unsupported(&self.host);
                return refused(TokenFault::Type);
            }
        };
        let response = IntrospectionResponse::read(json, &self.scope_claims)
            .map_err(|fault| IntrospectionError::Response { url, fault })?;
        let now = self.now();
        let claims = match response {
            IntrospectionResponse::Active(claims) => *claims,
            // Servers call a token inactive whatever the reason. Where we know it, we say it.
            IntrospectionResponse::Inactive if self.verdicts.is_known_to_be_over(token, now) => {
                let expires_at = Some(now);
                return Ok(Finding { verdict: Err(TokenFault::Expired), expires_at });
            }
            IntrospectionResponse::Inactive => return refused(TokenFault::Inactive),
        };
        let expires_at = claims.registered.expires_at;
        let verdict = self
            .rules
            .validate(&claims, now)
            .map(|()| Identity::new(claims.raw, claims.registered, claims.scopes));
        Ok(Finding { verdict, expires_at })
    }

    /// What a verdict means for a request: the checks of the service's own are made each time.
    fn admit<E: Into<Error>>(&self, verdict: Result<Identity, E>) -> Result<Identity, Error> {
        let identity = verdict.map_err(Into::into)?;
        self.checks.iter().try_for_each(|check| check(&identity))?;
        Ok(identity)
    }

    fn now(&self) -> NumericDate {
        NumericDate::from_system_time(self.clock.now())
    }
}

impl Asker for Introspector {
    fn known(&self, token: &str) -> Option<Verdict> {
        self.verdicts.get(token, self.now())
    }

    fn keep(&self, token: &Arc<str>, finding: Finding) {
        self.verdicts.keep(token, finding, self.now());
    }

    async fn ask(&self, token: &str) -> Result<Finding, Error> {
        let started = Instant::now();
        let found = match self.endpoint.ask(token, &*self.clock).await {
            Ok(reply) => self.judge(token, reply),
            Err(error) => Err(error),
        };
        let outcome = found.as_ref().map(|finding| match finding.verdict {
            Ok(_) => "active",
            Err(TokenFault::Inactive) => "inactive",
            Err(_) => "refused",
        });
        telemetry::introspected(&self.host, outcome, started.elapsed());
        found.map_err(Error::from)
    }

    fn flights(&self) -> &Flights {
        &self.flights
    }
}

impl fmt::Debug for Introspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionVerifier")
            .field("location", &self.endpoint.location)
            .field("authentication", &self.endpoint.authentication)
            .field("rules", &self.rules)
            .field("verdicts", &self.verdicts)
            .finish_non_exhaustive()
    }
}
