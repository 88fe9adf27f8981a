//! `POST /admin/revoke`, for an administrator with a separate token.

use axum::{Form, Router, extract::State, routing::post};
use http::StatusCode;
use portcullis::{
    AuthenticateLayer, BearerToken, Error, Identity, Secret, Verification, Verify,
    error::TokenFault, issuers::IssuersHandle, verify::Revocation,
};
use serde::Deserialize;

use crate::environment::bad;

/// Accepts only the token of the administrator.
struct Administrator(Secret);

impl Verify<BearerToken<'_>> for Administrator {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        let is_right = Secret::from(token.as_str()) == self.0;
        Verification::ready(if is_right {
            Ok(Identity::assertion().subject("admin").build())
        } else {
            Err(TokenFault::Rejected.into())
        })
    }
}

/// What to revoke: one or more of these.
#[derive(Deserialize)]
struct Revoke {
    token: Option<String>,
    jti: Option<String>,
    sub: Option<String>,
    sid: Option<String>,
    client_id: Option<String>,
}

pub(crate) fn routes(issuers: IssuersHandle, token: &str) -> Result<Router, String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !token.bytes().all(is_allowed) {
        return Err(bad("ADMIN_TOKEN", "…", "no client can send it as a Bearer token"));
    }
    let authenticate = AuthenticateLayer::bearer(Administrator(Secret::from(token))).realm("admin");
    let router = Router::new().route("/admin/revoke", post(revoke));
    Ok(router.with_state(issuers).layer(authenticate))
}

async fn revoke(
    State(issuers): State<IssuersHandle>,
    Form(form): Form<Revoke>,
) -> Result<StatusCode, Error> {
    let revocations = [
        form.token.map(Revocation::token),
        form.jti.map(Revocation::token_id),
        form.sub.map(Revocation::subject),
        form.sid.map(Revocation::session),
        form.client_id.map(Revocation::client),
    ];
    let mut status = StatusCode::BAD_REQUEST;
    for revocation in revocations.into_iter().flatten() {
        issuers.revoke(&revocation).await?;
        status = StatusCode::NO_CONTENT;
    }
    Ok(status)
}
