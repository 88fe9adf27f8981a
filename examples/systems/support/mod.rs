//! What the examples share and the crate doesn't provide: a listener, a signing key, and the responses of a token endpoint.

#![allow(dead_code, reason = "each example uses what it needs of it")]

mod hs256;
mod listen;
mod token_endpoint;

#[allow(unused_imports, reason = "as above")]
pub(crate) use self::{
    hs256::Hs256Key,
    listen::{listen, serve},
    token_endpoint::{TokenError, token_answer},
};
