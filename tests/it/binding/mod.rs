//! Tokens bound to a key, with a proof and without.

mod bearer;
#[cfg(feature = "client-certificates")]
mod certificates;
#[cfg(all(feature = "client-certificates", feature = "dpop"))]
mod configurations;
#[cfg(all(feature = "client-certificates", feature = "reqwest"))]
mod connections;
#[cfg(feature = "dpop")]
mod dpop;
#[cfg(feature = "dpop")]
mod hostile_proofs;
#[cfg(feature = "client-certificates")]
mod metadata;
#[cfg(all(feature = "dpop", any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa")))]
mod ml_dsa;
mod page;
#[cfg(feature = "dpop")]
mod replays;
#[cfg(all(feature = "client-certificates", feature = "reqwest"))]
#[rustfmt::skip]
pub mod tls_server;
