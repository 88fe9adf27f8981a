//! Access tokens, and the refresh tokens with which clients get new ones.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use portcullis::{
    ConfigError, Error, OwnTokenVerifier,
    basic::{MemoryUserStore, UserStore},
    error::TokenFault,
    own_tokens::{
        MemoryTokenStore, OwnTokenFormat, OwnTokenVerifierBuilder, TokenDigest, TokenLookup,
        TokenRecord, TokenStore,
    },
};

pub(crate) const ACCESS_LIFETIME: Duration = Duration::from_secs(60 * 60);
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The issued tokens as digests, in memory. A real service would have a database table for each kind. Clones share them.
#[derive(Clone)]
pub(crate) struct Tokens {
    users: Arc<MemoryUserStore>,
    access_format: OwnTokenFormat,
    access: MemoryTokenStore,
    refresh_format: OwnTokenFormat,
    refresh: Arc<Mutex<HashMap<TokenDigest, RefreshToken>>>,
}

/// The user, the client and the log-in of a token.
#[derive(Clone)]
struct Grant {
    /// Identifies all tokens of one log-in.
    log_in: String,
    user: String,
    /// The client that requested them, which is the only one that may refresh them.
    client: String,
}

struct RefreshToken {
    grant: Grant,
    expires_at: SystemTime,
    is_used: bool,
}

/// An access token and a refresh token. They are shown only once.
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    pub(crate) fn new(users: Arc<MemoryUserStore>) -> Result<Self, ConfigError> {
        Ok(Self {
            users,
            // Different prefixes, so that one kind is never mistaken for the other.
            access_format: OwnTokenFormat::new("halo_access")?,
            access: MemoryTokenStore::new(),
            refresh_format: OwnTokenFormat::new("halo_refresh")?,
            refresh: Arc::default(),
        })
    }

    /// Returns the verifier of access tokens.
    pub(crate) fn verifier(&self) -> OwnTokenVerifierBuilder {
        OwnTokenVerifier::builder(self.access_format.clone(), self.clone())
    }

    /// Issues the first tokens of a login.
    pub(crate) fn log_in(&self, user: &str, client: &str, now: SystemTime) -> Result<Pair, Error> {
        let log_in = self.access_format.generate()?.digest().to_string();
        let grant = Grant { log_in, user: user.to_owned(), client: client.to_owned() };
        self.issue(grant, now, &mut self.refresh_tokens())
    }

    /// Returns new tokens for a refresh token, and their user. A refresh token is valid once (RFC 9700 §4.14.2). If it is reused,
    /// it may have been stolen, so all tokens of its log-in are revoked.
    pub(crate) fn refresh(
        &self,
        token: &str,
        client: &str,
        now: SystemTime,
    ) -> Result<(String, Pair), Error> {
        let digest = self.refresh_format.digest(token).ok_or(TokenFault::Malformed)?;
        // Keep the lock until the new tokens are stored, so that a concurrent second use revokes them too.
        let mut all = self.refresh_tokens();
        let token = all.get_mut(&digest).ok_or(TokenFault::Rejected)?;
        let grant = token.grant.clone();
        if token.is_used {
            all.retain(|_, other| other.grant.log_in != grant.log_in);
            self.access.revoke(&grant.log_in, now);
            return Err(TokenFault::Revoked.into());
        }
        if grant.client != client {
            return Err(TokenFault::Rejected.into());
        }
        if token.expires_at <= now {
            return Err(TokenFault::Expired.into());
        }
        token.is_used = true;
        Ok((grant.user.clone(), self.issue(grant, now, &mut all)?))
    }

    fn issue(
        &self,
        grant: Grant,
        now: SystemTime,
        all: &mut HashMap<TokenDigest, RefreshToken>,
    ) -> Result<Pair, Error> {
        let (access, refresh) = (self.access_format.generate()?, self.refresh_format.generate()?);
        let record = TokenRecord::new(grant.log_in.clone(), grant.user.clone())
            .client_id(grant.client.clone())
            .issued_at(now)
            .expires_at(end(now, ACCESS_LIFETIME));
        self.access.insert(access.digest(), record);
        let expires_at = end(now, REFRESH_LIFETIME);
        all.insert(refresh.digest(), RefreshToken { grant, expires_at, is_used: false });
        Ok(Pair { access: access.reveal().to_owned(), refresh: refresh.reveal().to_owned() })
    }

    fn refresh_tokens(&self) -> MutexGuard<'_, HashMap<TokenDigest, RefreshToken>> {
        self.refresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token contains only its user. Permissions are looked up for each request, so that a withdrawn permission or a
/// removed user takes effect with the next one.
impl TokenStore for Tokens {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        Box::pin(async move {
            let Some(token) = self.access.find(digest).await? else { return Ok(None) };
            let user = self.users.look_up(&token.subject).await?;
            Ok(user.map(|user| token.scopes(user.identity().scopes().clone())))
        })
    }
}

/// A time that can't be represented counts as now, so that no token becomes valid forever by accident.
fn end(now: SystemTime, lifetime: Duration) -> SystemTime {
    now.checked_add(lifetime).unwrap_or(now)
}
