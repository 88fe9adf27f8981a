//! Personal access tokens.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use portcullis::{
    Clock, ConfigError, Error, Identity, OwnTokenVerifier,
    basic::{MemoryUserStore, UserStore},
    own_tokens::{
        MemoryTokenStore, NewToken, OwnTokenFormat, OwnTokenVerifierBuilder, TokenDigest,
        TokenLookup, TokenRecord, TokenStore, TokenUse,
    },
};

/// The issuer of these tokens, which distinguishes them from log-ins.
const TOKEN_CENTER: &str = "personal access tokens";

/// The maximum number of recorded uses of a token.
const MAX_USES: usize = 1000;

/// The tokens of all users, as digests, with the most recent uses of each. They are kept in memory. The example
/// `personal_access_tokens` stores both in a database. Clones share the same store.
#[derive(Clone)]
pub(crate) struct Tokens {
    format: OwnTokenFormat,
    issued: MemoryTokenStore,
    uses: Arc<Mutex<HashMap<String, VecDeque<TokenUse>>>>,
    users: Arc<MemoryUserStore>,
    clock: Arc<dyn Clock>,
}

impl Tokens {
    pub(crate) fn new(users: Arc<MemoryUserStore>, clock: impl Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            format: OwnTokenFormat::new("pat")?,
            issued: MemoryTokenStore::new(),
            uses: Arc::default(),
            users,
            clock: Arc::new(clock),
        })
    }

    pub(crate) fn prefix(&self) -> &str {
        self.format.prefix()
    }

    pub(crate) fn verifier(&self) -> OwnTokenVerifierBuilder {
        OwnTokenVerifier::builder(self.format.clone(), self.clone()).issuer(TOKEN_CENTER)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Stores `record` under a new ID, and returns the token, which can't be shown again.
    pub(crate) fn issue(
        &self,
        record: impl FnOnce(String) -> TokenRecord,
    ) -> Result<(NewToken, TokenRecord), Error> {
        let token = self.format.generate()?;
        let mut uses = self.uses();
        let record = record(uses.len().saturating_add(1).to_string());
        uses.insert(record.id.clone(), VecDeque::new());
        self.issued.insert(token.digest(), record.clone());
        Ok((token, record))
    }

    pub(crate) fn list(&self, user: &str) -> Vec<TokenRecord> {
        self.issued.list(user)
    }

    /// Returns the uses of a token of the user, the last one first.
    pub(crate) fn uses_of(&self, user: &str, id: &str) -> Option<Vec<TokenUse>> {
        let last_first = || self.uses().get(id).into_iter().flatten().rev().cloned().collect();
        self.is_of(user, id).then(last_first)
    }

    /// Returns when the token was last used.
    pub(crate) fn last_use(&self, id: &str) -> Option<SystemTime> {
        self.uses().get(id)?.back().map(TokenUse::at)
    }

    /// Revokes a token of the user, and returns whether it exists.
    pub(crate) fn revoke(&self, user: &str, id: &str) -> bool {
        self.is_of(user, id) && self.issued.revoke(id, self.now())
    }

    fn is_of(&self, user: &str, id: &str) -> bool {
        self.list(user).iter().any(|record| record.id == id)
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<String, VecDeque<TokenUse>>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rejects tokens, because an attacker who finds one could otherwise create another one and keep access after it is revoked.
pub(crate) fn reject_to_tokens(who: &Identity) -> Result<(), Error> {
    if who.issuer() == Some(TOKEN_CENTER) { Err(Error::access_denied()) } else { Ok(()) }
}

impl TokenStore for Tokens {
    /// Grants the scopes of the token that its user still has.
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        Box::pin(async move {
            let Some(token) = self.issued.find(digest).await? else { return Ok(None) };
            let Some(user) = self.users.look_up(&token.subject).await? else { return Ok(None) };
            let permitted = user.identity().scopes();
            let scopes = token.scopes.iter().filter(|scope| permitted.contains(scope)).collect();
            Ok(Some(token.scopes(scopes)))
        })
    }

    fn used(&self, uses: &[TokenUse]) {
        for used in uses {
            let mut uses = self.uses();
            let uses = uses.entry(used.token_id().to_owned()).or_default();
            if uses.len() == MAX_USES {
                uses.pop_front();
            }
            uses.push_back(used.clone());
        }
    }
}
