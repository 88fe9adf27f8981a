//! Credentials: what a request presents, parsed once into closed types.
//!
//! `authorization` reads the grammar that all schemes share, a file for each scheme what is its own.
//! `any` is what stands in the header, of any of them. `sources` says where a layer looks, and a file for each other place how it is read there.

mod any;
mod authorization;
#[cfg(feature = "_jwt")]
mod basic;
mod bearer;
#[cfg(feature = "_jwt")]
mod client;
mod cookie;
#[cfg(feature = "_jwt")]
mod form;
mod query;
mod rejection;
mod request_head;
mod sources;
mod websocket;

pub use self::{
    any::Credentials, bearer::BearerToken, rejection::CredentialsRejection,
    request_head::RequestHead,
};
pub(crate) use self::{
    authorization::Authorization,
    cookie::TokenCookie,
    query::without_access_token,
    sources::{Presented, Source, Sources},
    websocket::{PROTOCOL as WEBSOCKET_PROTOCOL, without_token as websocket_without_token},
};
#[cfg(feature = "_jwt")]
pub use self::{basic::BasicCredentials, client::ClientCredentials};
