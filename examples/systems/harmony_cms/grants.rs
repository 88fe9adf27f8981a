//! What the authorization server knows of the tokens that it gave.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use portcullis::{
    Clock, ConfigError, Error,
    own_tokens::{NewToken, OwnTokenFormat, TokenDigest},
};

pub(crate) const ACCESS_LIFETIME: Duration = Duration::from_secs(60 * 60);
const REFRESH_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// All tokens that are good, as digests. Clones are the same store.
#[derive(Clone)]
pub(crate) struct Grants {
    format: OwnTokenFormat,
    given: Arc<Mutex<HashMap<TokenDigest, Grant>>>,
    clock: Arc<dyn Clock>,
}

/// What a token was given for.
#[derive(Clone)]
pub(crate) struct Grant {
    kind: Kind,
    pub(crate) username: String,
    pub(crate) client_id: String,
    pub(crate) expires_at: SystemTime,
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

    /// A new token, which is shown once.
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
        self.all().insert(token.digest(), Grant { kind, username, client_id, expires_at });
        Ok(token)
    }

    /// What a token is good for, if it is of that kind.
    pub(crate) fn find(&self, kind: Kind, token: &str) -> Option<Grant> {
        let all = self.all();
        let grant = all.get(&self.format.digest(token)?)?;
        (grant.kind == kind && self.clock.now() < grant.expires_at).then(|| grant.clone())
    }

    /// Makes it good for nothing, if it is this client's: whatever else it is, it is as good as that.
    pub(crate) fn remove(&self, token: &str, client_id: &str) -> bool {
        let Some(digest) = self.format.digest(token) else { return false };
        let mut all = self.all();
        let is_own = all.get(&digest).is_some_and(|grant| grant.client_id == client_id);
        is_own && all.remove(&digest).is_some()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<TokenDigest, Grant>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
