//! Verifies events, and revokes tokens.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use super::{
    event::{Effect, effects, logout},
    reply::{Fault, Reply},
    seen::Seen,
    subject::{Subject, SubjectFault},
    verifier::EventVerifier,
};
use crate::{
    Error, telemetry,
    verify::{Revocation, jwt::EventTokenType},
};

/// Finds the subject for an email address.
pub(super) type EmailHook = dyn Fn(String, String) -> EmailFuture + Send + Sync;

pub(super) type EmailFuture = Pin<Box<dyn Future<Output = Result<Option<String>, Error>> + Send>>;

/// The state that is needed to receive events.
pub(super) struct Receiver {
    pub(super) verifier: EventVerifier,
    pub(super) audiences: Vec<Box<str>>,
    pub(super) subject_of_email: Option<Arc<EmailHook>>,
    pub(super) seen: Seen,
}

impl Receiver {
    /// Receives a JWT. All revocations take effect on this replica before this completes. If they can't be shared, the
    /// reply says so, and the transmitter sends the event again.
    pub(super) async fn receive(&self, jws: &str, kind: EventTokenType) -> Reply {
        let token = match self.verifier.verify(jws, kind, &self.audiences).await {
            Ok(token) => token,
            Err(error) => {
                telemetry::security_event_rejected(&error);
                return error.into();
            }
        };
        let claims = &token.claims;
        let issuer = claims.registered.issuer.get(&claims.raw).unwrap_or_default();
        let id = claims.registered.token_id.get(&claims.raw).unwrap_or_default();
        if self.seen.contains(issuer, id) {
            return Reply::Accepted;
        }
        let effects = match kind {
            EventTokenType::Logout => logout(claims, token.issued_at).map(|effect| vec![effect]),
            EventTokenType::SecurityEvent => effects(claims, token.issued_at),
        };
        let reply = match effects {
            Ok(effects) => self.apply(issuer, effects).await,
            Err(SubjectFault::Malformed) => {
                Err(Fault::InvalidRequest("An event or its subject is malformed.").into())
            }
            Err(SubjectFault::Unsupported) => Err(unsupported().into()),
        };
        match reply {
            Ok(revocations) => {
                self.seen.insert(issuer, id);
                telemetry::security_event_accepted(issuer, revocations);
                Reply::Accepted
            }
            Err(reply) => {
                if let Reply::Rejected(fault) = &reply {
                    telemetry::security_event_not_applied(issuer, fault.description());
                }
                reply
            }
        }
    }

    /// Revokes the tokens, and returns the number of revocations. If one of the effects is invalid, none is applied.
    async fn apply(&self, issuer: &str, effects: Vec<Effect>) -> Result<usize, Reply> {
        let mut revocations = Vec::new();
        for effect in effects {
            self.add_revocations(issuer, effect, &mut revocations).await?;
        }
        // All of them take effect on this replica before the first is shared.
        let pending: Vec<_> = revocations.iter().map(|it| self.verifier.revoke(it)).collect();
        let mut outcome = Ok(());
        for revoked in pending {
            outcome = outcome.and(revoked.await);
        }
        outcome.map(|()| revocations.len()).map_err(Reply::Unavailable)
    }

    async fn add_revocations(
        &self,
        issuer: &str,
        effect: Effect,
        revocations: &mut Vec<Revocation>,
    ) -> Result<(), Reply> {
        let own = |named: &str| {
            let is_own = named == issuer;
            let text = "The subject is that of another issuer.";
            if is_own { Ok(()) } else { Err(Reply::from(Fault::AccessDenied(text))) }
        };
        // A token that was issued in the same second may be older or newer than the event, so it is revoked too.
        let time = effect.time.saturating_add(Duration::from_secs(1)).to_system_time();
        let subject = |name: String| {
            let revocation = Revocation::subject(name);
            match time {
                Some(time) => revocation.issued_before(time),
                None => revocation,
            }
        };
        match effect.subject {
            Subject::Email(email) => {
                let Some(find) = &self.subject_of_email else { return Err(unsupported().into()) };
                let found = find(issuer.to_owned(), email).await;
                revocations.extend(found.map_err(unavailable)?.map(subject));
            }
            Subject::Named { issuer: named, subject: name } => {
                own(&named)?;
                revocations.push(subject(name));
            }
            // It may identify a user or a session, so both are revoked.
            Subject::Opaque(id) => {
                revocations.extend([Revocation::session(id.clone()), subject(id)]);
            }
            Subject::Session { issuer: named, id } => {
                named.as_deref().map_or(Ok(()), own)?;
                revocations.push(Revocation::session(id));
            }
            Subject::Token { issuer: named, token_id } => {
                own(&named)?;
                revocations.push(Revocation::token_id(token_id));
            }
        }
        // An issuer can only revoke its own tokens.
        for revocation in revocations {
            *revocation = revocation.clone().issuer(issuer);
        }
        Ok(())
    }
}

fn unsupported() -> Fault {
    Fault::InvalidRequest("The format of the subject is not supported.")
}

/// An error of the custom function must not reject the event, because the transmitter would not send it again.
fn unavailable(error: Error) -> Reply {
    if error.status().is_server_error() {
        Reply::Unavailable(error)
    } else {
        Reply::Unavailable(Error::unavailable(error))
    }
}

impl From<Fault> for Reply {
    fn from(fault: Fault) -> Self {
        Self::Rejected(fault)
    }
}
