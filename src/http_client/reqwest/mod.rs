//! `reqwest` as the HTTP client.
//!
//! `client` sends requests. `transports` contains the reqwest clients, which are created from the `options`.
//! `resolver` ensures that names resolve only to permitted addresses.

mod builder;
mod client;
mod options;
mod resolver;
mod transports;

pub use self::{builder::ReqwestClientBuilder, client::ReqwestClient};
