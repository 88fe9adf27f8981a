//! Extractors of credentials, which need no layer.

use axum::{Router, body::Body, extract::FromRequestParts, routing::get};
use http::Request;
use portcullis::{
    BasicCredentials, Error,
    credentials::{ClientCredentials, Credentials, CredentialsRejection},
};

use crate::{
    credentials::{VALID_BASIC, VALID_TOKEN},
    support::{TestResponse, send, with_authorization},
};

const BASIC: &str = r#"Basic realm="restricted", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="restricted""#;
const TOKEN: &str = r#"token realm="restricted""#;

fn lines(response: &TestResponse) -> Vec<&str> {
    let lines = response.headers.get_all("www-authenticate").iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

async fn ask(app: &Router, line: Option<&str>) -> TestResponse {
    let request = match line {
        Some(line) => with_authorization(line),
        None => Request::new(Body::empty()),
    };
    send(app, request).await
}

fn named(credentials: Option<Credentials<'static>>) -> String {
    match credentials {
        None => "none".to_owned(),
        Some(Credentials::Basic(user)) => format!("{} {}", user.user_id(), user.password()),
        Some(Credentials::Bearer(token)) => format!("Bearer {}", token.as_str()),
        Some(Credentials::Token(token)) => format!("token {}", token.as_str()),
        Some(other) => format!("{other:?}"),
    }
}

#[tokio::test]
async fn credentials_of_every_supported_scheme_are_extracted() {
    let required =
        Router::new().route("/", get(async |one: Credentials<'static>| named(Some(one))));
    let optional = Router::new().route("/", get(async |one: Option<_>| named(one)));
    for (line, found) in [
        (format!("Bearer {VALID_TOKEN}"), format!("Bearer {VALID_TOKEN}")),
        (format!("bEARER   {VALID_TOKEN}"), format!("Bearer {VALID_TOKEN}")),
        (format!("token {VALID_TOKEN}"), format!("token {VALID_TOKEN}")),
        (format!("Basic {VALID_BASIC}"), "alice open sesame".to_owned()),
    ] {
        for app in [&required, &optional] {
            assert_eq!(ask(app, Some(&line)).await.body, found, "{line}");
        }
    }
    for line in [None, Some(""), Some("Digest username=\"a\""), Some("Bearers abc")] {
        let response = ask(&required, line).await;
        assert_eq!(response.status, 401, "{line:?}");
        assert_eq!(lines(&response), [BEARER, BASIC, TOKEN], "{line:?}");
        assert_eq!(ask(&optional, line).await.body, "none", "{line:?}");
    }
}

#[tokio::test]
async fn malformed_credentials_are_400_with_one_challenge() {
    let malformed = r#", error="invalid_request", error_description="Malformed credentials.""#;
    let (bearer, token) = (format!("{BEARER}{malformed}"), format!("{TOKEN}{malformed}"));
    let required =
        Router::new().route("/", get(async |one: Credentials<'static>| named(Some(one))));
    let optional = Router::new().route("/", get(async |one: Option<_>| named(one)));
    for (line, challenge) in
        [("Bearer a b", &*bearer), ("Bearer", &bearer), ("token =", &token), ("Basic YTo", BASIC)]
    {
        for app in [&required, &optional] {
            let response = ask(app, Some(line)).await;
            assert_eq!(
                (response.status.as_u16(), lines(&response)),
                (400, vec![challenge]),
                "{line}"
            );
        }
    }
    for line in ["Bearer a, Bearer b", "Basic YTo=, Bearer b", "Negotiate a, token b"] {
        for app in [&required, &optional] {
            let response = ask(app, Some(line)).await;
            assert_eq!(response.json()["error"], "invalid_request", "{line}");
            assert_eq!(lines(&response).len(), 3, "{line}");
        }
    }
}

#[tokio::test]
async fn a_user_id_and_a_password_are_extracted_unverified() {
    let required = Router::new().route(
        "/",
        get(async |user: BasicCredentials| format!("{} {}", user.user_id(), user.password())),
    );
    let optional = Router::new().route(
        "/",
        get(async |user: Option<BasicCredentials>| match user {
            Some(user) => format!("{} {}", user.user_id(), user.password()),
            None => "none".to_owned(),
        }),
    );
    for app in [&required, &optional] {
        let valid = ask(app, Some(&format!("basic {VALID_BASIC}"))).await;
        assert_eq!(valid.body, "alice open sesame");
        for line in ["Basic", "Basic YTo", "Basic !", "Basic YTo=, Basic YTo="] {
            let response = ask(app, Some(line)).await;
            assert_eq!((response.status.as_u16(), lines(&response)), (400, vec![BASIC]), "{line}");
            assert_eq!(response.json()["error"], "invalid_request", "{line}");
        }
    }
    for line in [None, Some(""), Some("Bearer abc")] {
        let response = ask(&required, line).await;
        assert_eq!((response.status.as_u16(), lines(&response)), (401, vec![BASIC]), "{line:?}");
        assert_eq!(ask(&optional, line).await.body, "none", "{line:?}");
    }
}

#[tokio::test]
async fn client_credentials_are_form_decoded() {
    let app = Router::new()
        .route("/", get(async |client: ClientCredentials| client.client_id().to_owned()));
    // rs%3Aodd:a%2Bb+c
    assert_eq!(ask(&app, Some("Basic cnMlM0FvZGQ6YSUyQmIrYw==")).await.body, "rs:odd");
    for (line, status) in [
        (None, 401),
        (Some("Bearer abc"), 401),
        // a%:b
        (Some("Basic YSU6Yg=="), 400),
        (Some("Basic YTo"), 400),
    ] {
        let response = ask(&app, line).await;
        assert_eq!((response.status.as_u16(), lines(&response)), (status, vec![BASIC]), "{line:?}");
    }
}

#[tokio::test]
async fn a_rejection_has_the_message_and_the_cause_of_its_error() {
    let (mut parts, _) = with_authorization("Basic a:b").into_parts();
    let rejection =
        <Credentials<'static> as FromRequestParts<()>>::from_request_parts(&mut parts, &())
            .await
            .unwrap_err();
    assert_eq!(rejection.to_string(), rejection.error().to_string());
    assert!(!rejection.to_string().is_empty());
    let rejection = CredentialsRejection::from(Error::unavailable("the store is down"));
    let source = std::error::Error::source(&rejection).unwrap();
    assert_eq!(source.to_string(), "the store is down");
}
