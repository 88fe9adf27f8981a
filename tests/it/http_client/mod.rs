//! Outgoing HTTP requests: the default client, custom clients, and the discovery of metadata.

#[cfg(all(feature = "http-body", feature = "reqwest"))]
mod custom_clients;
mod discovery;
#[cfg(feature = "reqwest")]
mod over_sockets;
