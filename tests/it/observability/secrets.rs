//! No token and no secret is shown: not in events, not in answers, not by `Debug` or `Display`.

use std::{error::Error as StdError, fmt::Debug};

use axum::{Router, body::Body, routing::get};
use http::{
    Request,
    header::{AUTHORIZATION, HeaderValue},
};
use portcullis::{
    Algorithm, AuthenticateLayer, BearerToken, Claims, Content, ErrorBody, JwtVerifier,
    RequireScopeLayer, Scope, Secret, TokenFault,
    testing::{Fault, TestIssuer, TokenBuilder},
};
use serde_json::json;

use crate::support::{API, Answer, send, verdict::judge};

/// Stands in claims that are nobody's business.
const PRIVATE: &str = "pr1v4te-cl41m-v4lue";
const PASSWORD: &str = "c29tZXVzZXI6aHVudGVyMmh1bnRlcjI=";
const HMAC: &str = "hm4c-s3cret-of-at-least-thirty-two-bytes";

/// What of a credential must appear nowhere: the whole, and each part that is long enough to be told
/// from other text.
fn traces(credential: &str) -> Vec<String> {
    let parts = credential.split(['.', ' ', ',', '=']).filter(|part| part.len() > 8);
    // A header is no secret of its own, and the same for every token.
    let parts = parts.filter(|part| !part.starts_with("eyJhbGciOi"));
    parts.map(|part| part.chars().take(24).collect()).collect()
}

/// All that an answer shows, and all that its error tells the operator.
fn shown(answer: &Answer) -> Vec<String> {
    let mut shown = vec![answer.body.clone(), format!("{:?}", answer.headers)];
    let mut error: Option<&dyn StdError> = answer.error.as_ref().map(|error| error as _);
    while let Some(cause) = error {
        shown.push(cause.to_string());
        shown.push(format!("{cause:?}"));
        error = cause.source();
    }
    shown
}

fn assert_clean(shown: &[String], secrets: &[String], what: &str) {
    assert!(!secrets.is_empty(), "{what}");
    for text in shown {
        for secret in secrets.iter().map(String::as_str).chain([PRIVATE, PASSWORD, HMAC]) {
            assert!(!text.contains(secret), "{what}: `{secret}` is in `{text}`");
        }
    }
}

#[derive(serde::Deserialize)]
struct Staff {
    #[allow(dead_code, reason = "it is never read")]
    number: u32,
}

/// A service that refuses in as many ways as there are, in bodies of that form.
fn app(issuer: &TestIssuer, body: ErrorBody) -> Router {
    let verifier = issuer
        .verifier()
        .audience(API)
        .check(|identity| match identity.subject() {
            Some("mallory") => Err(TokenFault::Rejected.into()),
            _ => Ok(()),
        })
        .build()
        .unwrap();
    let guard = RequireScopeLayer::new(Scope::from_static("admin"));
    Router::new()
        .route("/", get(async || "in"))
        .route("/admin", get(async || "in").layer(guard))
        .route("/staff", get(async |_: Claims<Staff>| "in"))
        .layer(AuthenticateLayer::bearer(verifier).error_body(body))
}

fn bodies() -> [ErrorBody; 4] {
    let telltale = ErrorBody::custom(|refusal| Content::text(format!("{refusal:?}")));
    [ErrorBody::json(), ErrorBody::oauth(), ErrorBody::problem_json(), telltale]
}

/// A request with that target and these lines of `Authorization`, and the credentials that it bears.
struct Case {
    what: &'static str,
    target: String,
    lines: Vec<String>,
    credentials: Vec<String>,
}

impl Case {
    fn bearer(what: &'static str, target: &str, token: impl Into<String>) -> Self {
        let token = token.into();
        let lines = vec![format!("Bearer {token}")];
        Self { what, target: target.to_owned(), lines, credentials: vec![token] }
    }

    fn lines(what: &'static str, lines: &[&str]) -> Self {
        let lines: Vec<_> = lines.iter().map(|&line| line.to_owned()).collect();
        let credentials = lines.clone();
        Self { what, target: "/".to_owned(), lines, credentials }
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::get(&self.target).body(Body::empty()).unwrap();
        for line in &self.lines {
            let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            request.headers_mut().append(AUTHORIZATION, line);
        }
        request
    }
}

