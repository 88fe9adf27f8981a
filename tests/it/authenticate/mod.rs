//! The authentication layer: what it lets through and what it rejects.

mod anonymous;
mod bare_tower;
mod bearer_fn;
mod cached_tokens;
mod cors;
mod default_source;
mod invalid_tokens;
mod nesting;
mod verifiers;
