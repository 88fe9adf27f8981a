//! Keys from sources of the crate `jwks_client_rs`, under our own cache, cool-down and outage rules.

mod custom_source;
mod web_source;
