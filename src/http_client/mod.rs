//! The seam for outgoing HTTP: keys, metadata and introspection come through here.
//!
//! [`HttpClient`] is what we need of a client; `fetch` adds what we never leave to one: a time-out
//! and a bound on the body.

mod client;
mod default;
mod document;
mod fetch;
mod http_error;
pub(crate) mod metadata;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "http-body")]
mod service_client;

#[cfg(feature = "jwks-client-rs")]
pub(crate) use self::fetch::FETCH_TIMEOUT;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestClient;
#[cfg(feature = "http-body")]
pub use self::service_client::ServiceClient;
pub use self::{
    client::{HttpClient, HttpResponseFuture},
    http_error::HttpError,
};
pub(crate) use self::{
    default::or_default,
    document::{DocumentError, get, read_object, require_json},
    fetch::fetch,
};
