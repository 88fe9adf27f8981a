//! JWTs of real authorization servers. See `README.md` beside this for how to start them; then
//! `cargo test --all-features --test interop -- --ignored`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

mod glewlwyd;
mod oidc_provider;
mod outages;
mod rotation;
mod servers;
