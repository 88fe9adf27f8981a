//! Tokens bound to a key, with a proof and without.

mod bearer;
#[cfg(feature = "client-certificates")]
mod certificates;
#[cfg(feature = "client-certificates")]
mod connections;
#[cfg(feature = "dpop")]
mod dpop;
#[cfg(feature = "client-certificates")]
#[rustfmt::skip]
mod tls_server;
