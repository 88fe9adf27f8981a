//! The decoy hashes against which the passwords of unknown users are checked.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use super::{PasswordHash, accounts::Account};

/// A hash for each of sixteen groups of accounts.
///
/// The decoy of a group is the hash of one of its users, so that checking the password of an unknown user
/// costs as much as checking that of an existing one. If the hashes in a store differ in cost, the decoys
/// differ in the same proportions, and an unknown user always gets the same decoy.
pub(super) struct Decoys {
    groups: [ArcSwapOption<Decoy>; 16],
    /// The decoy for groups without a user.
    default: ArcSwapOption<Decoy>,
}

struct Decoy {
    account: Option<Account>,
    hash: PasswordHash,
}

impl Decoys {
    pub(super) fn new() -> Self {
        let default = PasswordHash::decoy().map(|hash| Arc::new(Decoy { account: None, hash }));
        Self { groups: Default::default(), default: ArcSwapOption::from(default) }
    }

    /// Records the hash of a user as the decoy of its group. The first user of a group stays its
    /// decoy, so that the cost doesn't change.
    pub(super) fn record(&self, account: Account, hash: &PasswordHash) {
        let decoy = || Some(Arc::new(Decoy { account: Some(account), hash: hash.clone() }));
        let Some(group) = self.group(account) else { return };
        let current = group.load();
        let is_current = match &*current {
            None => false,
            Some(current) if current.account != Some(account) => true,
            Some(current) => current.hash.as_bytes() == hash.as_bytes(),
        };
        if !is_current {
            group.store(decoy());
        }
        if (*self.default.load()).as_ref().is_none_or(|default| default.account.is_none()) {
            self.default.store(decoy());
        }
    }

    /// Returns the hash for an account that doesn't exist.
    pub(super) fn get(&self, account: Account) -> Option<PasswordHash> {
        let load = |decoy: &ArcSwapOption<Decoy>| {
            let decoy = Guard::into_inner(decoy.load())?;
            Some(decoy.hash.clone())
        };
        self.group(account).and_then(load).or_else(|| load(&self.default))
    }

    fn group(&self, Account(account): Account) -> Option<&ArcSwapOption<Decoy>> {
        // Uses the upper bits, because other tables are indexed by the lower ones.
        self.groups.get(usize::try_from(account >> 60).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGON2: &str =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    const BCRYPT: &str = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";

    fn hash(text: &str) -> PasswordHash {
        text.parse().unwrap()
    }

    fn account(group: u64, number: u64) -> Account {
        Account(group << 60 | number)
    }

    fn decoy(decoys: &Decoys, account: Account) -> String {
        decoys.get(account).unwrap().reveal().to_owned()
    }

    #[test]
    fn the_first_user_determines_the_cost_of_unknown_users() {
        let decoys = Decoys::new();
        let default = PasswordHash::decoy().unwrap();
        assert_eq!(decoy(&decoys, account(3, 1)), default.reveal());
        decoys.record(account(0, 1), &hash(BCRYPT));
        for group in 0..16 {
            assert_eq!(decoy(&decoys, account(group, 7)), BCRYPT, "{group}");
        }
    }

    #[test]
    fn a_group_keeps_its_first_user_and_follows_its_changes() {
        let decoys = Decoys::new();
        decoys.record(account(0, 1), &hash(BCRYPT));
        decoys.record(account(5, 1), &hash(ARGON2));
        decoys.record(account(5, 2), &hash(BCRYPT));
        assert_eq!(decoy(&decoys, account(5, 7)), ARGON2);
        assert_eq!(decoy(&decoys, account(6, 7)), BCRYPT);
        decoys.record(account(5, 1), &hash(BCRYPT));
        assert_eq!(decoy(&decoys, account(5, 7)), BCRYPT);
    }
}
