//! The layer in front of tonic, called by tonic's client and others.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

#[cfg(feature = "client-certificates")]
mod certificates;
#[cfg(feature = "client-certificates")]
#[allow(dead_code, reason = "tonic has a configuration of its own")]
#[path = "../it/support/certificates.rs"]
mod certificates_of_tls;
mod cors;
mod deadlines;
#[cfg(feature = "dpop")]
mod dpop;
mod expiry;
mod grpc_web;
mod guide;
mod identities;
#[cfg(all(feature = "dpop", any(feature = "aws-lc-rs", feature = "rust-crypto-ml-dsa")))]
mod ml_dsa;
mod one_port;
#[allow(clippy::all, clippy::pedantic, reason = "generated")]
#[rustfmt::skip]
#[path = "../../examples/tonic/src/orders.rs"]
mod orders;
mod other_clients;
mod policies;
mod rejections;
mod resources;
mod statuses;
mod step_up;
mod support;
