//! Credentials as extractors, which need no layer. `BearerToken` is tested with the layer's behaviour.

use axum::{Router, body::Body, routing::get};
use http::Request;
use portcullis::{BasicCredentials, ClientCredentials, Credentials};

use crate::{
    credentials::{GOOD, RIGHT},
    support::{Answer, send, with_authorization},
};

const BASIC: &str = r#"Basic realm="restricted", charset="UTF-8""#;

fn lines(answer: &Answer) -> Vec<&str> {
    let lines = answer.headers.get_all("www-authenticate").iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

async fn ask(app: &Router, line: Option<&str>) -> Answer {
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
async fn credentials_are_of_any_scheme_that_is_known() {
    let needs = Router::new().route("/", get(async |one: Credentials<'static>| named(Some(one))));
    let may_have = Router::new().route("/", get(async |one: Option<_>| named(one)));
    for (line, found) in [
        (format!("Bearer {GOOD}"), format!("Bearer {GOOD}")),
        (format!("bEARER   {GOOD}"), format!("Bearer {GOOD}")),
        (format!("token {GOOD}"), format!("token {GOOD}")),
        (format!("Basic {RIGHT}"), "alice open sesame".to_owned()),
    ] {
        for app in [&needs, &may_have] {
            assert_eq!(ask(app, Some(&line)).await.body, found, "{line}");
        }
    }
    for line in [None, Some(""), Some("Digest username=\"a\""), Some("Bearers abc")] {
        let answer = ask(&needs, line).await;
        assert_eq!(answer.status, 401, "{line:?}");
        assert_eq!(lines(&answer), ["Bearer", BASIC, "token"], "{line:?}");
        assert_eq!(ask(&may_have, line).await.body, "none", "{line:?}");
    }
}

#[tokio::test]
async fn malformed_ones_are_400_with_the_challenge_of_their_scheme() {
    let malformed = r#" error="invalid_request", error_description="Malformed credentials.""#;
    let (bearer, token) = (format!("Bearer{malformed}"), format!("token{malformed}"));
    let needs = Router::new().route("/", get(async |one: Credentials<'static>| named(Some(one))));
    let may_have = Router::new().route("/", get(async |one: Option<_>| named(one)));
    for (line, challenge) in
        [("Bearer a b", &*bearer), ("Bearer", &bearer), ("token =", &token), ("Basic YTo", BASIC)]
    {
        for app in [&needs, &may_have] {
            let answer = ask(app, Some(line)).await;
            assert_eq!((answer.status.as_u16(), lines(&answer)), (400, vec![challenge]), "{line}");
        }
    }
    for line in ["Bearer a, Bearer b", "Basic YTo=, Bearer b", "Negotiate a, token b"] {
        for app in [&needs, &may_have] {
            let answer = ask(app, Some(line)).await;
            assert_eq!(answer.json()["error"], "invalid_request", "{line}");
            assert_eq!(lines(&answer).len(), 3, "{line}");
        }
    }
}

#[tokio::test]
async fn a_user_id_and_a_password_are_extracted_unverified() {
    let needs = Router::new().route(
        "/",
        get(async |user: BasicCredentials| format!("{} {}", user.user_id(), user.password())),
    );
    let may_have = Router::new().route(
        "/",
        get(async |user: Option<BasicCredentials>| match user {
            Some(user) => format!("{} {}", user.user_id(), user.password()),
            None => "none".to_owned(),
        }),
    );
    for app in [&needs, &may_have] {
        let good = ask(app, Some(&format!("basic {RIGHT}"))).await;
        assert_eq!(good.body, "alice open sesame");
        for line in ["Basic", "Basic YTo", "Basic !", "Basic YTo=, Basic YTo="] {
            let answer = ask(app, Some(line)).await;
            assert_eq!((answer.status.as_u16(), lines(&answer)), (400, vec![BASIC]), "{line}");
            assert_eq!(answer.json()["error"], "invalid_request", "{line}");
        }
    }
    for line in [None, Some(""), Some("Bearer abc")] {
        let answer = ask(&needs, line).await;
        assert_eq!((answer.status.as_u16(), lines(&answer)), (401, vec![BASIC]), "{line:?}");
        assert_eq!(ask(&may_have, line).await.body, "none", "{line:?}");
    }
}

#[tokio::test]
async fn a_client_is_extracted_with_its_form_encoding_undone() {
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
        let answer = ask(&app, line).await;
        assert_eq!((answer.status.as_u16(), lines(&answer)), (status, vec![BASIC]), "{line:?}");
    }
}
