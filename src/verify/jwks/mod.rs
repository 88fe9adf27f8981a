//! The keys of issuers: reading, fetching and caching them.
//!
//! `jwk` and `pem` read a single key, and [`KeySet`] contains keys by `kid`. `fetch` fetches a set over
//! HTTP, and `remote` caches and refreshes it.

mod cache_control;
mod fetch;
mod jwk;
#[cfg(feature = "jwks-client-rs")]
mod jwks_client_rs;
mod key;
mod key_set;
mod left_out;
mod pem;
mod remote;

#[cfg(feature = "jwks-client-rs")]
pub(crate) use self::jwks_client_rs::SourceKeys;
pub(crate) use self::{
    fetch::{FetchError, FetchKeys, HttpKeys, keys_findings},
    jwk::KeyUse,
    key::Key,
    key_set::{DEFAULT_MAX_KEYS, KeySet},
    left_out::LeftOutKeys,
    remote::{Current, Refetch, RemoteKeys, RemoteSettings, Snapshot, Status, Waiter},
};
