//! Sends any request through the complete layer, with any sources of credentials.
//!
//! An identity reaches the service only if its token is in the request. A rejection is well-formed and contains
//! nothing that was presented.
#![cfg_attr(fuzzing, no_main)]

use std::{
    convert::Infallible,
    sync::{LazyLock, Mutex},
};

use arbitrary::Arbitrary;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use portcullis::{
    Access, AuthenticateLayer, BasicCredentials, ErrorBody, ErrorKind, Identity, JwtVerifier,
    Policies, RequestIdentity, Scope, ScopeSet, Verification, Verify, credentials::TokenHeader,
    response::JsonBody,
};
use portcullis_fuzz::{challenge::Challenge, has_parameter, ready, strict_json, tokens};
use tower::{Layer, ServiceExt, service_fn};

#[derive(Arbitrary, Debug)]
struct Input {
    settings: Settings,
    method: Word,
    target: Vec<Piece>,
    headers: Vec<(Name, Vec<Piece>)>,
}

#[derive(Arbitrary, Debug)]
struct Settings {
    allow_anonymous: bool,
    anonymous_with_invalid_token: bool,
    basic: bool,
    body: u8,
    cookie: Option<bool>,
    custom: bool,
    grpc: bool,
    header: Option<Form>,
    lenient_characters: bool,
    policies: bool,
    query: bool,
    small: bool,
    token_scheme: bool,
    websocket: bool,
    without_authorization: bool,
}

/// The form of a token in a header other than `Authorization`.
#[derive(Arbitrary, Debug)]
enum Form {
    Scheme,
    Bare,
    Either,
}

