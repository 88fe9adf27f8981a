//! What the services among the examples share, and what is no matter of the crate's: a listener, a key
//! that signs, and the answers of a token endpoint.

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
