//! Renders rejections of any kind, with any realm, at any time, for any target. Each has to be well-formed, in HTTP and
//! in gRPC.
#![cfg_attr(fuzzing, no_main)]

use std::{
    convert::Infallible,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arbitrary::Arbitrary;
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{Request, Response, Uri, header};
use portcullis::{
    AuthenticateLayer, BearerToken, Clock, Error, ErrorBody, ErrorKind, Identity,
    RequireScopeLayer, Scope, ScopeSet, Verification, Verify,
    error::{RequestFault, TokenFault},
    response::JsonBody,
};
use portcullis_fuzz::{challenge::Challenge, ready, strict_json};
use prost::Message as _;
use tower::{Layer, ServiceExt, service_fn};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    body: u8,
    grpc: u8,
    kind: u8,
    method: u8,
    realm: Option<&'a str>,
    scope: &'a str,
    scope2: Option<&'a str>,
    target: &'a [u8],
    time: (u64, u32),
    base: Option<&'a str>,
}

#[derive(Debug)]
struct At(SystemTime);

impl Clock for At {
    fn now(&self) -> SystemTime {
        self.0
    }
}

struct Rejects(ErrorKind);

impl Verify<BearerToken<'_>> for Rejects {
    fn verify(&self, _token: BearerToken<'_>) -> Verification {
        Verification::ready(match self.0 {
            ErrorKind::InsufficientScope => {
                Ok(Identity::assertion().scopes(ScopeSet::new()).build())
            }
            ErrorKind::Unavailable => Err(Error::unavailable("down")),
            kind => Err(kind.into()),
        })
    }
}

const KINDS: [ErrorKind; 12] = [
    ErrorKind::AccessDenied,
    ErrorKind::InsufficientScope,
    ErrorKind::InvalidCredentials,
    ErrorKind::InvalidRequest(RequestFault::Malformed),
    ErrorKind::InvalidRequest(RequestFault::TooLong),
    ErrorKind::InvalidToken(TokenFault::Expired),
    ErrorKind::InvalidToken(TokenFault::Signature),
    ErrorKind::MissingCredentials,
    ErrorKind::Misconfigured,
    ErrorKind::TooManyAttempts,
    ErrorKind::Unavailable,
    ErrorKind::InvalidToken(TokenFault::Type),
];

portcullis_fuzz::target!(|input: Input| run(&input));

fn run(input: &Input) -> Option<()> {
    let kind = KINDS[usize::from(input.kind) % KINDS.len()];
    let uri = Uri::try_from(input.target).ok()?;
    let time = UNIX_EPOCH.checked_add(Duration::new(input.time.0, input.time.1 % 1_000_000_000))?;
    let mut needed: portcullis::scope::ScopePolicy = Scope::new(input.scope).ok()?.into();
    if let Some(other) = input.scope2 {
        needed = needed.and(Scope::new(other).ok()?);
    }
    let body = match input.body % 6 {
        0 => ErrorBody::json(),
        1 => ErrorBody::problem_json(),
        2 => ErrorBody::oauth(),
        3 => ErrorBody::token_endpoint(),
        4 => JsonBody::new().without_error_code().build().ok()?,
        _ => JsonBody::new().base_uri(input.base?).build().ok()?,
    };
    let mut layer = AuthenticateLayer::bearer(Rejects(kind))
        .token_scheme()
        .grpc()
        .clock(At(time))
        .error_body(body);
    if let Some(realm) = input.realm {
        layer = layer.realm(realm);
    }
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(b"inside".to_vec())));
    let service = layer.layer(RequireScopeLayer::new(needed).layer(inner));
    let mut request = Request::new(());
    let media_types =
        ["", "application/grpc", "application/grpc-web", "application/grpc-web-text+proto"];
    let media_type = media_types[usize::from(input.grpc) % media_types.len()];
    *request.method_mut() = if media_type.is_empty() {
        ["GET", "POST", "HEAD", "OPTIONS"][usize::from(input.method) % 4].parse().unwrap()
    } else {
        http::Method::POST
    };
    if !media_type.is_empty() {
        request.headers_mut().insert(header::CONTENT_TYPE, media_type.parse().unwrap());
    }
    if kind != ErrorKind::MissingCredentials {
        request.headers_mut().insert(header::AUTHORIZATION, "Bearer s3cret".parse().unwrap());
    }
    *request.uri_mut() = uri.clone();
    let is_head = request.method() == http::Method::HEAD;
    let response = ready(service.oneshot(request)).unwrap_or_else(|never| match never {});

    let realm = input.realm.map(|realm| -> String {
        // A quoted string can't contain the others, which are left out.
        realm.chars().filter(|it| matches!(it, '\t' | ' '..='~' | '\u{a0}'..)).collect()
    });
    let is_ascii = realm.as_ref().is_none_or(|realm| realm.is_ascii());
    for line in response.headers().get_all(header::WWW_AUTHENTICATE) {
        let challenge =
            Challenge::parse(line.as_bytes()).unwrap_or_else(|why| panic!("{why}: {line:?}"));
        if media_type.is_empty() || is_ascii {
            assert_eq!(challenge.get("realm"), realm.as_deref().or(Some("restricted")));
        } else {
            assert!(line.as_bytes().is_ascii());
        }
        if challenge.scheme == "Bearer" {
            assert_eq!(challenge.get("error"), kind.code());
            if kind == ErrorKind::InsufficientScope {
                let scopes: Vec<_> = challenge.get("scope").unwrap().split(' ').collect();
                assert!(scopes.contains(&input.scope), "{scopes:?}");
                assert!(input.scope2.is_none_or(|scope| scopes.contains(&scope)), "{scopes:?}");
            }
        }
    }
    if media_type.is_empty() {
        assert_eq!(response.status(), kind.status());
        if !is_head {
            json(input, kind, &uri, response.body());
        }
        if let Some(length) = response.headers().get(header::CONTENT_LENGTH) {
            assert!(is_head && length.to_str().unwrap().parse::<usize>().is_ok());
        }
    } else {
        grpc(kind, input.realm, &response);
    }
    Some(())
}

