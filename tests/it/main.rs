//! Every behaviour at the level where its user meets it: a service and a request.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

mod key_life_cycle;
mod outages;
mod own_tokens;
mod single_flight;
mod support;
mod token_cache;
mod unknown_keys;
