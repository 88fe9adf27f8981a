//! Maps user-ids to the accounts whose failed attempts are counted.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

use quick_cache::sync::Cache;

use crate::{BasicCredentials, Secret, credentials::GuessKey, digest::KeyedDigest};

/// The maximum number of cached spellings of user-ids.
const CAPACITY: usize = 10_000;

/// A map from user-ids to accounts, so that an account has a single limit, no matter how its
/// user-id is spelled.
///
/// Only the user store knows which account a spelling belongs to. The account it returns is cached, so that a
/// request beyond the limit doesn't query the store. Before the store was queried, and for an unknown user,
/// the account is the normalized user-id.
///
/// Accounts, clients and spellings are identified by hashes with a secret seed, so that memory use doesn't
/// depend on what clients send.
pub(super) struct Accounts {
    hashes: Hashes,
    normalize: Box<Normalize>,
    by_spelling: Cache<Spelling, Account>,
}

pub(super) type Normalize = dyn Fn(&str) -> String + Send + Sync;

/// The hash of the account id that the user store returned, or of a user-id without an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Account(pub(super) u64);

/// The hash of a [`GuessKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Client(pub(super) u64);

/// The hash of a normalized user-id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Spelling(u64);

/// How names are hashed.
enum Hashes {
    Local(RandomState),
    Shared(KeyedDigest),
}

/// Separates account ids from user-ids with the same text.
#[derive(Hash)]
enum Name<'a> {
    AccountId(&'a str),
    Client(&'a GuessKey),
    UserId(&'a str),
}

impl Accounts {
    /// With a key, the hashes are the same for all replicas with this key.
    pub(super) fn new(normalize: Box<Normalize>, shared_key: Option<&Secret>) -> Self {
        let hashes = match shared_key {
            Some(key) => Hashes::Shared(KeyedDigest::with_key(key.expose())),
            None => Hashes::Local(RandomState::new()),
        };
        Self { hashes, normalize, by_spelling: Cache::new(CAPACITY) }
    }

    pub(super) fn spelling(&self, credentials: &BasicCredentials) -> Spelling {
        let user_id = (self.normalize)(credentials.user_id());
        Spelling(self.hashes.of(Name::UserId(&user_id)))
    }

    pub(super) fn client(&self, key: &GuessKey) -> Client {
        Client(self.hashes.of(Name::Client(key)))
    }

    /// Returns the account that is known without querying the store.
    pub(super) fn expected(&self, spelling: Spelling) -> Account {
        self.by_spelling.get(&spelling).unwrap_or_else(|| spelling.as_account())
    }

    /// Caches and returns the account for this spelling. `account_id` is the id that the store
    /// returned, if any.
    pub(super) fn resolve(&self, spelling: Spelling, account_id: Option<&str>) -> Account {
        let Some(account_id) = account_id else {
            self.by_spelling.remove(&spelling);
            return spelling.as_account();
        };
        let account = Account(self.hashes.of(Name::AccountId(account_id)));
        if self.by_spelling.peek(&spelling) != Some(account) {
            self.by_spelling.insert(spelling, account);
        }
        account
    }
}

impl Hashes {
    fn of(&self, name: Name<'_>) -> u64 {
        match self {
            Self::Local(seed) => seed.hash_one(name),
            Self::Shared(key) => {
                let digest = match name {
                    Name::AccountId(id) => key.of(&[b"account", id.as_bytes()]),
                    Name::Client(client) => key.of(&[b"client", &client.to_bytes()]),
                    Name::UserId(user_id) => key.of(&[b"user-id", user_id.as_bytes()]),
                };
                digest.bytes().first_chunk().map_or(0, |start| u64::from_be_bytes(*start))
            }
        }
    }
}

impl Spelling {
    const fn as_account(self) -> Account {
        Account(self.0)
    }
}

/// The default normalization. It merges more user-ids than most stores do, which is harmless: they only share a
/// limit.
pub(super) fn trimmed_lower_case(user_id: &str) -> String {
    user_id.trim().to_lowercase()
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("spellings", &self.by_spelling.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts::new(Box::new(trimmed_lower_case), None)
    }

    fn spelling(accounts: &Accounts, user_id: &str) -> Spelling {
        accounts.spelling(&BasicCredentials::new(user_id, "secret"))
    }

    #[test]
    fn user_ids_that_stores_treat_alike_have_the_same_spelling() {
        let accounts = accounts();
        let alice = spelling(&accounts, "alice");
        for (user_id, same) in [
            ("Alice", true),
            ("ALICE", true),
            ("alice ", true),
            (" alice", true),
            ("alice2", false),
            ("", false),
        ] {
            assert_eq!(spelling(&accounts, user_id) == alice, same, "{user_id}");
        }
        assert_eq!(spelling(&accounts, "\u{c9}VA"), spelling(&accounts, "\u{e9}va"));
    }

    #[test]
    fn an_account_is_known_after_the_store_has_named_it() {
        let accounts = accounts();
        let (alice, email) =
            (spelling(&accounts, "alice"), spelling(&accounts, "alice@example.com"));
        assert_ne!(accounts.expected(alice), accounts.expected(email));
        let account = accounts.resolve(alice, Some("42"));
        assert_ne!(account, alice.as_account());
        assert_eq!(accounts.resolve(email, Some("42")), account);
        assert_eq!(accounts.expected(alice), account);
        assert_eq!(accounts.expected(email), account);
        // A user-id isn't an account id.
        assert_ne!(accounts.expected(spelling(&accounts, "42")), account);

        assert_eq!(accounts.resolve(alice, None), alice.as_account());
        assert_eq!(accounts.expected(alice), alice.as_account());
        assert_eq!(accounts.expected(email), account);
    }
}
