//! Tokens of real authorization servers: JWTs, opaque tokens, and introspection. `README.md` in this folder describes how to start
//! the servers. Then run `cargo test --workspace --all-features --test interop -- --ignored`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

#[allow(dead_code, reason = "the proxies terminate TLS")]
#[path = "../it/support/certificates.rs"]
mod certificates;
mod django_oauth_toolkit;
mod dpop;
mod glewlwyd;
mod introspected_jwts;
mod introspection;
#[cfg(feature = "security-events")]
mod logout;
mod mtls;
mod oidc_provider;
mod one_layer;
mod outages;
mod revocation;
mod rotation;
mod servers;
mod service;
mod signed_responses;
