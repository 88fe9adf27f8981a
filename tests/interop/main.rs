//! Tokens of real authorization servers: JWTs, opaque ones, and what the servers say of them. See `README.md` beside this for how to start them; then
//! `cargo test --workspace --all-features --test interop -- --ignored`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

mod glewlwyd;
mod introspected_jwts;
mod introspection;
mod oidc_provider;
mod one_layer;
mod outages;
mod revocation;
mod rotation;
mod servers;
mod service;
mod signed_responses;
