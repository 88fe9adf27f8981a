//! What a rejection asks for: every scheme that the layer accepts, and what is wrong in the one that
//! was used.

use portcullis::AuthenticateLayer;

use super::{Known, Place, behind, request};
use crate::support::{Answer, send};

const BASIC: &str = r#"Basic realm="orders", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="orders""#;
const TOKEN: &str = r#"token realm="orders""#;
const INACTIVE: &str = r#", error="invalid_token", error_description="Token inactive.""#;
const MALFORMED: &str = r#", error="invalid_request", error_description="Malformed credentials.""#;
const REPEATED: &str =
    r#", error="invalid_request", error_description="More than one set of credentials.""#;

fn bearer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(Known).realm("orders")
}

fn basic_only() -> AuthenticateLayer {
    AuthenticateLayer::basic_only(Known).realm("orders")
}

fn all() -> AuthenticateLayer {
    super::everywhere().realm("orders")
}

fn challenges(answer: &Answer) -> Vec<&str> {
    let lines = answer.headers.get_all("www-authenticate").iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

#[tokio::test]
async fn without_credentials_each_accepted_scheme_is_asked_for_and_nothing_else_is_said() {
    let cases: [(&str, AuthenticateLayer, &[&str]); 7] = [
        ("Bearer", bearer(), &[BEARER]),
        ("Basic alone", basic_only(), &[BASIC]),
        ("Bearer and Basic", bearer().basic(Known), &[BEARER, BASIC]),
        ("Bearer and token", bearer().token_scheme(), &[BEARER, TOKEN]),
        ("Basic twice", bearer().basic(Known).basic(Known), &[BEARER, BASIC]),
        ("query, cookie", bearer().query_parameter().cookie("at"), &[BEARER]),
        ("everywhere", all(), &[BEARER, BASIC, TOKEN]),
    ];
    for (case, layer, expected) in cases {
        let answer = send(&behind(layer), request()).await;
        assert_eq!(
            (answer.status.as_u16(), challenges(&answer)),
            (401, expected.to_vec()),
            "{case}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_scheme_that_was_used_and_in_no_other() {
    let wrong = |scheme: &str, error: &str| format!("{scheme}{error}");
    let bearer = |error| [wrong(BEARER, error), BASIC.into(), TOKEN.into()];
    let token = |error| [BEARER.into(), BASIC.into(), wrong(TOKEN, error)];
    // Basic has no word for it.
    let basic = [BEARER, BASIC, TOKEN].map(str::to_owned);
    for (place, text, status, expected) in [
        (Place::Bearer, "made-up", 401, bearer(INACTIVE)),
        (Place::OtherHeader, "made-up", 401, bearer(INACTIVE)),
        (Place::Query, "made-up", 401, bearer(INACTIVE)),
        (Place::Cookie, "made-up", 401, bearer(INACTIVE)),
        (Place::WebSocket, "made-up", 401, bearer(INACTIVE)),
        (Place::Own, "made-up", 401, bearer(INACTIVE)),
        (Place::Token, "made-up", 401, token(INACTIVE)),
        (Place::Basic, super::WRONG, 401, basic.clone()),
        (Place::Bearer, "a=b", 400, bearer(MALFORMED)),
        (Place::Query, "a=b", 400, bearer(MALFORMED)),
        (Place::Query, "%zz", 400, bearer(MALFORMED)),
        (Place::Cookie, "a=b", 400, bearer(MALFORMED)),
        (Place::Own, "a=b", 400, bearer(MALFORMED)),
        (Place::Token, "a=b", 400, token(MALFORMED)),
        (Place::Basic, "a=b", 400, basic.clone()),
        (Place::OtherHeaderBasic, "a=b", 400, basic),
        // Which of two was used can't be told.
        (Place::Token, "a, token b", 400, bearer(REPEATED)),
        (Place::Basic, "YTo=, Basic YTo=", 400, bearer(REPEATED)),
    ] {
        let mut request = request();
        place.put(&mut request, text);
        let answer = send(&behind(all()), request).await;
        assert_eq!(answer.status, status, "{place:?} {text}");
        assert_eq!(challenges(&answer), expected, "{place:?} {text}");
    }
}

#[tokio::test]
async fn a_layer_for_passwords_takes_no_token_from_anywhere() {
    let places = [Place::Token, Place::OtherHeader, Place::Query, Place::Cookie, Place::Own];
    for place in places {
        let app = behind(place.switch_on(basic_only()));
        let answer = send(&app, super::with(&[place])).await;
        assert_eq!(answer.status, 401, "{place:?}");
        assert!(challenges(&answer).contains(&BASIC), "{place:?}");
        assert_eq!(send(&app, super::with(&[Place::Basic])).await.body, "alice", "{place:?}");
    }
}
