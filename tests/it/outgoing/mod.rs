//! Outgoing requests: connections, limits, URLs, and the documents in responses.

#[cfg(feature = "reqwest")]
mod client_options;
#[cfg(feature = "reqwest")]
mod dead_connections;
mod learned_addresses;
#[cfg(feature = "tracing")]
mod left_out_keys;
mod lenient_documents;
mod max_keys;
mod metadata_life_cycle;
#[cfg(all(feature = "reqwest", target_os = "linux"))]
mod no_certificates;
#[cfg(all(feature = "reqwest", feature = "tracing"))]
mod plain_http;
#[cfg(feature = "tracing")]
mod redaction;
#[cfg(feature = "reqwest")]
mod server;
