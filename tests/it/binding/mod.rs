//! Tokens bound to a key, with a proof and without.

mod bearer;
#[cfg(feature = "client-certificates")]
mod certificates;
#[cfg(feature = "dpop")]
mod dpop;
