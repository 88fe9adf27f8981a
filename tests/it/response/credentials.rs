//! Missing and malformed credentials.

use axum::body::Body;
use http::{HeaderValue, Request, header::AUTHORIZATION};
use portcullis::{ErrorKind, error::RequestFault};

use super::{Expected, issuer, service};
use crate::support::{API, send, with_authorization, with_token};

const MISSING: Expected = Expected {
    kind: ErrorKind::MissingCredentials,
    status: (401, "Unauthorized"),
    challenge: Some(r#"Bearer realm="orders""#),
    message: "Authentication required.",
    error: None,
};

const MALFORMED: Expected = Expected {
    kind: ErrorKind::InvalidRequest(RequestFault::Malformed),
    status: (400, "Bad Request"),
    challenge: Some(
        r#"Bearer realm="orders", error="invalid_request", error_description="Malformed credentials.""#,
    ),
    message: "Malformed credentials.",
    error: Some("invalid_request"),
};

const REPEATED: Expected = Expected {
    kind: ErrorKind::InvalidRequest(RequestFault::Repeated),
    status: (400, "Bad Request"),
    challenge: Some(
        r#"Bearer realm="orders", error="invalid_request", error_description="More than one set of credentials.""#,
    ),
    message: "More than one set of credentials.",
    error: Some("invalid_request"),
};

const TOO_LONG: Expected = Expected {
    kind: ErrorKind::InvalidRequest(RequestFault::TooLong),
    status: (400, "Bad Request"),
    challenge: Some(
        r#"Bearer realm="orders", error="invalid_request", error_description="Access token too long.""#,
    ),
    message: "Access token too long.",
    error: Some("invalid_request"),
};

/// `GET /` with these `Authorization` headers.
fn with_lines(lines: &[&[u8]]) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    for line in lines {
        let line = HeaderValue::from_bytes(line).expect("a header value");
        request.headers_mut().append(AUTHORIZATION, line);
    }
    request
}

// Verifies rfc6750-3.1-bare.
#[tokio::test]
async fn a_request_without_credentials_is_401_with_a_bare_challenge() {
    let app = service(&issuer());
    let cases: [&[&[u8]]; 3] = [&[], &[b""], &[b"  "]];
    for lines in cases {
        MISSING.check(&app, with_lines(lines), &format!("{lines:?}")).await;
    }
}

// Verifies rfc6750-3.1-bare.
#[tokio::test]
async fn an_unsupported_scheme_counts_as_no_credentials() {
    let app = service(&issuer());
    for line in [
        "Basic dXNlcjpwYXNz",
        "Negotiate YII=",
        "Digest username=\"Mufasa\", realm=\"a@b\", nonce=\"c\", uri=\"/\", response=\"d\"",
        "token abc",
        "Bearers abc",
        "Bear er",
        "Bearer:abc",
        "Bearer=abc",
        "mF_9.B5f-4.1JqM",
        "eyJhbGciOiJub25lIn0.e30.",
        "\u{e9} abc",
    ] {
        MISSING.check(&app, with_lines(&[line.as_bytes()]), line).await;
    }
    MISSING.check(&app, with_lines(&[b"\xff\xfe abc"]), "no UTF-8").await;
}

// Verifies rfc6750-3.1-invalid-request.
#[tokio::test]
async fn malformed_bearer_credentials_are_400() {
    let app = service(&issuer());
    let cases: [&[u8]; 16] = [
        b"Bearer",
        b"bearer",
        b"Bearer ",
        b"Bearer    ",
        b"Bearer =",
        b"Bearer ==",
        b"Bearer a=b",
        b"Bearer a b",
        b"Bearer a\tb",
        b"Bearer \"abc\"",
        b"Bearer token=abc",
        b"Bearer {\"payload\":\"e30\"}",
        b"Bearer a.b.c\x80",
        b"Bearer \xff",
        b"Bearer caf\xc3\xa9",
        b"Bearer a%2Eb",
    ];
    for line in cases {
        MALFORMED.check(&app, with_lines(&[line]), &String::from_utf8_lossy(line)).await;
    }
}

// Verifies rfc6750-2-one-method.
#[tokio::test]
async fn several_authorization_headers_are_400_even_if_one_is_valid() {
    let issuer = issuer();
    let app = service(&issuer);
    let valid = format!("Bearer {}", issuer.token().audience(API).mint());
    let valid = valid.as_bytes();
    assert_eq!(send(&app, with_lines(&[valid])).await.status, 200);

    let cases: [&[&[u8]]; 6] = [
        &[valid, valid],
        &[valid, b"Bearer abc"],
        &[b"Basic dXNlcjpwYXNz", valid],
        &[valid, b"Basic dXNlcjpwYXNz"],
        &[valid, b""],
        &[valid, valid, valid],
    ];
    for lines in cases {
        REPEATED.check(&app, with_lines(lines), &format!("{} lines", lines.len())).await;
    }
}

#[tokio::test]
async fn a_list_of_credentials_is_400_even_if_one_is_valid() {
    let issuer = issuer();
    let app = service(&issuer);
    let token = issuer.token().audience(API).mint();
    for line in [
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token},Bearer {token}"),
        format!("Bearer {token}, Basic dXNlcjpwYXNz"),
        format!("Bearer {token},"),
        format!("Bearer ,{token}"),
        format!("Basic dXNlcjpwYXNz, Bearer {token}"),
        format!("Basic dXNlcjpwYXM=, Bearer {token}"),
        format!("Negotiate , Bearer {token}"),
    ] {
        let response = send(&app, with_authorization(&line)).await;
        assert_eq!(response.status, 400, "{line}");
        assert!(matches!(response.kind(), Some(ErrorKind::InvalidRequest(_))), "{line}");
        assert_eq!(response.json()["error"], "invalid_request", "{line}");
    }
}

#[tokio::test]
async fn a_token_of_more_than_16_kib_is_400() {
    let app = service(&issuer());
    for token in ["a".repeat(16 * 1024 + 1), "a".repeat(1 << 20), ".".repeat(1_000_000)] {
        TOO_LONG.check(&app, with_token(&token), &token.len().to_string()).await;
    }
    assert_eq!(send(&app, with_token(&"a".repeat(16 * 1024))).await.status, 401);
}

#[tokio::test]
async fn the_scheme_is_case_insensitive_and_spaces_may_follow() {
    let issuer = issuer();
    let app = service(&issuer);
    let token = issuer.token().audience(API).mint();
    for (line, status) in [
        (format!("Bearer {token}"), 200),
        (format!("bearer {token}"), 200),
        (format!("BEARER {token}"), 200),
        (format!("bEaReR     {token}"), 200),
        (format!("Bearer {token}  "), 200),
        (format!("Bearer \t{token}"), 400),
        (format!("Bearer\t{token}"), 401),
    ] {
        let response = send(&app, with_authorization(&line)).await;
        assert_eq!(response.status.as_u16(), status, "{line:?}");
    }
}
