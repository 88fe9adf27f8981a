//! An MCP server with `rmcp`, behind the layer.
//!
//! `server` is the server, `requests` sends it single requests, `bodies` looks for bodies that it reads in another way
//! than the layer, `clients` lets third-party clients authorize themselves at a real authorization server, and `guide`
//! tests the guide.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests report by panic"
)]

mod bodies;
mod clients;
mod guide;
mod requests;
mod server;
