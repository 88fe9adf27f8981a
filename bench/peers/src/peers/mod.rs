//! The peers, each as its documentation says to use it: one issuer, one audience, keys from a URL, and a
//! handler that asks for the claims.

pub mod aliri;
pub mod axum_jwks;
pub mod axum_jwt_auth;
pub mod by_hand;
pub mod huskarl;
pub mod jwt_authorizer;
pub mod oauth_resource_server;
pub mod provider;
pub mod tower_oauth2;

use std::pin::Pin;

use axum::Router;
use portcullis::Algorithm::{self, EdDsa, Es256, Rs256};
use serde::Deserialize;

use crate::support::issuer::Issuer;

/// Another crate that does what ours does.
pub struct Peer {
    pub name: &'static str,
    /// The package whose version the table shows.
    pub package: &'static str,
    /// What its tokens may be signed with.
    pub algorithms: &'static [Algorithm],
    /// The service behind it.
    pub app: fn(&Issuer, Algorithm) -> Building<'_>,
    /// Whether the choice of back ends makes a difference to it.
    pub has_choice: bool,
}

/// A service that is being made, with its keys at hand in the end.
pub type Building<'a> = Pin<Box<dyn Future<Output = App> + 'a>>;

/// A service of one axum or of the other.
pub enum App {
    Current(Router),
    Old(axum_0_7::Router),
}

/// What handlers ask for, where they may say.
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub scope: String,
    pub tenant_id: String,
    pub roles: Vec<String>,
}

/// What handlers answer.
pub const ANSWER: &str = "ok";

/// All of them.
pub fn all() -> Vec<Peer> {
    const ALL: &[Algorithm] = &[Rs256, Es256, EdDsa];
    // Its EC keys need OpenSSL.
    const ALIRI: &[Algorithm] = if cfg!(feature = "openssl") { &[Rs256, Es256] } else { &[Rs256] };
    vec![
        Peer {
            name: "jwt-authorizer",
            package: "jwt-authorizer",
            algorithms: ALL,
            app: |issuer, algorithm| Box::pin(jwt_authorizer::app(issuer, algorithm)),
            has_choice: false,
        },
        Peer {
            name: "tower-oauth2-resource-server",
            package: "tower-oauth2-resource-server",
            algorithms: ALL,
            app: |issuer, algorithm| Box::pin(tower_oauth2::app(issuer, algorithm)),
            has_choice: true,
        },
        Peer {
            name: "oauth-resource-server",
            package: "oauth-resource-server",
            algorithms: ALL,
            app: |issuer, algorithm| Box::pin(oauth_resource_server::app(issuer, algorithm)),
            has_choice: false,
        },
        Peer {
            name: "aliri",
            package: "aliri_tower",
            algorithms: ALIRI,
            app: |issuer, algorithm| Box::pin(aliri::app(issuer, algorithm)),
            has_choice: false,
        },
        Peer {
            name: "huskarl-axum",
            package: "huskarl-axum",
            algorithms: ALL,
            app: |issuer, algorithm| Box::pin(huskarl::app(issuer, algorithm)),
            has_choice: true,
        },
        Peer {
            name: "axum-jwks",
            package: "axum-jwks",
            algorithms: &[Rs256],
            app: |issuer, algorithm| Box::pin(axum_jwks::app(issuer, algorithm)),
            has_choice: false,
        },
        Peer {
            name: "axum-jwt-auth",
            package: "axum-jwt-auth",
            algorithms: ALL,
            app: |issuer, algorithm| Box::pin(axum_jwt_auth::app(issuer, algorithm)),
            has_choice: true,
        },
        Peer {
            name: "from_fn with jsonwebtoken",
            package: "jsonwebtoken",
            algorithms: ALL,
            app: |issuer, algorithm| Box::pin(by_hand::app(issuer, algorithm)),
            has_choice: true,
        },
    ]
}
