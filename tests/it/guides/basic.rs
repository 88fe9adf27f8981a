//! The code of `docs/basic.md`.

use std::net::SocketAddr;

use axum::{Router, body::Body, extract::ConnectInfo, routing::get};
use http::Request;
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, ConfigError, Error, ErrorBody, Identity,
    JwtVerifier, ScopeSet, Secret,
    basic::{MemoryUserStore, PasswordHash, UserRecord, UserStore},
    credentials::{GuessKey, RequestHead},
    testing::TestIssuer,
};

use crate::support::{TestResponse, send};

#[test]
fn the_guide_shows_tested_code() {
    let page = include_str!("../../../docs/basic.md");
    super::assert_tested(page, include_str!("basic.rs"));
}

struct Users(MemoryUserStore);

impl UserStore for Users {
    async fn look_up(&self, user_id: &str) -> Result<Option<UserRecord>, Error> {
        // A query of your database, which returns an Argon2, scrypt or bcrypt hash.
        self.0.look_up(user_id).await
    }
}

fn users(users: Users) -> Result<AuthenticateLayer, ConfigError> {
    let verifier = BasicVerifier::users(users).build()?;
    Ok(AuthenticateLayer::basic_only(verifier).realm("orders"))
}

fn function(password: Secret) -> Result<BasicVerifier, ConfigError> {
    BasicVerifier::builder(move |credentials: BasicCredentials| {
        let is_correct = Secret::from(credentials.password()) == password;
        async move {
            let identity = Identity::assertion().subject(credentials.user_id());
            let scopes = ScopeSet::from_wire("orders:read");
            Ok(is_correct.then(|| identity.scopes(scopes).build()))
        }
    })
    .build()
}

fn both(verifier: JwtVerifier, passwords: BasicVerifier) -> AuthenticateLayer {
    AuthenticateLayer::bearer(verifier)
        .basic(passwords)
        .without_basic_challenge_for_scripts()
        .realm("orders")
}

fn client_address(request: &RequestHead<'_>) -> Option<GuessKey> {
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    Some(connection.0.into())
}

fn by_address(passwords: BasicVerifier) -> AuthenticateLayer {
    AuthenticateLayer::basic_only(passwords).guess_key(client_address)
}

fn token_endpoint(clients: BasicVerifier) -> AuthenticateLayer {
    AuthenticateLayer::basic_only(clients).error_body(ErrorBody::token_endpoint())
}

async fn call(layer: AuthenticateLayer, credentials: Option<&str>) -> TestResponse {
    let app = Router::new().route("/", get("orders")).layer(layer);
    let mut request = Request::get("/");
    if let Some(credentials) = credentials {
        request = request.header("authorization", credentials);
    }
    send(&app, request.body(Body::empty()).unwrap()).await
}

const CORRECT: &str = "Basic YWxpY2U6b3BlbiBzZXNhbWU=";
const INCORRECT: &str = "Basic YWxpY2U6YWJyYWNhZGFicmE=";

#[tokio::test]
async fn each_configuration_accepts_the_correct_password() {
    let store = Users(MemoryUserStore::new());
    let alice = Identity::assertion().subject("alice").build();
    store.0.insert("alice", UserRecord::new(PasswordHash::new("open sesame").unwrap(), alice));
    let issuer = TestIssuer::new();
    let jwts = issuer.verifier().audience("https://api.example").build().unwrap();
    let passwords = || function(Secret::from("open sesame")).unwrap();
    for layer in [
        users(store).unwrap(),
        both(jwts, passwords()),
        by_address(passwords()),
        token_endpoint(passwords()),
    ] {
        assert_eq!(call(layer.clone(), Some(CORRECT)).await.status, 200);
        assert_eq!(call(layer.clone(), Some(INCORRECT)).await.status, 401);
        assert_eq!(call(layer, None).await.status, 401);
    }
}

#[tokio::test]
async fn a_token_endpoint_responds_with_invalid_client() {
    let layer = token_endpoint(function(Secret::from("open sesame")).unwrap());
    assert_eq!(call(layer, Some(INCORRECT)).await.json()["error"], "invalid_client");
}
