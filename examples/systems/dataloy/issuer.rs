//! The external issuer, such as Auth0. Here, it is a [`TestIssuer`] with a token endpoint and a key set.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use portcullis::{
    Algorithm, Secret,
    testing::{TestClock, TestIssuer, TokenBuilder},
};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{TokenError, token_answer};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const CLIENT: [&str; 2] = ["demo-client", "demo-secret"];

#[derive(Clone)]
pub(crate) struct Issuer {
    tokens: TestIssuer,
    audiences: Arc<[&'static str]>,
}

impl Issuer {
    /// Starts an issuer on a free loopback port, for these audiences.
    pub(crate) async fn serve(audiences: impl Into<Arc<[&'static str]>>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let name = format!("http://{}/", listener.local_addr()?);
        let tokens = TestIssuer::with_clock(name, TestClock::running());
        tokens.publish(Algorithm::Rs256);
        let issuer = Self { tokens, audiences: audiences.into() };
        let app = Router::new()
            .route("/oauth/token", post(token))
            .route("/.well-known/jwks.json", get(keys))
            .with_state(issuer.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(issuer)
    }

    /// Returns the `iss` of its tokens. It ends with a slash, which is significant.
    pub(crate) fn name(&self) -> &str {
        self.tokens.issuer()
    }

    pub(crate) fn token_url(&self) -> String {
        format!("{}oauth/token", self.name())
    }

    pub(crate) fn jwks_uri(&self) -> String {
        format!("{}.well-known/jwks.json", self.name())
    }

    /// Returns an expired token.
    pub(crate) fn expired_token(&self, audience: &str) -> String {
        let (from, to) = (1_573_539_960, 1_573_626_360);
        self.token(CLIENT[0], audience).claim("iat", json!(from)).claim("exp", json!(to)).mint()
    }

    fn token(&self, client_id: &str, audience: &str) -> TokenBuilder {
        self.tokens
            .token()
            .algorithm(Algorithm::Rs256)
            .header("typ", json!("JWT"))
            .subject(&format!("{client_id}@clients"))
            .audience(audience)
            .expires_in(DAY)
            .without_claim("client_id")
            .claim("azp", json!(client_id))
            .claim("gty", json!("client-credentials"))
    }
}

#[derive(Deserialize)]
struct TokenRequest {
    client_id: String,
    client_secret: String,
    audience: String,
    grant_type: String,
}

/// The body is read regardless of its `Content-Type`: the document names none, and `curl -d` calls it
/// a form.
async fn token(State(issuer): State<Issuer>, body: Bytes) -> Result<Response, TokenError> {
    let request: TokenRequest =
        serde_json::from_slice(&body).map_err(|_| TokenError::InvalidRequest)?;
    let [client_id, secret] = CLIENT;
    // `Secret` compares in constant time.
    let is_right = Secret::from(request.client_secret) == Secret::from(secret);
    if request.client_id != client_id || !is_right {
        return Err(TokenError::InvalidClient);
    }
    if request.grant_type != "client_credentials" {
        return Err(TokenError::UnsupportedGrantType);
    }
    if !issuer.audiences.contains(&request.audience.as_str()) {
        return Err(TokenError::InvalidTarget);
    }
    Ok(token_answer(json!({
        "access_token": issuer.token(client_id, &request.audience).mint(),
        "expires_in": DAY.as_secs(),
        "token_type": "Bearer",
    })))
}

async fn keys(State(issuer): State<Issuer>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], issuer.tokens.jwk_set())
}
