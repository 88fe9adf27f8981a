//! The `server` example: each of its variables, in the running program.

mod admin;
#[cfg(all(feature = "client-certificates", feature = "dpop"))]
mod binding;
mod config;
mod configuration;
mod credentials;
mod diagnosis;
mod events;
mod introspection;
#[cfg(unix)]
mod misconfigurations;
mod operations;
mod resource;
mod roles;
mod routes;
mod step_up;
mod stream;
mod tokens;

use portcullis::testing::{ServedIssuer, TokenBuilder};

use crate::program::Server;

/// The audience of the server's tokens.
const API: &str = "https://api.example";

/// Starts the server for the tokens of an issuer, with further variables.
fn serve(issuer: &ServedIssuer, variables: &[(&str, &str)]) -> Server {
    let mut all = vec![("ISSUER", issuer.issuer()), ("AUDIENCE", API)];
    all.extend_from_slice(variables);
    Server::start("server", &all)
}

/// The status of `GET /me` with a token.
async fn status(server: &Server, token: TokenBuilder) -> u16 {
    server.ask("GET /me", Some(&token.mint())).await.status
}
