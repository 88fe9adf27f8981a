//! `rs-authentication`: the token endpoint.

use std::{
    collections::HashMap,
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::post,
};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, ConfigError, ErrorBody, Identity, Verify,
    basic::{MemoryUserStore, PasswordHash, UserRecord},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    access::{Access, ISSUER, Role, SERVICES, User},
    support::{TokenError, token_answer},
};

/// The lifetime in the document.
const LIFETIME: Duration = Duration::from_secs(43_199);

#[derive(Clone)]
struct Endpoint {
    access: Access,
    /// The users of each project. The same name may be a different user in another project.
    projects: Arc<HashMap<&'static str, BasicVerifier>>,
}

/// Requires Basic with the credentials of the client.
pub(crate) fn router(access: &Access) -> Result<Router, Box<dyn Error>> {
    let clients = MemoryUserStore::new();
    let client = Identity::assertion().client_id("client").build();
    clients.insert("client", UserRecord::new(PasswordHash::new("secret")?, client));
    let basic = AuthenticateLayer::basic_only(passwords(access, clients)?)
        .realm("REGARDS")
        .error_body(ErrorBody::token_endpoint());

    let (one, other) = (MemoryUserStore::new(), MemoryUserStore::new());
    insert(&one, "project1", "user@regards.fr", "user-password", Role::User)?;
    insert(&one, "project1", "admin@regards.fr", "admin-password", Role::Admin)?;
    insert(&other, "project2", "admin@regards.fr", "other-password", Role::Admin)?;
    let projects = HashMap::from([
        ("project1", passwords(access, one)?),
        ("project2", passwords(access, other)?),
    ]);
    let endpoint = Endpoint { access: access.clone(), projects: Arc::new(projects) };
    Ok(Router::new()
        .route("/api/v1/rs-authentication/oauth/token", post(token))
        .layer(basic)
        .with_state(endpoint))
}

fn passwords(access: &Access, users: MemoryUserStore) -> Result<BasicVerifier, ConfigError> {
    BasicVerifier::users(users).clock(Arc::clone(&access.clock)).build()
}

fn insert(
    users: &MemoryUserStore,
    tenant: &str,
    email: &str,
    password: &str,
    role: Role,
) -> Result<(), Box<dyn Error>> {
    let user = User { sub: email.into(), email: email.into(), role, tenant: tenant.into() };
    let claims = serde_json::to_string(&user)?;
    let identity = Identity::assertion().subject(email).claims_json(claims).build();
    users.insert(email, UserRecord::new(PasswordHash::new(password)?, identity));
    Ok(())
}

#[derive(Deserialize)]
struct Grant {
    #[serde(rename = "grant_type", alias = "grant-type")]
    kind: String,
    scope: String,
    username: String,
    password: String,
}

async fn token(
    State(Endpoint { access, projects }): State<Endpoint>,
    grant: Result<Query<Grant>, QueryRejection>,
) -> Result<Response, TokenError> {
    let Query(grant) = grant.map_err(|_| TokenError::InvalidRequest)?;
    if grant.kind != "password" {
        return Err(TokenError::UnsupportedGrantType);
    }
    let users = projects.get(grant.scope.as_str()).ok_or(TokenError::InvalidScope)?;
    let credentials = BasicCredentials::new(&grant.username, &grant.password);
    let identity = users.verify(credentials).wait().await.map_err(TokenError::of_grant)?;
    let User { sub, email, role, tenant } = &*identity.claims::<User>()?;

    let now = access.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let access_token = access.key.sign(&json!({
        "iss": ISSUER,
        "aud": SERVICES,
        "sub": sub,
        "email": email,
        "role": role,
        "tenant": tenant,
        "scope": tenant,
        "iat": now.as_secs(),
        "exp": now.saturating_add(LIFETIME).as_secs(),
    }))?;
    Ok(token_answer(json!({
        "access_token": access_token,
        "email": email,
        "expires_in": LIFETIME.as_secs(),
        "role": role,
        "scope": tenant,
        "sub": sub,
        "tenant": tenant,
        "token_type": "bearer",
    })))
}