#[derive(Arbitrary, Debug)]
enum Word {
    Known(u8),
    Other(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Name {
    Known(u8),
    Other(Vec<u8>),
}

/// A part of a field line or of the target.
#[derive(Arbitrary, Debug)]
enum Piece {
    /// A token, valid or not.
    Token(u8),
    /// A token with one byte changed.
    Changed(u8, u16, u8),
    /// A part of a token.
    Cut(u8, u16),
    /// A word that has a meaning in some header.
    Word(u8),
    Bytes(Vec<u8>),
}

const METHODS: [&str; 9] =
    ["GET", "POST", "HEAD", "OPTIONS", "CONNECT", "PUT", "DELETE", "PATCH", "TRACE"];

const NAMES: [&str; 14] = [
    "authorization",
    "authentication",
    "cookie",
    "sec-websocket-protocol",
    "upgrade",
    "content-type",
    "origin",
    "access-control-request-method",
    "x-api-key",
    "connection",
    "host",
    "te",
    "proxy-authorization",
    "cache-control",
];

const WORDS: &[&str] = &[
    "Bearer ",
    "bearer ",
    "BEARER",
    "Basic ",
    "token ",
    "Token  ",
    "Digest ",
    "DPoP ",
    " ",
    "  ",
    ",",
    ", ",
    ";",
    "; ",
    "=",
    "==",
    "\"",
    "\t",
    "at=",
    "AT=",
    "__Host-at=",
    "bearer, ",
    "bearer,",
    "bearer",
    "chat, ",
    "websocket",
    "WebSocket",
    "application/grpc",
    "application/grpc-web-text+proto",
    "application/grpc+json",
    "application/json",
    "https://app.test",
    "GET",
    "/",
    "/open",
    "/read/",
    "/write",
    "/denied",
    "/Open",
    "/read/7",
    "?",
    "&",
    "access_token=",
    "access_token",
    "access%5Ftoken=",
    "%61ccess_token=",
    "Access_Token=",
    "%",
    "%20",
    "%2e%2e",
    "//",
    "..",
    "*",
    "http://api.test",
    ":443",
    "#",
    "+",
    "%2B",
    "YWxpY2U6d29uZGVybGFuZA==",
    "YWxpY2U6d29uZGVybGFuZA",
    "YWxpY2U6eA==",
    "a",
    ".",
    "alice",
    "\u{e9}",
];

/// What the inner service received.
#[derive(Debug)]
struct Seen {
    subject: Option<String>,
    scopes: ScopeSet,
    uri: Uri,
    headers: HeaderMap,
}

/// Knows one user.
struct OneUser;

impl Verify<BasicCredentials> for OneUser {
    fn verify(&self, credentials: BasicCredentials) -> Verification {
        Verification::ready(match (credentials.user_id(), credentials.password()) {
            ("alice", "wonderland") => Ok(Identity::assertion().subject("alice").build()),
            _ => Err(ErrorKind::InvalidCredentials.into()),
        })
    }
}

static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| tokens::verifier().build().unwrap());

static POLICIES: LazyLock<Policies> = LazyLock::new(|| {
    const READ: Scope = Scope::from_static("read");
    const WRITE: Scope = Scope::from_static("write");
    Policies::builder()
        .route(Method::GET, "/open", Access::Anonymous)
        .route(Method::GET, "/read/{id}", READ)
        .any_method("/write", READ.and(WRITE))
        .any_method("/denied", Access::Deny)
        .grpc("/a.Orders/*", READ)
        .any_method("/", Access::Authenticated)
        .build()
        .unwrap()
});

portcullis_fuzz::target!(|input: Input| run(input));

fn run(input: Input) -> Option<()> {
    let Input { settings, method, target, headers } = input;
    let mut present = Present::default();
    let method = match method {
        Word::Known(at) => METHODS[usize::from(at) % METHODS.len()].parse().ok()?,
        Word::Other(bytes) => Method::from_bytes(&bytes).ok()?,
    };
    let uri = Uri::try_from(present.line(&target, true)).ok()?;
    let mut request = Request::new(());
    for (name, pieces) in &headers {
        let name = match name {
            Name::Known(at) => NAMES[usize::from(*at) % NAMES.len()].parse().ok()?,
            Name::Other(bytes) => HeaderName::from_bytes(bytes).ok()?,
        };
        let value = HeaderValue::from_bytes(&present.line(pieces, false)).ok()?;
        request.headers_mut().append(name, value);
    }
    *request.method_mut() = method.clone();
    *request.uri_mut() = uri.clone();
    let sent = request.headers().clone();

    let seen = Mutex::new(None);
    let service = layer(&settings).layer(service_fn(async |request: Request<()>| {
        let identity = request.optional_identity().expect("the layer has decided");
        *seen.lock().unwrap() = Some(Seen {
            subject: identity.map(|identity| identity.subject().unwrap().to_owned()),
            scopes: identity.map(|identity| identity.scopes().clone()).unwrap_or_default(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
        });
        Ok::<_, Infallible>(Response::new(b"inside".to_vec()))
    }));
    let response = ready(service.oneshot(request)).unwrap_or_else(|never| match never {});

    match seen.into_inner().unwrap() {
        Some(seen) => admitted(&settings, &present, &method, &uri, &sent, &seen, &response),
        None => rejected(&settings, &present, &method, &uri, &sent, &response),
    }
    Some(())
}

/// What a request contains.
#[derive(Default)]
struct Present {
    /// The complete samples, by index.
    samples: Vec<usize>,
    /// Texts in headers that are not in the target.
    secrets: Vec<String>,
    in_target: String,
}

impl Present {
    /// Returns whether the request contains this token.
    fn holds(&self, token: &str, uri: &Uri, sent: &HeaderMap) -> bool {
        let holds = |text: &[u8]| memchr::memmem::find(text, token.as_bytes()).is_some();
        let query = uri.query().unwrap_or_default().as_bytes();
        sent.values().any(|line| holds(line.as_bytes()))
            || form_urlencoded::parse(query).any(|(_, value)| holds(value.as_bytes()))
    }

    fn line(&mut self, pieces: &[Piece], is_target: bool) -> Vec<u8> {
        let samples = &*tokens::SAMPLES;
        let mut line = Vec::new();
        for piece in pieces {
            match *piece {
                Piece::Token(at) => {
                    let at = usize::from(at) % samples.len();
                    self.samples.push(at);
                    line.extend(samples[at].text.bytes());
                    if !is_target {
                        self.secrets.push(samples[at].text.clone());
                    }
                }
                Piece::Changed(at, place, byte) => {
                    let mut text =
                        samples[usize::from(at) % samples.len()].text.clone().into_bytes();
                    let place = usize::from(place) % text.len();
                    text[place] = byte;
                    line.extend(text);
                }
                Piece::Cut(at, len) => {
                    let text = &samples[usize::from(at) % samples.len()].text;
                    line.extend(text.bytes().take(usize::from(len)));
                }
                Piece::Word(at) => line.extend(WORDS[usize::from(at) % WORDS.len()].bytes()),
                Piece::Bytes(ref bytes) => line.extend(bytes),
            }
        }
        if is_target {
            self.in_target = String::from_utf8_lossy(&line).into_owned();
        }
        line
    }
}

fn layer(settings: &Settings) -> AuthenticateLayer {
    let mut layer = AuthenticateLayer::bearer(VERIFIER.clone()).realm("a \"realm\"");
    if settings.basic {
        layer = layer.basic(OneUser);
    }
    if settings.token_scheme {
        layer = layer.token_scheme();
    }
    let header = TokenHeader::new(HeaderName::from_static("authentication"));
    match settings.header {
        None => {}
        Some(Form::Scheme) => layer = layer.header(header),
        Some(Form::Bare) => layer = layer.header(header.bare()),
        Some(Form::Either) => layer = layer.header(header.optional_scheme()),
    }
    if settings.query {
        layer = layer.query_parameter();
    }
    match settings.cookie {
        None => {}
        Some(false) => layer = layer.cookie("at"),
        Some(true) => layer = layer.cookie_for_every_method("at"),
    }
    if settings.websocket {
        layer = layer.websocket_protocol();
    }
    if settings.custom {
        layer = layer.source(|head| {
            let key = head.headers().get("x-api-key").and_then(|key| key.to_str().ok());
            Ok(key.map(str::to_owned))
        });
    }
    if settings.allow_anonymous {
        layer = layer.allow_anonymous();
    }
    if settings.policies {
        layer = layer.policies(POLICIES.clone());
    }
    if settings.grpc {
        layer = layer.grpc();
    }
    if settings.lenient_characters {
        layer = layer.lenient_token_characters();
    }
    if settings.without_authorization {
        layer = layer.without_authorization_header();
    }
    if settings.anonymous_with_invalid_token {
        layer = layer.dangerous().anonymous_with_invalid_token();
    }
    if settings.small {
        layer = layer.max_token_length(600);
    }
    match settings.body % 5 {
        0 => layer,
        1 => layer.error_body(ErrorBody::problem_json()),
        2 => layer.error_body(ErrorBody::oauth()),
        3 => layer.error_body(ErrorBody::token_endpoint()),
        _ => layer.error_body(JsonBody::new().base_uri("https://api.test").build().unwrap()),
    }
}

fn admitted(
    settings: &Settings,
    present: &Present,
    method: &Method,
    uri: &Uri,
    sent: &HeaderMap,
    seen: &Seen,
    response: &Response<Vec<u8>>,
) {
    assert_eq!(response.body(), b"inside");
    match &seen.subject {
        None => {
            let is_open = method == Method::GET || method == Method::HEAD;
            let is_open = is_open && uri.path() == "/open";
            let may = if settings.policies {
                is_open
            } else {
                settings.allow_anonymous || settings.anonymous_with_invalid_token
            };
            assert!(may, "anonymous");
        }
        Some(subject) if subject == "alice" => assert!(settings.basic, "a user without Basic"),
        Some(subject) => {
            let is_this = |sample: &&tokens::Sample| sample.subject.as_ref() == Some(subject);
            let sample = tokens::SAMPLES.iter().find(is_this).expect("a token of ours");
            assert!(present.holds(&sample.text, uri, sent), "{subject} has not sent a token");
            assert!(!settings.small || sample.text.len() <= 600);
            assert_eq!(sample.scope, seen.scopes.as_str());
        }
    }
    if settings.policies {
        let needed = match (method.as_str(), uri.path()) {
            ("GET" | "HEAD", "/open") => "",
            (_, "/") => "",
            (_, "/write") => "write",
            ("GET" | "HEAD", path) if path.starts_with("/read/") => "read",
            ("POST", path) if path.starts_with("/a.Orders/") => "read",
            (method, path) => panic!("{method} {path} is in no row"),
        };
        assert!(needed.is_empty() || seen.scopes.contains(needed), "without the scope");
    }
    // A token in the query is removed if the layer reads it there.
    if settings.query {
        let query = seen.uri.query().unwrap_or_default();
        assert!(!has_parameter(query, "access_token"), "{query}");
        let kept = |uri: &Uri| -> Vec<(String, String)> {
            let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
            pairs.into_owned().filter(|(name, _)| name != "access_token").collect()
        };
        assert_eq!(kept(&seen.uri), kept(uri));
        assert_eq!(seen.uri.path(), uri.path());
        if has_parameter(uri.query().unwrap_or_default(), "access_token") {
            let private = response.headers().get(header::CACHE_CONTROL);
            assert_eq!(private.map(HeaderValue::as_bytes), Some(&b"private"[..]));
        }
    } else {
        assert_eq!(seen.uri, *uri);
    }
    let differing: Vec<_> = sent
        .keys()
        .filter(|name| {
            let all =
                |headers: &HeaderMap| headers.get_all(*name).iter().cloned().collect::<Vec<_>>();
            all(sent) != all(&seen.headers)
        })
        .collect();
    assert!(differing.iter().all(|name| **name == header::SEC_WEBSOCKET_PROTOCOL), "{differing:?}");
}

fn rejected(
    settings: &Settings,
    present: &Present,
    method: &Method,
    uri: &Uri,
    sent: &HeaderMap,
    response: &Response<Vec<u8>>,
) {
    let headers = response.headers();
    let status = response.status().as_u16();
    let media_type = sent.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let calls_grpc =
        method == Method::POST && media_type.to_ascii_lowercase().starts_with(b"application/grpc");
    let code = headers.get("grpc-status").map(|code| code.to_str().unwrap().parse::<u8>().unwrap());
    let meant = match (status, code) {
        (200, Some(code)) => {
            assert!(
                calls_grpc && (settings.grpc || settings.policies) && response.body().is_empty()
            );
            match code {
                3 => 400,
                7 => 403,
                16 => 401,
                other => panic!("grpc-status {other}"),
            }
        }
        (status, None) => status,
        (status, code) => panic!("{status} {code:?}"),
    };
    assert!(matches!(meant, 400 | 401 | 403), "status {meant}");

    // Challenges: one for each scheme, one of them with the error.
    let challenges: Vec<_> = headers
        .get_all(header::WWW_AUTHENTICATE)
        .iter()
        .map(|line| {
            Challenge::parse(line.as_bytes()).unwrap_or_else(|why| panic!("{why}: {line:?}"))
        })
        .collect();
    let schemes: Vec<_> = challenges.iter().map(|challenge| &*challenge.scheme).collect();
    let mut expected = vec!["Bearer"];
    expected.extend(settings.basic.then_some("Basic"));
    expected.extend(settings.token_scheme.then_some("token"));
    let has_none = meant == 403 && schemes.is_empty();
    assert!(
        has_none
            || schemes
                .iter()
                .map(|it| it.to_lowercase())
                .eq(expected.iter().map(|it| it.to_lowercase())),
        "{schemes:?}"
    );
    assert!(challenges.iter().all(|challenge| challenge.get("realm") == Some("a \"realm\"")));
    assert!(challenges.iter().filter(|challenge| challenge.get("error").is_some()).count() <= 1);

    if code.is_none() {
        let body = response.body();
        if method == Method::HEAD {
            assert!(body.is_empty());
        } else {
            let members = strict_json::object(body).expect("a body that is JSON");
            for name in ["uri", "instance"] {
                if let Some(shown) = members.get(name) {
                    let shown = shown.as_str().unwrap();
                    let query = shown.split_once('?').map_or("", |(_, query)| query);
                    assert!(!has_parameter(query, "access_token"), "{shown}");
                    let path = uri.path_and_query().map_or("", |it| it.path());
                    // `*` is the service as a whole, and a target that begins with its query has no path.
                    assert!(matches!(path, "*" | "/") || shown.contains(path), "{shown}");
                }
            }
        }
    }
    // No credentials are in the response.
    let mut shown = response.body().clone();
    for value in headers.values() {
        shown.extend(value.as_bytes());
    }
    for secret in &present.secrets {
        if !present.in_target.contains(&**secret) {
            assert!(memchr::memmem::find(&shown, secret.as_bytes()).is_none(), "a token is shown");
        }
    }
    // A valid token alone, in the `Authorization` header, is accepted.
    if let [sample] = *present.samples
        && !settings.policies
        && !settings.query
        && !settings.without_authorization
        && sent.len() == 1
        && let Some(line) = sent.get(header::AUTHORIZATION)
        && line.as_bytes() == format!("Bearer {}", tokens::SAMPLES[sample].text).as_bytes()
        && (!settings.small || tokens::SAMPLES[sample].text.len() <= 600)
    {
        assert!(tokens::SAMPLES[sample].subject.is_none(), "a good token is rejected");
    }
}
