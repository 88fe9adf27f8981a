//! Keys from sources of the crate `jwks_client_rs`, with the cache, cooldown and outage rules of this crate.

mod custom_source;
mod web_source;
