//! Keys of issuers: where they come from, how long they are good.
//!
//! `jwk` and `pem` read one key, [`KeySet`] holds many by `kid`. `fetch` brings a set over HTTP
//! and `remote` keeps what was fetched.

mod cache_control;
mod fetch;
mod jwk;
#[cfg(feature = "jwks-client-rs")]
mod jwks_client_rs;
mod key;
mod key_set;
mod pem;
mod remote;

#[cfg(feature = "jwks-client-rs")]
pub(crate) use self::jwks_client_rs::SourceKeys;
pub(crate) use self::{
    fetch::{FetchError, FetchKeys, HttpKeys},
    key::Key,
    key_set::KeySet,
    remote::{Current, Newer, RemoteKeys, RemoteSettings, Snapshot, Waiter},
};