fn json(input: &Input, kind: ErrorKind, uri: &Uri, body: &[u8]) {
    let members =
        strict_json::object(body).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(body)));
    let text = |name: &str| members.get(name).and_then(strict_json::Json::as_str);
    let path = uri.path_and_query().map_or("", |it| it.path());
    match input.body % 6 {
        0 | 4 | 5 => {
            assert_eq!(text("message"), Some(kind.description()));
            let shown = text("uri").unwrap();
            assert!(shown.contains(path) || matches!(path, "*" | "/"), "{shown} {path}");
            let date = text("date").unwrap().as_bytes();
            assert_eq!(date.len(), 19);
            assert_eq!(date_of(input.time.0), text("date").unwrap());
            assert_eq!(text("error"), kind.code().filter(|_| input.body % 6 != 4));
        }
        1 => assert_eq!(text("detail"), Some(kind.description())),
        _ => assert_eq!(text("error_description"), Some(kind.description())),
    }
}

/// Counts the days of each year and month, up to the year 9999.
fn date_of(seconds: u64) -> String {
    let seconds = seconds.min(253_402_300_799);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // 400 years are always as long.
    let (mut year, mut day) = (1970 + days / 146_097 * 400, days % 146_097);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    loop {
        let len = if is_leap(year) { 366 } else { 365 };
        if day < len {
            break;
        }
        day -= len;
        year += 1;
    }
    let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for len in lengths {
        if day < len {
            break;
        }
        day -= len;
        month += 1;
    }
    format!(
        "{:04}-{month:02}-{:02}T{:02}:{:02}:{:02}",
        year,
        day + 1,
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

fn grpc(kind: ErrorKind, realm: Option<&str>, response: &Response<Vec<u8>>) {
    let headers = response.headers();
    assert_eq!(response.status(), 200);
    assert!(response.body().is_empty());
    assert_eq!(headers["grpc-status"], kind.grpc_code().to_string());
    let message = percent_encoding::percent_decode(headers["grpc-message"].as_bytes());
    assert_eq!(message.decode_utf8().unwrap(), kind.description());
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let details = engine.decode(headers["grpc-status-details-bin"].as_bytes()).expect("base64");
    let status = tonic_types::pb::Status::decode(&*details).expect("a google.rpc.Status");
    assert_eq!(status.code, kind.grpc_code());
    let info = status
        .details
        .iter()
        .find(|any| any.type_url.ends_with("ErrorInfo"))
        .expect("an ErrorInfo");
    let info = tonic_types::pb::ErrorInfo::decode(&*info.value).expect("an ErrorInfo");
    assert_eq!(info.reason, kind.reason().to_uppercase());
    if let Some(realm) = realm {
        assert_eq!(info.domain, realm);
    }
}
