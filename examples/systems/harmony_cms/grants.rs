//! The tokens that the authorization server has issued.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use portcullis::{
    Clock, ConfigError, Error,
    own_tokens::{NewToken, OwnTokenFormat, TokenDigest},
};

pub(crate) const ACCESS_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// How long an expired token stays in the list.
const LISTED_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const REFRESH_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// All issued tokens, as digests, until some time after they expire. Clones share the same store.
#[derive(Clone)]
pub(crate) struct Grants {
    format: OwnTokenFormat,
    given: Arc<Mutex<HashMap<TokenDigest, Grant>>>,
    clock: Arc<dyn Clock>,
}

/// The user, the client and the times of a token.
#[derive(Clone)]
pub(crate) struct Grant {
    kind: Kind,
    pub(crate) username: String,
    pub(crate) client_id: String,
    pub(crate) issued_at: SystemTime,
    pub(crate) expires_at: SystemTime,
    pub(crate) is_revoked: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Access,
    Refresh,
}

impl Grants {
    pub(crate) fn new(clock: impl Clock) -> Result<Self, ConfigError> {
        let format = OwnTokenFormat::new("harmony")?;
        Ok(Self { format, given: Arc::default(), clock: Arc::new(clock) })
    }

    /// Issues a token, which is shown only once.
    pub(crate) fn give(
        &self,
        kind: Kind,
        username: &str,
        client_id: &str,
    ) -> Result<NewToken, Error> {
        let lifetime = match kind {
            Kind::Access => ACCESS_LIFETIME,
            Kind::Refresh => REFRESH_LIFETIME,
        };
        let now = self.clock.now();
        let expires_at = now.checked_add(lifetime).unwrap_or(now);
        let (username, client_id) = (username.to_owned(), client_id.to_owned());
        let token = self.format.generate()?;
        let mut all = self.all();
        all.retain(|_, grant| now < grant.expires_at.checked_add(LISTED_FOR).unwrap_or(now));
        let grant =
            Grant { kind, username, client_id, issued_at: now, expires_at, is_revoked: false };
        all.insert(token.digest(), grant);
        Ok(token)
    }

    /// Returns the grant of a token of this kind, if it is valid.
    pub(crate) fn find(&self, kind: Kind, token: &str) -> Option<Grant> {
        let all = self.all();
        let grant = all.get(&self.format.digest(token)?)?;
        (grant.kind == kind && self.is_active(grant)).then(|| grant.clone())
    }

    pub(crate) fn is_active(&self, grant: &Grant) -> bool {
        !grant.is_revoked && self.clock.now() < grant.expires_at
    }

    /// Returns the access tokens that were requested for a user, the most recent first.
    pub(crate) fn requested_for(&self, username: &str) -> Vec<Grant> {
        let all = self.all();
        let of_user = all.values().filter(|grant| grant.kind == Kind::Access);
        let of_user = of_user.filter(|grant| grant.username == username);
        let mut grants: Vec<_> = of_user.cloned().collect();
        grants.sort_by_key(|grant| Reverse(grant.issued_at));
        grants
    }

    /// Revokes a token if it belongs to this client. Any other token is ignored (RFC 7009 §2.2).
    pub(crate) fn remove(&self, token: &str, client_id: &str) -> bool {
        let Some(digest) = self.format.digest(token) else { return false };
        let mut all = self.all();
        match all.get_mut(&digest) {
            Some(grant) if grant.client_id == client_id && !grant.is_revoked => {
                grant.is_revoked = true;
                true
            }
            _ => false,
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<TokenDigest, Grant>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
