//! An authorization server with opaque tokens, which it issues, revokes and introspects.

use std::{error::Error, time::SystemTime};

use axum::{
    Form, Json, Router,
    extract::{Query, RawQuery, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, Clock, ErrorBody, Identity,
    IntrospectionVerifier, Verify,
    basic::{BasicVerifierBuilder, MemoryUserStore, PasswordHash, UserRecord},
    credentials::ClientCredentials,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    grants::{ACCESS_LIFETIME, Grants, Kind},
    support::{TokenError, token_answer},
};

const USERS: [[&str; 2]; 2] = [["alice", "wonderland"], ["bob", "builder"]];
const CLIENTS: [[&str; 2]; 2] = [["demo-site", "demo-secret"], ["other-site", "other-secret"]];

#[derive(Clone)]
pub(crate) struct AuthorizationServer {
    users: BasicVerifier,
    clients: BasicVerifier,
    grants: Grants,
}

impl AuthorizationServer {
    pub(crate) fn new(clock: impl Clock + Clone) -> Result<Self, Box<dyn Error>> {
        let users = verifier(&USERS, |name| Identity::assertion().subject(name).build())?;
        let clients = verifier(&CLIENTS, |name| Identity::assertion().client_id(name).build())?;
        Ok(Self {
            users: users.clock(clock.clone()).build()?,
            clients: clients.clock(clock.clone()).build()?,
            grants: Grants::new(clock)?,
        })
    }

    /// The endpoints for clients. A revoked token is removed from the cache of the API.
    pub(crate) fn endpoints(&self, api: IntrospectionVerifier) -> Router {
        let revoke = async move |client: Identity, server: State<Self>, Form(form): Form<Token>| {
            if server.grants.remove(&form.token, client.client_id().unwrap_or_default()) {
                api.invalidate(&form.token);
            }
            // RFC 7009 §2.2: also for unknown tokens.
            StatusCode::OK
        };
        Router::new()
            .route("/revoke", post(revoke))
            .layer(basic(self.clients.clone()))
            .route("/token", get(token))
            .with_state(self.clone())
    }

    /// Returns the account settings, which require the password of the user. A token isn't sufficient to list other
    /// tokens.
    pub(crate) fn account(&self) -> Router {
        Router::new()
            .route("/settings/api", get(api_access))
            .layer(basic(self.users.clone()))
            .with_state(self.grants.clone())
    }

    /// The introspection endpoint, which the API calls with its client credentials.
    pub(crate) fn introspection(&self, api: [&str; 2]) -> Result<Router, Box<dyn Error>> {
        let api = verifier(&[api], |name| Identity::assertion().client_id(name).build())?;
        Ok(Router::new()
            .route("/introspect", post(introspect))
            .layer(basic(api.build()?))
            .with_state(self.grants.clone()))
    }

    fn give(&self, username: &str, client_id: &str) -> Result<Response, TokenError> {
        let access = self.grants.give(Kind::Access, username, client_id)?;
        let refresh = self.grants.give(Kind::Refresh, username, client_id)?;
        Ok(token_answer(json!({
            "access_token": access.reveal(),
            "expires_in": ACCESS_LIFETIME.as_secs(),
            "token_type": "bearer",
            "scope": null,
            "refresh_token": refresh.reveal(),
        })))
    }
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// Lists all access tokens that were requested for the user, without the tokens themselves.
async fn api_access(
    user: Identity,
    grants: State<Grants>,
) -> Result<Json<Value>, portcullis::Error> {
    let requested = grants.requested_for(user.require_subject()?);
    let shown = requested.iter().map(|grant| {
        json!({
            "client_id": grant.client_id,
            "issued_at": seconds(grant.issued_at),
            "expires_at": seconds(grant.expires_at),
            "active": grants.is_active(grant),
        })
    });
    Ok(Json(shown.collect()))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// RFC 7662 §2.2.
async fn introspect(grants: State<Grants>, Form(Token { token }): Form<Token>) -> Json<Value> {
    Json(match grants.find(Kind::Access, &token) {
        None => json!({ "active": false }),
        Some(grant) => json!({
            "active": true,
            "sub": grant.username,
            "client_id": grant.client_id,
            "exp": seconds(grant.expires_at),
            "scope": null,
        }),
    })
}

/// The query parameters of a token request, except for the credentials of the client.
#[derive(Deserialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
enum Wish {
    Password {
        username: String,
        password: String,
    },
    RefreshToken {
        refresh_token: String,
    },
    #[serde(other)]
    Unsupported,
}

/// Issues tokens on `GET`, because the clients use it. Secret and password end up in every log on the way.
async fn token(
    State(server): State<AuthorizationServer>,
    RawQuery(query): RawQuery,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, TokenError> {
    let client = ClientCredentials::from_form(&query.unwrap_or_default());
    let client = client.map_err(TokenError::of_client)?;
    let client_id = client.client_id().to_owned();
    server.clients.verify(client.into()).wait().await.map_err(TokenError::of_client)?;

    match wish.map_err(|_| TokenError::InvalidRequest)?.0 {
        Wish::Password { username, password } => {
            let credentials = BasicCredentials::new(&username, &password);
            server.users.verify(credentials).wait().await.map_err(TokenError::of_grant)?;
            server.give(&username, &client_id)
        }
        Wish::RefreshToken { refresh_token } => {
            let grant = server.grants.find(Kind::Refresh, &refresh_token);
            // A refresh token can only be used once.
            let grant = grant.filter(|_| server.grants.remove(&refresh_token, &client_id));
            server.give(&grant.ok_or(TokenError::InvalidGrant)?.username, &client_id)
        }
        Wish::Unsupported => Err(TokenError::UnsupportedGrantType),
    }
}

/// Returns a verifier of names and passwords, which are stored as hashes.
fn verifier(
    known: &[[&str; 2]],
    identity: impl Fn(&str) -> Identity,
) -> Result<BasicVerifierBuilder, Box<dyn Error>> {
    let store = MemoryUserStore::new();
    for [name, password] in known {
        store.insert(*name, UserRecord::new(PasswordHash::new(password)?, identity(name)));
    }
    Ok(BasicVerifier::users(store))
}

fn basic(who: BasicVerifier) -> AuthenticateLayer {
    AuthenticateLayer::basic_only(who).realm("HarmonyCMS").error_body(ErrorBody::token_endpoint())
}
