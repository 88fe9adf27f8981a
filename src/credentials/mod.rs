//! Credentials of requests, parsed once into types.
//!
//! `authorization` parses the grammar that all schemes share, and `basic`, `bearer` and `client` parse the
//! credentials of one scheme. `any` is for credentials of any scheme. `sources` determines where a layer reads
//! credentials and in which order; `cookie`, `query`, `token_header` and `websocket` read the places other than
//! `Authorization`. `percent` is the only decoder of percent-encoding, on which `form` and `query` are built.
//! `guess_key` identifies the origin of a password.

mod any;
mod authorization;
mod basic;
mod bearer;
mod client;
mod cookie;
mod form;
mod guess_key;
mod percent;
mod query;
mod rejection;
mod request_head;
mod sources;
mod token_header;
mod websocket;

pub use self::{
    any::Credentials, bearer::BearerToken, rejection::CredentialsRejection,
    request_head::RequestHead, token_header::TokenHeader,
};
pub(crate) use self::{
    authorization::Authorization,
    bearer::TokenCharacters,
    cookie::TokenCookie,
    percent::PercentDecoder,
    query::without_access_token,
    sources::{AuthorizationLine, LineForm, PlainToken, Presented, Source, Sources},
    websocket::{PROTOCOL as WEBSOCKET_PROTOCOL, without_token as websocket_without_token},
};
pub use self::{basic::BasicCredentials, client::ClientCredentials, guess_key::GuessKey};
