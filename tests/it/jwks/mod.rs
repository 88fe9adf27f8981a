//! Keys of issuers: fetched, refreshed, rotated, and kept during outages.

mod issuer_histories;
#[cfg(feature = "jwks-client-rs")]
mod jwks_client_rs;
mod key_life_cycle;
mod key_races;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa"))]
mod ml_dsa_rotation;
mod outages;
mod single_flight;
mod unknown_keys;
