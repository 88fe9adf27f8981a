//! An authorization server with opaque tokens: it gives them, revokes them, and says whether they are
//! good.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use axum::{
    Form, Json, Router,
    extract::{Query, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};
use portcullis::{
    ClientCredentials, ConfigError, Error, IntrospectionVerifier, NewToken, OwnTokenFormat, Secret,
    TokenDigest,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{TokenError, token_answer};

const HOUR: u64 = 60 * 60;
const FORTNIGHT: u64 = 14 * 24 * HOUR;
/// A real server keeps hashes, as [`PasswordHash`](portcullis::PasswordHash) does.
const USERS: [[&str; 2]; 2] = [["alice", "wonderland"], ["bob", "builder"]];
const CLIENTS: [[&str; 2]; 1] = [["demo-site", "demo-secret"]];

#[derive(Clone)]
pub(crate) struct AuthorizationServer {
    format: OwnTokenFormat,
    grants: Arc<Mutex<HashMap<TokenDigest, Grant>>>,
}

/// What is on file for a token. The token itself isn't.
struct Grant {
    is_access: bool,
    username: String,
    client_id: String,
    /// In seconds since 1970.
    expires_at: u64,
}

impl AuthorizationServer {
    pub(crate) fn new() -> Result<Self, ConfigError> {
        Ok(Self { format: OwnTokenFormat::new("harmony")?, grants: Arc::default() })
    }

    /// What clients call. `verifier` is told of tokens that are revoked.
    pub(crate) fn endpoints(&self, verifier: IntrospectionVerifier) -> Router {
        let revoke = async move |State(server): State<Self>, headers: HeaderMap, Form(form)| {
            server.revoke(&headers, form, &verifier)
        };
        Router::new()
            .route("/token", get(token))
            .route("/revoke", post(revoke))
            .with_state(self.clone())
    }

    /// What our own services call, at an address that nobody else is told: its answer.
    pub(crate) async fn serve_introspection(
        &self,
        service: [&'static str; 2],
    ) -> io::Result<String> {
        let introspect = async move |State(server): State<Self>, headers: HeaderMap, Form(form)| {
            let known = client(&[service], ClientCredentials::from_headers(&headers));
            known.map(|_| Json(server.introspect(form)))
        };
        let app = Router::new().route("/introspect", post(introspect)).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/introspect", listener.local_addr()?);
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(url)
    }

    /// RFC 7662 §2.2.
    fn introspect(&self, TokenForm { token }: TokenForm) -> Value {
        let grants = self.grants();
        let grant = grants.get(&TokenDigest::of(&token));
        match grant.filter(|grant| grant.is_access && grant.is_current()) {
            None => json!({ "active": false }),
            Some(grant) => json!({
                "active": true,
                "sub": grant.username,
                "client_id": grant.client_id,
                "exp": grant.expires_at,
                "scope": null,
            }),
        }
    }

    /// RFC 7009: by the client that the token was given to. Any other token is as good as revoked.
    fn revoke(
        &self,
        headers: &HeaderMap,
        TokenForm { token }: TokenForm,
        verifier: &IntrospectionVerifier,
    ) -> Result<StatusCode, TokenError> {
        let client_id = client(&CLIENTS, ClientCredentials::from_headers(headers))?;
        let digest = TokenDigest::of(&token);
        let is_own = self.grants().get(&digest).is_some_and(|it| it.client_id == client_id);
        if is_own {
            self.grants().remove(&digest);
            verifier.invalidate(&token);
        }
        Ok(StatusCode::OK)
    }

    fn give(&self, username: &str, client_id: &str) -> Result<Response, TokenError> {
        let access = self.issue(true, HOUR, username, client_id)?;
        let refresh = self.issue(false, FORTNIGHT, username, client_id)?;
        Ok(token_answer(json!({
            "access_token": access.reveal(),
            "expires_in": HOUR,
            "token_type": "bearer",
            "scope": null,
            "refresh_token": refresh.reveal(),
        })))
    }

    fn issue(
        &self,
        is_access: bool,
        seconds: u64,
        username: &str,
        client_id: &str,
    ) -> Result<NewToken, Error> {
        let token = self.format.generate()?;
        let (username, client_id) = (username.to_owned(), client_id.to_owned());
        let expires_at = now().saturating_add(seconds);
        let grant = Grant { is_access, username, client_id, expires_at };
        self.grants().insert(token.digest(), grant);
        Ok(token)
    }

    fn grants(&self) -> MutexGuard<'_, HashMap<TokenDigest, Grant>> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Grant {
    fn is_current(&self) -> bool {
        now() < self.expires_at
    }
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs())
}

#[derive(Deserialize)]
struct TokenForm {
    token: String,
}

/// What is in the query beside the client's credentials.
#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    refresh_token: String,
}

/// RFC 6749 §4.3 and §6, but by `GET`, as the clients do it: the secret and the password are in every
/// log on the way.
async fn token(
    State(server): State<AuthorizationServer>,
    RawQuery(query): RawQuery,
    Query(request): Query<TokenRequest>,
) -> Result<Response, TokenError> {
    let credentials = ClientCredentials::from_form(&query.unwrap_or_default());
    let client_id = client(&CLIENTS, credentials)?;
    match request.grant_type.as_str() {
        "password" if is_right(&USERS, &request.username, &Secret::from(request.password)) => {
            server.give(&request.username, &client_id)
        }
        "password" => Err(TokenError::InvalidGrant),
        "refresh_token" => {
            // Each serves once, so what a thief has used is no good to the client, and it shows.
            let used = server.grants().remove(&TokenDigest::of(&request.refresh_token));
            let grant = used.filter(|grant| !grant.is_access && grant.is_current());
            let grant = grant.filter(|grant| grant.client_id == client_id);
            server.give(&grant.ok_or(TokenError::InvalidGrant)?.username, &client_id)
        }
        _ => Err(TokenError::UnsupportedGrantType),
    }
}

/// The client, if its secret is right.
fn client(
    known: &[[&str; 2]],
    credentials: Result<ClientCredentials, Error>,
) -> Result<String, TokenError> {
    let credentials = credentials.map_err(|_| TokenError::InvalidClient)?;
    let client_id = credentials.client_id();
    is_right(known, client_id, credentials.secret())
        .then(|| client_id.to_owned())
        .ok_or(TokenError::InvalidClient)
}

/// `Secret` compares in constant time.
fn is_right(known: &[[&str; 2]], name: &str, secret: &Secret) -> bool {
    known.iter().any(|[one, right]| *one == name && *secret == Secret::from(*right))
}
