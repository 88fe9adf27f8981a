//! Who there is.

use std::error::Error;

use portcullis::{
    Identity, Scope,
    basic::{MemoryUserStore, PasswordHash, UserRecord},
};

use super::api::{DELETE, SEE, UPDATE};

/// The users of the demonstration, and the program that gets tokens for them.
pub(crate) fn demo() -> Result<MemoryUserStore, Box<dyn Error>> {
    let users = MemoryUserStore::new();
    let program = Identity::assertion().client_id("USERNAME").build();
    users.insert("USERNAME", UserRecord::new(PasswordHash::new("PASSWORD")?, program));
    users.insert("READER_USERNAME", user("READER_USERNAME", "READER_PASSWORD", &[SEE])?);
    users.insert("EDITOR_USERNAME", user("EDITOR_USERNAME", "EDITOR_PASSWORD", &[SEE, UPDATE])?);
    users.insert(
        "ADMIN_USERNAME",
        user("ADMIN_USERNAME", "ADMIN_PASSWORD", &[SEE, UPDATE, DELETE])?,
    );
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
