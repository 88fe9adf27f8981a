//! Keys of issuers: fetched, refreshed, rotated, and kept during outages.

#[cfg(feature = "jwks-client-rs")]
mod jwks_client_rs;
mod key_life_cycle;
mod key_races;
mod outages;
mod single_flight;
mod unknown_keys;
