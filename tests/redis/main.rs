//! State that replicas share through a real Redis. `.ci/run interop` installs it. By hand, with `redis-server` in the path:
//! `cargo test --workspace --all-features --test redis -- --ignored`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

mod deployments;
#[cfg(feature = "basic")]
mod guesses;
mod replays;
mod replica;
mod revocations;
mod server;
mod three_servers;
mod tls;
