//! The SQLite database of the tokens.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use portcullis::{
    ScopeSet,
    own_tokens::{TokenDigest, TokenLookup, TokenRecord, TokenStore, TokenUse},
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use tokio::task;

/// The digest is stored like the hash of a password. The token itself isn't stored.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS token (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        revoked_at INTEGER,
        last_used_at INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS token_owner ON token (owner);
    CREATE TABLE IF NOT EXISTS audit (
        token INTEGER NOT NULL REFERENCES token (id),
        at INTEGER NOT NULL,
        event TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS audit_token ON audit (token);
";

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The service's database.
#[derive(Clone)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

/// A token to be stored.
pub(crate) struct Draft {
    pub(crate) digest: TokenDigest,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) scopes: ScopeSet,
    pub(crate) created_at: SystemTime,
    pub(crate) expires_at: SystemTime,
}

/// A token as its owner sees it in a list. Times are in seconds since 1970.
#[derive(Serialize)]
pub(crate) struct Listed {
    id: i64,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

/// An entry of the audit trail.
#[derive(Serialize)]
pub(crate) struct Event {
    at: i64,
    event: String,
}

impl Database {
    pub(crate) fn open(path: &str) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Stores a token, and returns its id.
    pub(crate) async fn create(&self, draft: Draft) -> Result<i64, Failure> {
        self.run(move |connection| {
            let change = connection.transaction()?;
            let created_at = seconds(draft.created_at);
            change.execute(
                "INSERT INTO token (digest, owner, name, scopes, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    draft.digest.as_bytes(),
                    draft.owner,
                    draft.name,
                    draft.scopes.as_str(),
                    created_at,
                    seconds(draft.expires_at),
                ],
            )?;
            let id = change.last_insert_rowid();
            change
                .execute("INSERT INTO audit VALUES (?, ?, 'created')", params![id, created_at])?;
            change.commit()?;
            Ok(id)
        })
        .await
    }

    pub(crate) async fn list(&self, owner: String) -> Result<Vec<Listed>, Failure> {
        self.run(move |connection| {
            let mut query =
                connection.prepare("SELECT * FROM token WHERE owner = ? ORDER BY id")?;
            let tokens = query.query_map([owner], |row| {
                Ok(Listed {
                    id: row.get("id")?,
                    name: row.get("name")?,
                    scopes: row.get("scopes")?,
                    created_at: row.get("created_at")?,
                    expires_at: row.get("expires_at")?,
                    revoked_at: row.get("revoked_at")?,
                    last_used_at: row.get("last_used_at")?,
                })
            })?;
            tokens.collect()
        })
        .await
    }

    /// Revokes a token of this owner. Returns `false` if there is none, or if it is already revoked.
    pub(crate) async fn revoke(
        &self,
        owner: String,
        id: i64,
        at: SystemTime,
    ) -> Result<bool, Failure> {
        self.run(move |connection| {
            let change = connection.transaction()?;
            let revoked = change.execute(
                "UPDATE token SET revoked_at = ? WHERE id = ? AND owner = ? AND revoked_at IS NULL",
                params![seconds(at), id, owner],
            )?;
            if revoked > 0 {
                change.execute(
                    "INSERT INTO audit VALUES (?, ?, 'revoked')",
                    params![id, seconds(at)],
                )?;
            }
            change.commit()?;
            Ok(revoked > 0)
        })
        .await
    }

    /// Returns the audit trail of a token of this owner, oldest entry first.
    pub(crate) async fn audit(&self, owner: String, id: i64) -> Result<Vec<Event>, Failure> {
        self.run(move |connection| {
            let mut query = connection.prepare(
                "SELECT audit.at, audit.event FROM audit JOIN token ON token.id = audit.token
                 WHERE token.id = ? AND token.owner = ? ORDER BY audit.rowid",
            )?;
            let events = query.query_map(params![id, owner], |row| {
                Ok(Event { at: row.get("at")?, event: row.get("event")? })
            })?;
            events.collect()
        })
        .await
    }

    /// Runs a query on a thread that may block, because SQLite blocks and requests must not.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let database = self.clone();
        Ok(task::spawn_blocking(move || database.with(work)).await??)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TokenStore for Database {
    fn find(&self, digest: TokenDigest) -> TokenLookup<'_> {
        Box::pin(self.run(move |connection| {
            let mut query = connection.prepare("SELECT * FROM token WHERE digest = ?")?;
            query.query_row([digest.as_bytes()], record).optional()
        }))
    }

    /// Called on a thread that may block: see the trait.
    fn used(&self, uses: &[TokenUse]) {
        let written = self.with(|connection| {
            let change = connection.transaction()?;
            for used in uses {
                let at = seconds(used.at());
                change.execute(
                    "INSERT INTO audit VALUES (?, ?, 'used')",
                    params![used.token_id(), at],
                )?;
                change.execute(
                    "UPDATE token SET last_used_at = max(?, ifnull(last_used_at, 0)) WHERE id = ?",
                    params![at, used.token_id()],
                )?;
            }
            change.commit()
        });
        if let Err(error) = written {
            eprintln!("{} uses of tokens are not in the audit trail: {error}", uses.len());
        }
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
    let id: i64 = row.get("id")?;
    let scopes: String = row.get("scopes")?;
    Ok(TokenRecord::new(id.to_string(), row.get::<_, String>("owner")?)
        .name(row.get::<_, String>("name")?)
        .scopes(ScopeSet::from_wire(&scopes))
        .issued_at(time(row.get("created_at")?))
        .expires_at(time(row.get("expires_at")?))
        .revoked_at(row.get::<_, Option<i64>>("revoked_at")?.map(time)))
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A time that can't be represented counts as long past, so that no token becomes valid forever by accident.
fn time(seconds: i64) -> SystemTime {
    let since = u64::try_from(seconds).map(Duration::from_secs).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
