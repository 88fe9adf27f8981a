//! The challenges of a rejection: one for each accepted scheme, with the error in that of the scheme used.

use portcullis::AuthenticateLayer;

use super::{Source, TestVerifier, request, service};
use crate::support::{TestResponse, send};

const BASIC: &str = r#"Basic realm="orders", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="orders""#;
const TOKEN: &str = r#"token realm="orders""#;
const INACTIVE: &str = r#", error="invalid_token", error_description="Token inactive.""#;
const MALFORMED: &str = r#", error="invalid_request", error_description="Malformed credentials.""#;
const REPEATED: &str =
    r#", error="invalid_request", error_description="More than one set of credentials.""#;

fn bearer() -> AuthenticateLayer {
    AuthenticateLayer::bearer(TestVerifier).realm("orders")
}

fn basic_only() -> AuthenticateLayer {
    AuthenticateLayer::basic_only(TestVerifier).realm("orders")
}

fn all() -> AuthenticateLayer {
    super::all_sources().realm("orders")
}

fn challenges(response: &TestResponse) -> Vec<&str> {
    let lines = response.headers.get_all("www-authenticate").iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

#[tokio::test]
async fn without_credentials_each_scheme_has_a_bare_challenge() {
    let cases: [(&str, AuthenticateLayer, &[&str]); 7] = [
        ("Bearer", bearer(), &[BEARER]),
        ("Basic only", basic_only(), &[BASIC]),
        ("Bearer and Basic", bearer().basic(TestVerifier), &[BEARER, BASIC]),
        ("Bearer and token", bearer().token_scheme(), &[BEARER, TOKEN]),
        ("Basic twice", bearer().basic(TestVerifier).basic(TestVerifier), &[BEARER, BASIC]),
        ("query, cookie", bearer().query_parameter().cookie("at"), &[BEARER]),
        ("all sources", all(), &[BEARER, BASIC, TOKEN]),
    ];
    for (case, layer, expected) in cases {
        let response = send(&service(layer), request()).await;
        assert_eq!(
            (response.status.as_u16(), challenges(&response)),
            (401, expected.to_vec()),
            "{case}"
        );
    }
}

// Verifies rfc6750-3-error.
#[tokio::test]
async fn the_error_is_in_the_challenge_of_the_scheme_that_was_used() {
    let with_error = |scheme: &str, error: &str| format!("{scheme}{error}");
    let bearer = |error| [with_error(BEARER, error), BASIC.into(), TOKEN.into()];
    let token = |error| [BEARER.into(), BASIC.into(), with_error(TOKEN, error)];
    // A Basic challenge has no error parameter.
    let basic = [BEARER, BASIC, TOKEN].map(str::to_owned);
    for (source, text, status, expected) in [
        (Source::Bearer, "unknown", 401, bearer(INACTIVE)),
        (Source::OtherHeader, "unknown", 401, bearer(INACTIVE)),
        (Source::Query, "unknown", 401, bearer(INACTIVE)),
        (Source::Cookie, "unknown", 401, bearer(INACTIVE)),
        (Source::WebSocket, "unknown", 401, bearer(INACTIVE)),
        (Source::Custom, "unknown", 401, bearer(INACTIVE)),
        (Source::Token, "unknown", 401, token(INACTIVE)),
        (Source::Basic, super::INVALID_BASIC, 401, basic.clone()),
        (Source::Bearer, "a=b", 400, bearer(MALFORMED)),
        (Source::Query, "a=b", 400, bearer(MALFORMED)),
        (Source::Query, "%zz", 400, bearer(MALFORMED)),
        (Source::Cookie, "a=b", 400, bearer(MALFORMED)),
        (Source::Custom, "a=b", 400, bearer(MALFORMED)),
        (Source::Token, "a=b", 400, token(MALFORMED)),
        (Source::Basic, "a=b", 400, basic.clone()),
        (Source::OtherHeaderBasic, "a=b", 400, basic),
        // With two credentials, it is unknown which scheme was used.
        (Source::Token, "a, token b", 400, bearer(REPEATED)),
        (Source::Basic, "YTo=, Basic YTo=", 400, bearer(REPEATED)),
    ] {
        let mut request = request();
        source.put(&mut request, text);
        let response = send(&service(all()), request).await;
        assert_eq!(response.status, status, "{source:?} {text}");
        assert_eq!(challenges(&response), expected, "{source:?} {text}");
    }
}

#[tokio::test]
async fn a_basic_only_layer_accepts_no_token_from_any_source() {
    let sources =
        [Source::Token, Source::OtherHeader, Source::Query, Source::Cookie, Source::Custom];
    for source in sources {
        let app = service(source.enable(basic_only()));
        let response = send(&app, super::with(&[source])).await;
        assert_eq!(response.status, 401, "{source:?}");
        assert!(challenges(&response).contains(&BASIC), "{source:?}");
        assert_eq!(send(&app, super::with(&[Source::Basic])).await.body, "alice", "{source:?}");
    }
}
