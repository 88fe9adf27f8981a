//! The users.

use std::error::Error;

use portcullis::{
    Identity, Scope,
    basic::{MemoryUserStore, PasswordHash, UserRecord},
};

use super::api::{DELETE, MANAGE_USERS, SEE, UPDATE};

/// Returns the users of the demonstration, and the program that gets tokens for them.
pub(crate) fn demo() -> Result<MemoryUserStore, Box<dyn Error>> {
    let users = MemoryUserStore::new();
    let program = Identity::assertion().client_id("USERNAME").build();
    users.insert("USERNAME", UserRecord::new(PasswordHash::new("PASSWORD")?, program));
    users.insert("READER_USERNAME", user("READER_USERNAME", "READER_PASSWORD", &[SEE])?);
    users.insert("EDITOR_USERNAME", user("EDITOR_USERNAME", "EDITOR_PASSWORD", &[SEE, UPDATE])?);
    users.insert(
        "ADMIN_USERNAME",
        user("ADMIN_USERNAME", "ADMIN_PASSWORD", &[SEE, UPDATE, DELETE, MANAGE_USERS])?,
    );
    Ok(users)
}

pub(crate) fn user(
    name: &str,
    password: &str,
    permissions: &[Scope],
) -> Result<UserRecord, portcullis::Error> {
    Ok(UserRecord::new(PasswordHash::new(password)?, identity(name, permissions)))
}

/// The permissions of a user are scopes.
pub(crate) fn identity(name: &str, permissions: &[Scope]) -> Identity {
    let scopes = permissions.iter().map(Scope::as_str).collect();
    Identity::assertion().subject(name).scopes(scopes).build()
}
