//! The variables about introspection.

use axum::{Form, Json, Router, extract::State, routing::post};
use http::HeaderMap;
use portcullis::testing::{ServedIssuer, TestIssuer};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use super::{API, serve};
use crate::program::Server;

async fn issuer() -> ServedIssuer {
    let issuer = TestIssuer::serve().await.unwrap();
    issuer.register_client("rs@api", "s3cret+/=");
    issuer
}

/// The variables of the endpoint and its client, and others.
fn with<'a>(url: &'a str, others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut variables = vec![
        ("INTROSPECTION_URL", url),
        ("INTROSPECTION_CLIENT_ID", "rs@api"),
        ("INTROSPECTION_CLIENT_SECRET", "s3cret+/="),
    ];
    variables.extend_from_slice(others);
    variables
}

fn url(issuer: &ServedIssuer) -> String {
    format!("{}/introspect", issuer.issuer())
}

#[tokio::test]
async fn with_an_issuer_only_opaque_tokens_are_introspected() {
    let issuer = issuer().await;
    let server = serve(&issuer, &with(&url(&issuer), &[]));
    for (token, expected, introspections) in [
        (issuer.token().audience(API).mint(), 200, 0),
        (issuer.token().audience(API).mint_opaque(), 200, 1),
        (issuer.token().audience("https://other.example").mint_opaque(), 401, 2),
        ("unknown".to_owned(), 401, 3),
    ] {
        assert_eq!(server.ask("GET /me", Some(&token)).await.status, expected, "{token}");
        assert_eq!(issuer.requests_to("/introspect"), introspections, "{token}");
    }
}

#[tokio::test]
async fn without_an_issuer_every_token_is_introspected_in_any_form() {
    let issuer = issuer().await;
    let server = Server::start("server", &with(&url(&issuer), &[("AUDIENCE", API)]));
    let valid = || issuer.token().audience(API).scope("api:read");
    let revoked = valid().subject("mallory").mint();
    issuer.revoke(&*revoked);
    for (token, expected) in [
        (valid().mint_opaque(), 200),
        (valid().mint(), 200),
        (valid().header("typ", json!("JWT")).mint(), 200),
        (valid().mint_unsigned(), 401),
        (revoked, 401),
        ("a.b.c.d.e".to_owned(), 401),
    ] {
        let before = issuer.requests_to("/introspect");
        let response = server.ask("GET /read", Some(&token)).await;
        assert_eq!(response.status, expected, "{token}");
        assert_eq!(issuer.requests_to("/introspect"), before + 1, "{token}");
    }
    assert_eq!(issuer.requests_to("/jwks"), 0);
    assert_eq!(server.ask("GET /readyz", None).await.status, 200);
}

#[tokio::test]
async fn the_client_authenticates_with_the_header_or_with_the_form() {
    // `rs%40api:s3cret%2B%2F%3D`, form-encoded as in RFC 6749 §2.3.1.
    const BASIC: (Option<&str>, bool) = (Some("Basic cnMlNDBhcGk6czNjcmV0JTJCJTJGJTNE"), false);
    for (auth, expected) in [("", BASIC), ("basic", BASIC), ("post", (None, true))] {
        let (url, mut requests) = recording_endpoint().await;
        let others = [("AUDIENCE", API), ("INTROSPECTION_AUTH", auth)];
        let server = Server::start("server", &with(&url, &others));
        assert_eq!(server.ask("GET /me", Some("opaque")).await.status, 200, "{auth}");
        let (authorization, form) = requests.recv().await.unwrap();
        let client = [("client_id", "rs@api"), ("client_secret", "s3cret+/=")];
        let has_client = client.map(|(name, value)| form.contains(&(name.into(), value.into())));
        assert_eq!((authorization.as_deref(), has_client), (expected.0, [expected.1; 2]), "{auth}");
    }
}

type Request = (Option<String>, Vec<(String, String)>);

/// An endpoint that reports every token as active, and returns `Authorization` and the form of each request.
async fn recording_endpoint() -> (String, mpsc::UnboundedReceiver<Request>) {
    async fn introspect(
        State(requests): State<mpsc::UnboundedSender<Request>>,
        headers: HeaderMap,
        Form(form): Form<Vec<(String, String)>>,
    ) -> Json<Value> {
        let authorization = headers.get("authorization").map(|it| it.to_str().unwrap().to_owned());
        requests.send((authorization, form)).unwrap();
        Json(json!({ "active": true, "aud": API }))
    }
    let (sender, requests) = mpsc::unbounded_channel();
    let app = Router::new().route("/introspect", post(introspect)).with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/introspect", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, app).into_future());
    (url, requests)
}

#[tokio::test]
async fn an_audience_is_required_unless_it_is_ignored() {
    let issuer = issuer().await;
    for (variable, expected) in [("", [200, 401, 401]), ("required", [200, 401, 401])] {
        let others = [("AUDIENCE", API), ("INTROSPECTION_AUDIENCE", variable)];
        check_audiences(&issuer, &others, expected).await;
    }
    for (audience, expected) in [(API, [200, 401, 200]), ("", [401, 401, 200])] {
        let others = [("AUDIENCE", audience), ("INTROSPECTION_AUDIENCE", "ignore")];
        check_audiences(&issuer, &others, expected).await;
    }
}

/// The statuses of tokens for this service, for another one, and for none.
async fn check_audiences(issuer: &ServedIssuer, others: &[(&str, &str)], expected: [u16; 3]) {
    let server = Server::start("server", &with(&url(issuer), others));
    let valid = || issuer.token().audience(API);
    let tokens =
        [valid(), issuer.token().audience("https://other.example"), valid().without_claim("aud")];
    for (token, expected) in tokens.into_iter().zip(expected) {
        let shown = format!("{others:?} {token:?}");
        let token = token.mint_opaque();
        assert_eq!(server.ask("GET /me", Some(&token)).await.status, expected, "{shown}");
    }
}

#[tokio::test]
async fn scopes_and_required_claims_are_read_from_responses_too() {
    let issuer = issuer().await;
    let variables = [("SCOPE_CLAIM", "permissions"), ("REQUIRE_CLAIM", "tenant=acme")];
    let server = serve(&issuer, &with(&url(&issuer), &variables));
    let valid = || {
        let token = issuer.token().audience(API).claim("tenant", json!("acme"));
        token.claim("permissions", json!(["api:read"]))
    };
    for (token, expected) in [
        (valid(), 200),
        (valid().without_claim("permissions"), 403),
        (valid().without_claim("tenant"), 401),
        (valid().claim("tenant", json!("evil")), 401),
    ] {
        let shown = format!("{token:?}");
        let token = token.mint_opaque();
        assert_eq!(server.ask("GET /read", Some(&token)).await.status, expected, "{shown}");
    }
}
