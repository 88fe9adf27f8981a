//! Credentials of requests, parsed once into types.
//!
//! A layer parses the credentials for its verifier. Code without a layer, such as a token endpoint, parses them itself,
//! with [`BearerToken`], [`BasicCredentials`], [`ClientCredentials`], or [`Credentials`] of any scheme. They are also
//! extractors of axum. None of them has been verified.
//!
//! ```
//! use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
//! use portcullis::credentials::Credentials;
//!
//! let basic = HeaderValue::from_static("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
//! let headers = HeaderMap::from_iter([(AUTHORIZATION, basic)]);
//! let Credentials::Basic(credentials) = Credentials::from_headers(&headers)? else { panic!("no password") };
//! assert_eq!((credentials.user_id(), credentials.password()), ("Aladdin", "open sesame"));
//! # Ok::<(), portcullis::Error>(())
//! ```
//!
//! [`TokenHeader`] and [`RequestHead`] are for tokens in other places. [`GuessKey`] identifies the origin of a
//! password.
//
// `authorization` parses the grammar that all schemes share, and `basic`, `bearer` and `client` parse the credentials of
// one scheme. `any` is for credentials of any scheme. `sources` determines where a layer reads credentials and in which
// order; `cookie`, `query`, `token_header` and `websocket` read the places other than `Authorization`. `percent` is the
// only decoder of percent-encoding, on which `form` and `query` are built.

mod any;
mod authorization;
mod basic;
mod bearer;
mod client;
mod cookie;
mod form;
mod guess_key;
#[cfg_attr(not(feature = "axum"), path = "original_uri_off.rs")]
pub(crate) mod original_uri;
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