/// Refusals of every kind that a token, a header or a handler can bring about.
fn cases(issuer: &TestIssuer) -> Vec<Case> {
    let token = || issuer.token().audience(API).claim("note", json!(PRIVATE));
    let stranger = TestIssuer::new().token().audience(API);
    let of = |what, token: TokenBuilder| Case::bearer(what, "/", token.mint());
    let good = token().mint();
    let changed = format!("{}AAAA", &good[..good.len() - 4]);
    let query = |what, target: &str| {
        let target = target.replace("TOKEN", &good);
        Case { what, target, lines: Vec::new(), credentials: vec![good.clone()] }
    };
    vec![
        of("expired", token().claim("exp", json!(0))),
        of("not yet valid", token().claim("nbf", json!(1e11))),
        of("another audience", token().audience(PRIVATE)),
        of("another issuer", token().claim("iss", json!(PRIVATE))),
        of("a claim of the wrong type", token().claim("sub", json!([PRIVATE]))),
        of("a scope of the wrong type", token().claim("scope", json!({ PRIVATE: 1 }))),
        of("an ID token", token().claim("at_hash", json!(PRIVATE))),
        of("another type", token().header("typ", json!(PRIVATE))),
        of("another algorithm", token().header("alg", json!(PRIVATE))),
        of("no algorithm", token().header("alg", json!("none"))),
        of("a critical extension", token().header("crit", json!([PRIVATE]))),
        of("an unknown key", token().header("kid", json!(PRIVATE))),
        of("a secret for a key", token().algorithm(Algorithm::Hs256)),
        of("rejected by the service", token().subject("mallory")),
        of("signed by another", stranger),
        Case::bearer("a changed signature", "/", changed),
        Case::bearer("claims that are no JSON", "/", token().mint_raw(PRIVATE)),
        Case::bearer("a header that is no JSON", "/", token().mint_with_raw_header(PRIVATE)),
        Case::bearer("opaque", "/", "ya29.0paque-t0ken-0f-s0me-0ther-k1nd"),
        Case::bearer("five parts", "/", format!("{good}.{PRIVATE}.{PRIVATE}")),
        Case::bearer("too long", "/", good.repeat(100)),
        Case::bearer("a scope too few", "/admin", good.clone()),
        Case::bearer(
            "claims of another type",
            "/staff",
            token().claim("number", json!(PRIVATE)).mint(),
        ),
        Case::lines("twice", &[&format!("Bearer {good}"), &format!("Bearer {good}")]),
        Case::lines("a list", &[&format!("Bearer {good}, Bearer {good}")]),
        Case::lines("a space inside", &[&format!("Bearer {good} {good}")]),
        Case::lines("not ASCII", &[&format!("Bearer {good}\u{e4}")]),
        Case::lines("quoted", &[&format!("Bearer \"{good}\"")]),
        Case::lines("a parameter", &[&format!("Bearer token={good}")]),
        Case::lines("no scheme", &[&good]),
        Case::lines("Basic", &[&format!("Basic {PASSWORD}")]),
        Case::lines("another scheme", &[&format!("Token {good}")]),
        query("in the query", "/?access_token=TOKEN"),
        query("among other parameters", "/?a=b&access_token=TOKEN&c=d"),
        query("percent-encoded", "/?%61ccess_token=TOKEN"),
        query("an absolute target", "https://api.example/?access_token=TOKEN"),
    ]
}

