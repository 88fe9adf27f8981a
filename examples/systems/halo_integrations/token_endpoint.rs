//! The token endpoint: `POST /api/oauth/token?_user`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Form, State, rejection::FormRejection},
    response::Response,
    routing::post,
};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, Clock, ConfigError, ErrorBody, Identity,
    Verify,
    basic::{MemoryUserStore, UserStore},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    support::{TokenError, token_answer},
    tokens::{ACCESS_LIFETIME, Tokens},
};

#[derive(Clone)]
struct Endpoint {
    users: Arc<MemoryUserStore>,
    passwords: BasicVerifier,
    tokens: Tokens,
    clock: Arc<dyn Clock>,
}

/// Requires Basic: a program authenticates itself, or uses the password of the user.
pub(crate) fn router(
    users: Arc<MemoryUserStore>,
    tokens: Tokens,
    clock: impl Clock + Clone,
) -> Result<Router, ConfigError> {
    let passwords = BasicVerifier::users(Arc::clone(&users)).clock(clock.clone()).build()?;
    let basic = AuthenticateLayer::basic_only(passwords.clone())
        .realm("HALO")
        .error_body(ErrorBody::token_endpoint());
    let endpoint = Endpoint { users, passwords, tokens, clock: Arc::new(clock) };
    Ok(Router::new().route("/api/oauth/token", post(token)).route_layer(basic).with_state(endpoint))
}

#[derive(Deserialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
enum Grant {
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

async fn token(
    State(endpoint): State<Endpoint>,
    caller: Identity,
    grant: Result<Form<Grant>, FormRejection>,
) -> Result<Response, TokenError> {
    let Endpoint { users, passwords, tokens, clock } = endpoint;
    let client = caller.client_id().or(caller.subject()).unwrap_or_default();
    let (user, pair) = match grant.map_err(|_| TokenError::InvalidRequest)?.0 {
        Grant::Password { username, password } => {
            let credentials = BasicCredentials::new(&username, &password);
            let user = passwords.verify(credentials).wait().await.map_err(TokenError::of_grant)?;
            // Programs have no subject, because they are not users.
            let user = user.subject().ok_or(TokenError::InvalidGrant)?;
            if caller.subject().is_some_and(|caller| caller != user) {
                return Err(TokenError::UnauthorizedClient);
            }
            (user.to_owned(), tokens.log_in(user, client, clock.now())?)
        }
        Grant::RefreshToken { refresh_token } => {
            tokens.refresh(&refresh_token, client, clock.now()).map_err(TokenError::of_grant)?
        }
        Grant::Unsupported => return Err(TokenError::UnsupportedGrantType),
    };
    let user = users.look_up(&user).await?.ok_or(TokenError::InvalidGrant)?;
    Ok(token_answer(json!({
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "expires_in": ACCESS_LIFETIME.as_secs(),
        "scope": user.identity().scopes().as_str(),
        "token_type": "Bearer",
    })))
}
