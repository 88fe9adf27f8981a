//! `reqwest` as the HTTP client.
//!
//! `client` sends requests. `transports` holds the reqwest clients that it sends them with, which are created
//! from the `options`; `resolver` keeps names from leading to addresses that are not permitted.

mod builder;
mod client;
mod options;
mod resolver;
mod transports;

pub use self::{builder::ReqwestClientBuilder, client::ReqwestClient};
