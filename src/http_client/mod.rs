//! Outgoing HTTP requests for keys, metadata and introspection.
//!
//! [`HttpClient`] is the interface to HTTP clients. With the `reqwest` feature, the default is
//! [`ReqwestClient`]. [`ServiceClient`] uses any tower service. With any client, each request has a timeout
//! of 5 s and a limit on the length of the response, and it is retried once if the connection is closed
//! before a response arrives.

mod address_policy;
mod client;
mod closed;
mod date;
mod default;
mod document;
mod fetch;
mod http_error;
pub(crate) mod metadata;
mod new_connection;
mod peer_address;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "http-body")]
mod service_client;
mod target;
mod token_file;

#[cfg(any(feature = "jwks-client-rs", feature = "reqwest"))]
pub(crate) use self::fetch::FETCH_TIMEOUT;
#[cfg(feature = "reqwest")]
pub use self::reqwest::{ReqwestClient, ReqwestClientBuilder};
#[cfg(feature = "http-body")]
#[doc(alias("hyper", "mock"))]
pub use self::service_client::ServiceClient;
pub use self::{
    address_policy::AddressPolicy,
    client::{HttpClient, HttpResponseFuture},
    http_error::HttpError,
    new_connection::NewConnection,
    peer_address::PeerAddress,
    token_file::TokenFileClient,
};
pub(crate) use self::{
    date::server_time,
    default::or_default,
    document::{DocumentError, MAX_BODY, get, read_object, require_json},
    fetch::fetch,
    target::Target,
};
