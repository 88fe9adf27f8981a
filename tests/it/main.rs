//! Tests of the public API, mostly with a service and a request.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::items_after_statements,
    clippy::match_bool,
    clippy::needless_borrow,
    clippy::needless_for_each,
    clippy::needless_pass_by_value,
    clippy::similar_names,
    clippy::format_collect,
    clippy::unnecessary_wraps,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unchecked_time_subtraction,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests report by panic, and share by `pub`"
)]

mod authenticate;
mod authorize;
mod axum;
#[cfg(feature = "password-hash")]
mod basic;
#[cfg(feature = "password-hash")]
mod basic_guesses;
mod basic_shared_guesses;
mod binding;
mod configuration;
mod configuration_yaml;
mod credentials;
mod expiry;
#[cfg(all(feature = "axum", feature = "reqwest"))]
mod front_page;
#[cfg(all(feature = "introspection", feature = "own-tokens", feature = "password-hash"))]
mod guides;
mod hostile_input;
mod http_client;
mod introspection;
mod issuers;
mod jwks;
mod jwt;
mod layer_order;
mod migrations;
mod outgoing;
mod own_token_lookups;
mod own_token_uses;
mod own_tokens;
mod requirements;
mod resource_metadata;
mod response;
mod revocation;
#[cfg(feature = "security-events")]
mod security_events;
mod security_page;
mod static_tokens;
mod support;
mod telemetry;
mod testing;
mod wycheproof;
