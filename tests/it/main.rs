//! Every behaviour at the level where its user meets it: a service and a request.
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

mod attacks_of_record;
mod bare_tower;
#[cfg(feature = "password-hash")]
mod basic;
mod cached_tokens;
mod discovery;
mod hostile_input;
#[cfg(all(feature = "http-body", feature = "reqwest"))]
mod http_clients;
mod introspection;
mod issuers_of_record;
#[cfg(feature = "jwks-client-rs")]
mod jwks_client_rs_source;
mod jwt_rules;
mod key_life_cycle;
mod key_races;
mod layer_behaviour;
mod observability;
mod outages;
#[cfg(feature = "reqwest")]
mod over_sockets;
mod own_tokens;
mod policies;
mod rejections;
mod revocation;
mod revocations;
mod rfc_vectors;
mod several_issuers;
mod single_flight;
mod sources;
mod support;
mod tenants;
mod test_issuer;
mod token_cache;
mod unknown_keys;
mod web_sockets;
