//! Routes to create, list and revoke personal access tokens.

use std::time::{Duration, SystemTime};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response, Result},
    routing::{delete, get},
};
use portcullis::{
    Error, Identity, Scope, ScopeSet,
    own_tokens::{TokenRecord, TokenUse},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{support::token_answer, tokens::Tokens};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The document recommends 30 to 90 days. The expiration is optional.
const MAX_DAYS: u32 = 366;

pub(crate) fn router(tokens: Tokens) -> Router {
    Router::new()
        .route("/api/v1alpha1/personalaccesstokens", get(list).post(create))
        .route("/api/v1alpha1/personalaccesstokens/{id}", delete(revoke))
        .route("/api/v1alpha1/personalaccesstokens/{id}/uses", get(uses))
        .with_state(tokens)
}

#[derive(Deserialize)]
struct Wish {
    name: String,
    scopes: Vec<String>,
    days: Option<u32>,
}

/// The only response that contains the token.
async fn create(
    who: Identity,
    State(tokens): State<Tokens>,
    Json(wish): Json<Wish>,
) -> Result<Response> {
    for scope in &wish.scopes {
        // A user can only grant scopes that they have.
        who.require(Scope::new(scope.as_str()).map_err(|_| StatusCode::BAD_REQUEST)?)?;
    }
    let now = tokens.now();
    let end = match wish.days {
        None => None,
        Some(days @ 1..=MAX_DAYS) => now.checked_add(DAY.saturating_mul(days)),
        Some(_) => return Err(StatusCode::BAD_REQUEST.into()),
    };
    let user = who.require_subject()?;
    let (token, record) = tokens.issue(|id| {
        TokenRecord::new(id, user)
            .name(wish.name)
            .scopes(wish.scopes.iter().map(String::as_str).collect::<ScopeSet>())
            .issued_at(now)
            .expires_at(end)
    })?;
    let mut shown = shown(&tokens, &record);
    if let Value::Object(members) = &mut shown {
        members.insert("token".to_owned(), token.reveal().into());
    }
    Ok((StatusCode::CREATED, token_answer(shown)).into_response())
}

async fn list(who: Identity, State(tokens): State<Tokens>) -> Result<Json<Vec<Value>>, Error> {
    let list = tokens.list(who.require_subject()?);
    Ok(Json(list.iter().map(|record| shown(&tokens, record)).collect()))
}

/// Returns the audit trail: which routes were called with the token, and when.
async fn uses(
    who: Identity,
    State(tokens): State<Tokens>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Value>>> {
    let uses = tokens.uses_of(who.require_subject()?, &id).ok_or(StatusCode::NOT_FOUND)?;
    let shown = |used: &TokenUse| {
        json!({
            "at": seconds(Some(used.at())),
            "method": used.method().map(Method::as_str),
            "path": used.path(),
        })
    };
    Ok(Json(uses.iter().map(shown).collect()))
}

async fn revoke(
    who: Identity,
    State(tokens): State<Tokens>,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let was_there = tokens.revoke(who.require_subject()?, &id);
    Ok(if was_there { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
}

/// Renders a stored token for its user.
fn shown(tokens: &Tokens, record: &TokenRecord) -> Value {
    json!({
        "id": record.id,
        "name": record.name,
        "scopes": record.scopes.iter().collect::<Vec<_>>(),
        "expires_at": seconds(record.expires_at),
        "revoked_at": seconds(record.revoked_at),
        "last_used_at": seconds(tokens.last_use(&record.id)),
    })
}

fn seconds(time: Option<SystemTime>) -> Option<u64> {
    let since = time?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}