/// Sends every case and looks for what it bears in all that is shown. `heard` is what was overheard
/// meanwhile.
async fn refuse_all(issuer: &TestIssuer, status: Option<u16>, heard: impl Fn() -> Vec<String>) {
    for body in bodies() {
        let app = app(issuer, body);
        for case in cases(issuer) {
            let answer = send(&app, case.request()).await;
            let what = format!("{}: {}", case.what, answer.status);
            assert!(!answer.status.is_success(), "{what}");
            if let Some(status) = status.filter(|_| answer.status.is_server_error()) {
                assert_eq!(answer.status, status, "{what}");
            }
            let secrets: Vec<_> = case.credentials.iter().flat_map(|one| traces(one)).collect();
            assert_clean(&shown(&answer), &secrets, &what);
            assert_clean(&heard(), &secrets, &what);
        }
    }
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn no_refusal_shows_the_credentials_in_answer_error_or_any_event_down_to_trace() {
    let (capture, _guard) = super::capture::Capture::begin();
    let heard = || {
        let lines = capture.everything();
        lines.iter().map(|line| format!("{} {}", line.target, line.text)).collect()
    };
    refuse_all(&TestIssuer::new(), None, heard).await;
    assert!(capture.take().len() > 100, "something was heard");
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn nor_do_refusals_while_the_issuer_is_out_of_reach() {
    for fault in [Fault::Unreachable, Fault::Status(500), Fault::Html, Fault::Garbage] {
        let issuer = TestIssuer::new();
        issuer.fail(fault);
        let (capture, _guard) = super::capture::Capture::begin();
        let heard = || capture.everything().into_iter().map(|line| line.text).collect();
        refuse_all(&issuer, Some(503), heard).await;
    }
}

#[tokio::test]
async fn debug_shows_no_secret_of_any_type() {
    let issuer = TestIssuer::new();
    let token = issuer.token().audience(API).claim("note", json!(PRIVATE)).mint();
    let builder = || issuer.verifier().audience(API).hmac_secret(Algorithm::Hs256, HMAC);
    let verifier = builder().build().unwrap();
    let fetching = issuer.verifier().audience(API).build().unwrap();
    let identity = judge(&fetching, &token).await.unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    let bearer = BearerToken::from_headers(&headers).unwrap();
    let layer = AuthenticateLayer::bearer(verifier.clone());

    let types: [&dyn Debug; 14] = [
        &Secret::from(HMAC),
        &Some(Secret::from(HMAC)),
        &builder(),
        &builder().dangerous(),
        &verifier,
        &portcullis::Issuers::builder().trust(verifier.clone()),
        &portcullis::Issuers::builder().trust(verifier.clone()).build().unwrap(),
        &layer,
        &verifier.readiness(),
        &bearer,
        &bearer.clone().into_owned(),
        &identity,
        &portcullis::Verification::ready(Ok(identity.clone())),
        &portcullis::Identity::assertion().claims_json(format!("{{\"note\":\"{PRIVATE}\"}}")),
    ];
    let secrets: Vec<_> = traces(&token).into_iter().chain(bytes(HMAC)).collect();
    for (place, one) in types.iter().enumerate() {
        let shown = [format!("{one:?}"), format!("{one:#?}")];
        assert_clean(&shown, &secrets, &format!("type {place}"));
    }
}

/// How `Debug` would show the bytes of a text, and how they look in hexadecimal.
fn bytes(text: &str) -> [String; 2] {
    let list = format!("{:?}", &text.as_bytes()[..8]);
    let hex = text.bytes().take(8).map(|byte| format!("{byte:02x}")).collect();
    [list.trim_matches(['[', ']']).to_owned(), hex]
}

#[test]
fn a_configuration_that_is_refused_shows_none_of_its_secrets() {
    const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    let builder = || JwtVerifier::builder("https://as.example").audience(API);
    let private = |line_end: &str| {
        ["-----BEGIN PRIVATE KEY-----", KEY, "-----END PRIVATE KEY-----"].join(line_end)
    };
    let secret_jwk = json!({ "keys": [{ "kty": "oct", "k": KEY }] }).to_string();
    for (what, builder) in [
        ("a short secret", builder().hmac_secret(Algorithm::Hs512, KEY)),
        ("a secret for RS256", builder().hmac_secret(Algorithm::Rs256, HMAC)),
        ("a private key", builder().pem_key(private("\n"))),
        ("a private key whose lines were lost", builder().pem_key(private("\\n"))),
        ("a private key in one line", builder().pem_key(private(""))),
        ("a key without its frame", builder().pem_key(KEY)),
        ("a secret in the place of a key", builder().pem_key(HMAC)),
        ("a JWK Set of secrets", builder().jwk_set(secret_jwk)),
        ("a text in the place of a JWK Set", builder().jwk_set(KEY)),
    ] {
        let error = builder.build().expect_err(what);
        let shown = [error.to_string(), format!("{error:?}")];
        let secrets: Vec<_> = bytes(HMAC).into_iter().chain([KEY[..16].to_owned()]).collect();
        assert_clean(&shown, &secrets, what);
    }
}
