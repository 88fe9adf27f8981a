//! The users.

use std::error::Error;

use portcullis::{
    Identity, Scope,
    basic::{MemoryUserStore, PasswordHash, UserRecord},
};

use super::posts::{DELETE, READ, WRITE};

/// Returns the users of the demonstration.
pub(crate) fn demo() -> Result<MemoryUserStore, Box<dyn Error>> {
    let users = MemoryUserStore::new();
    users.insert("admin", user("admin", "password", &[READ, WRITE, DELETE])?);
    users.insert("author", user("author", "author-password", &[READ, WRITE])?);
    Ok(users)
}

pub(crate) fn user(
    name: &str,
    password: &str,
    permissions: &[Scope],
) -> Result<UserRecord, Box<dyn Error>> {
    let scopes = permissions.iter().map(Scope::as_str).collect();
    let identity = Identity::assertion().subject(name).scopes(scopes).build();
    Ok(UserRecord::new(PasswordHash::new(password)?, identity))
}
