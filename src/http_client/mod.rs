//! Outgoing HTTP requests for keys, metadata and introspection.
//!
//! [`HttpClient`] is the interface to HTTP clients. With the `reqwest` feature, the default is
//! [`ReqwestClient`]. [`ServiceClient`] uses any tower service. With any client, each request has a timeout
//! of 5 s and a limit on the length of the response, and it is retried once if the connection is closed
//! before a response arrives.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, Response};
//! use portcullis::http_client::{HttpClient, HttpResponseFuture};
//!
//! /// A client that finds nothing, for a test.
//! #[derive(Debug)]
//! struct Offline;
//!
//! impl HttpClient for Offline {
//!     fn send(&self, request: Request<Vec<u8>>, _max_body: usize) -> HttpResponseFuture {
//!         let mut response = Response::new(request.uri().path().as_bytes().to_vec());
//!         *response.status_mut() = http::StatusCode::NOT_FOUND;
//!         Box::pin(async { Ok(response) })
//!     }
//! }
//!
//! let request = Request::get("https://as.example/jwks").body(Vec::new())?;
//! assert_eq!(Offline.send(request, 1024).await?.body(), b"/jwks");
//! # Ok(())
//! # }
//! ```

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
