//! The forms of error bodies.

use axum::{Router, body::Body, routing::get};
use http::{HeaderValue, Request};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BasicVerifier, Error, ErrorBody, RequireScopeLayer, Scope,
    response::Content,
};
use serde_json::json;

use super::{issuer, layer};
use crate::support::{API, Answer, send};

/// Three rejections in that form, at an address with something to escape: of the layer, of a guard,
/// of a handler.
async fn rejections(form: ErrorBody) -> [Answer; 3] {
    let issuer = issuer();
    let broken = async || -> Result<String, Error> { Err(Error::unavailable("down")) };
    let read = RequireScopeLayer::new(Scope::from_static("read"));
    let app = Router::new()
        .route("/a", get("in"))
        .route("/b", get("in").route_layer(read))
        .route("/c/{name}", get(broken))
        .layer(layer(&issuer).error_body(form));
    let good = issuer.token().audience(API);
    let expired = good.clone().claim("exp", json!(super::SECONDS - 3600));
    let get = |uri: &str, token: String| {
        let request = Request::get(uri).header("authorization", format!("Bearer {token}"));
        request.body(Body::empty()).unwrap()
    };
    [
        send(&app, get("/a?filter=freight%28GTE%292500", expired.mint())).await,
        send(&app, get("/b", good.clone().mint())).await,
        send(&app, get("/c/\"d\"", good.mint())).await,
    ]
}

/// Status and challenge are the same whatever the body is.
fn assert_right_around(answers: &[Answer; 3]) {
    let challenge = |answer: &Answer| answer.challenge().map(str::to_owned);
    assert_eq!(answers.each_ref().map(|answer| answer.status.as_u16()), [401, 403, 503]);
    assert_eq!(
        challenge(&answers[0]).unwrap(),
        r#"Bearer realm="orders", error="invalid_token", error_description="Token expired.""#
    );
    assert_eq!(
        challenge(&answers[1]).unwrap(),
        r#"Bearer realm="orders", error="insufficient_scope", error_description="Token lacks the required scope.", scope="read""#
    );
    assert_eq!(challenge(&answers[2]), None);
}

fn assert_content_type(answers: &[Answer; 3], content_type: &str) {
    for answer in answers {
        assert_eq!(answer.headers["content-type"], content_type);
    }
}

#[tokio::test]
async fn the_default_is_json_with_the_seven_documented_members_and_the_code() {
    for form in [ErrorBody::default(), ErrorBody::json()] {
        let answers = rejections(form).await;
        assert_right_around(&answers);
        assert_content_type(&answers, "application/json");
        assert_eq!(
            answers.each_ref().map(|answer| &*answer.body),
            [
                r#"{"statusCode":401,"statusText":"Unauthorized","message":"Token expired.","date":"2019-11-13T06:26:01","statusFamily":"CLIENT_ERROR","method":"GET","uri":"/a?filter=freight%28GTE%292500","error":"invalid_token"}"#,
                r#"{"statusCode":403,"statusText":"Forbidden","message":"Token lacks the required scope.","date":"2019-11-13T06:26:01","statusFamily":"CLIENT_ERROR","method":"GET","uri":"/b","error":"insufficient_scope"}"#,
                r#"{"statusCode":503,"statusText":"Service Unavailable","message":"Authentication temporarily unavailable.","date":"2019-11-13T06:26:01","statusFamily":"SERVER_ERROR","method":"GET","uri":"/c/\"d\""}"#,
            ]
        );
        assert_eq!(answers[2].json()["uri"], "/c/\"d\"");
    }
}

#[tokio::test]
async fn problem_json_has_title_status_detail_and_instance() {
    let answers = rejections(ErrorBody::problem_json()).await;
    assert_right_around(&answers);
    assert_content_type(&answers, "application/problem+json");
    assert_eq!(
        answers.each_ref().map(|answer| &*answer.body),
        [
            r#"{"title":"Unauthorized","status":401,"detail":"Token expired.","instance":"/a?filter=freight%28GTE%292500","error":"invalid_token"}"#,
            r#"{"title":"Forbidden","status":403,"detail":"Token lacks the required scope.","instance":"/b","error":"insufficient_scope"}"#,
            r#"{"title":"Service Unavailable","status":503,"detail":"Authentication temporarily unavailable.","instance":"/c/\"d\""}"#,
        ]
    );
}

#[tokio::test]
async fn the_oauth_form_has_error_and_error_description() {
    let answers = rejections(ErrorBody::oauth()).await;
    assert_right_around(&answers);
    assert_content_type(&answers, "application/json");
    assert_eq!(
        answers.each_ref().map(|answer| &*answer.body),
        [
            r#"{"error":"invalid_token","error_description":"Token expired."}"#,
            r#"{"error":"insufficient_scope","error_description":"Token lacks the required scope."}"#,
            r#"{"error_description":"Authentication temporarily unavailable."}"#,
        ]
    );
}

#[tokio::test]
async fn at_a_token_endpoint_a_client_that_is_not_known_is_an_invalid_client() {
    let nobody = BasicVerifier::builder(async |_: BasicCredentials| Ok(None)).build().unwrap();
    let layer = AuthenticateLayer::basic_only(nobody).error_body(ErrorBody::token_endpoint());
    let app: Router = Router::new().route("/token", get("in")).layer(layer);
    for (authorization, status, body) in [
        (None, 401, r#"{"error":"invalid_client","error_description":"Authentication required."}"#),
        (
            Some("Basic YTpi"),
            401,
            r#"{"error":"invalid_client","error_description":"Invalid credentials."}"#,
        ),
        (
            Some("Basic ?"),
            400,
            r#"{"error":"invalid_request","error_description":"Malformed credentials."}"#,
        ),
    ] {
        let mut request = Request::get("/token");
        if let Some(line) = authorization {
            request = request.header("authorization", line);
        }
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{authorization:?}");
        assert_eq!(answer.body, body, "{authorization:?}");
        assert_eq!(answer.challenge(), Some(r#"Basic realm="restricted", charset="UTF-8""#));
    }
}

#[tokio::test]
async fn a_closure_sees_error_method_uri_and_time_and_can_lose_no_challenge() {
    let form = ErrorBody::custom(|rejection| {
        let time = rejection.time().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let (error, method, uri) = (rejection.error(), rejection.method(), rejection.uri());
        Content::text(format!("{time} {method} {uri}: {}", error.kind().reason()))
    });
    let answers = rejections(form).await;
    assert_right_around(&answers);
    assert_content_type(&answers, "text/plain; charset=utf-8");
    assert_eq!(
        answers.each_ref().map(|answer| &*answer.body),
        [
            "1573626361 GET /a?filter=freight%28GTE%292500: token_expired",
            "1573626361 GET /b: insufficient_scope",
            "1573626361 GET /c/\"d\": unavailable",
        ]
    );
}

#[tokio::test]
async fn a_closure_chooses_bytes_and_type() {
    let xml = HeaderValue::from_static("application/xml");
    for (form, content_type, body) in [
        (ErrorBody::custom(|_| Content::json("{}")), "application/json", "{}"),
        (ErrorBody::custom(|_| Content::text("")), "text/plain; charset=utf-8", ""),
        (ErrorBody::custom(move |_| Content::new(xml.clone(), "<e/>")), "application/xml", "<e/>"),
    ] {
        let answers = rejections(form).await;
        assert_right_around(&answers);
        assert_content_type(&answers, content_type);
        assert!(answers.iter().all(|answer| answer.body == body));
    }
}
