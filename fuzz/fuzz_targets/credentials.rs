//! Compares the parsers of credentials in headers and queries with independent ones.
#![cfg_attr(fuzzing, no_main)]

use std::{
    convert::Infallible,
    sync::{LazyLock, Mutex},
};

use arbitrary::Arbitrary;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header::AUTHORIZATION};
use portcullis::{
    AuthenticateLayer, BasicCredentials, BearerToken, ErrorKind, Identity, Verification, Verify,
    credentials::{ClientCredentials, Credentials},
    error::RequestFault,
    own_tokens::OwnTokenFormat,
};
use portcullis_fuzz::{has_parameter, ready};
use sha2::{Digest, Sha256};
use tower::{Layer, ServiceExt, service_fn};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Header(Vec<&'a [u8]>),
    Basic(&'a [u8], bool),
    Own(u8, Vec<(u8, u8)>, bool),
    OwnText(&'a str),
    Query(Vec<Part<'a>>),
}

#[derive(Arbitrary, Debug)]
enum Part<'a> {
    Word(u8),
    Text(&'a str),
}

const WORDS: [&str; 18] = [
    "access_token",
    "=",
    "&",
    "access%5Ftoken",
    "%61ccess_token",
    "access%5ftoke%6E",
    "Access_token",
    "abc",
    "%",
    "%2B",
    "+",
    "?",
    ";",
    "#",
    "access_token%3D",
    "%26",
    "a",
    "%00",
];

/// Accepts every token, with the token as the subject.
struct Anyone;

impl Verify<BearerToken<'_>> for Anyone {
    fn verify(&self, token: BearerToken<'_>) -> Verification {
        Verification::ready(Ok(Identity::assertion().subject(token.as_str()).build()))
    }
}

static LAYER: LazyLock<AuthenticateLayer> =
    LazyLock::new(|| AuthenticateLayer::bearer(Anyone).query_parameter().allow_anonymous());

portcullis_fuzz::target!(|input: Input| run(input));

fn run(input: Input) -> Option<()> {
    match input {
        Input::Header(lines) => {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, HeaderValue::from_bytes(line).ok()?);
            }
            header(&headers);
        }
        Input::Basic(bytes, is_raw) => {
            let line = if is_raw {
                [b"Basic ", bytes].concat()
            } else {
                format!("Basic {}", STANDARD.encode(bytes)).into_bytes()
            };
            let line = HeaderValue::from_bytes(&line).ok()?;
            header(&HeaderMap::from_iter([(AUTHORIZATION, line)]));
        }
        Input::Own(random, edits, fix) => {
            let mut token = vec![b'0' + random % 10; 43];
            for (at, byte) in edits {
                token[usize::from(at) % 43] = byte;
            }
            let token = format!("hcms_pat_{}", String::from_utf8(token).ok()?);
            own(&if fix {
                format!("{token}{}", checksum(&token))
            } else {
                format!("{token}000000")
            });
        }
        Input::OwnText(text) => own(text),
        Input::Query(parts) => {
            let query: String = parts
                .iter()
                .map(|part| match part {
                    Part::Word(at) => WORDS[usize::from(*at) % WORDS.len()],
                    Part::Text(text) => text,
                })
                .collect();
            query_parameter(&format!("/a?{query}").parse().ok()?);
        }
    }
    Some(())
}

/// Follows RFC 9110 §11.6.2 and the grammars of the schemes.
fn header(headers: &HeaderMap) {
    let all = Credentials::from_headers(headers);
    let bearer = BearerToken::from_headers(headers);
    let basic = BasicCredentials::from_headers(headers);
    let client = ClientCredentials::from_headers(headers);
    for error in
        [all.as_ref().err(), bearer.as_ref().err(), basic.as_ref().err(), client.as_ref().err()]
    {
        let known =
            |kind| matches!(kind, ErrorKind::MissingCredentials | ErrorKind::InvalidRequest(_));
        assert!(error.is_none_or(|error| known(error.kind())));
    }
    let lines: Vec<_> = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect();
    let [line] = *lines else {
        let all = all.unwrap_err().kind();
        let several = ErrorKind::InvalidRequest(RequestFault::Repeated);
        assert_eq!(all, if lines.is_empty() { ErrorKind::MissingCredentials } else { several });
        return;
    };
    let trimmed: &[u8] = {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        let start = line.iter().position(|byte| !is_space(byte)).unwrap_or(line.len());
        let end = line.iter().rposition(|byte| !is_space(byte)).map_or(start, |end| end + 1);
        &line[start..end]
    };
    let (scheme, rest) = match trimmed.iter().position(|byte| *byte == b' ') {
        Some(at) => (&trimmed[..at], &trimmed[at..]),
        None => (trimmed, &b""[..]),
    };
    let rest = &rest[rest.iter().take_while(|byte| **byte == b' ').count()..];
    let token68 = |text: &[u8]| {
        let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
        let body = &text[..text.len() - padding];
        !body.is_empty() && body.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(b))
    };
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && token68(rest);
    assert_eq!(bearer.is_ok(), is_bearer);
    if let Ok(token) = &bearer {
        assert_eq!(token.as_str().as_bytes(), rest);
    }
    let pair = scheme
        .eq_ignore_ascii_case(b"basic")
        .then(|| STANDARD.decode(rest).ok())
        .flatten()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| !text.chars().any(char::is_control));
    let pair = pair.as_deref().and_then(|text| text.split_once(':'));
    let found = basic.as_ref().ok().map(|basic| (basic.user_id(), basic.password()));
    assert_eq!(found, pair);
    let is_token = scheme.eq_ignore_ascii_case(b"token") && token68(rest);
    assert_eq!(all.is_ok(), is_bearer || is_token || pair.is_some());
    if scheme.eq_ignore_ascii_case(b"bearer") && !is_bearer {
        assert!(matches!(all.unwrap_err().kind(), ErrorKind::InvalidRequest(_)));
    }
}

fn own(text: &str) {
    static FORMAT: LazyLock<OwnTokenFormat> =
        LazyLock::new(|| OwnTokenFormat::new("hcms_pat").unwrap());
    let good = text.len() == 58
        && text.is_char_boundary(52)
        && text.starts_with("hcms_pat_")
        && text[9..].bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text[52..] == checksum(&text[..52]);
    assert_eq!(FORMAT.digest(text).is_some(), good, "{text}");
}

fn checksum(text: &str) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digest = Sha256::digest(text);
    let mut number = u32::from_be_bytes(digest[..4].try_into().unwrap());
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.insert(0, DIGITS[(number % 62) as usize]);
        number /= 62;
    }
    String::from_utf8(digits).unwrap()
}

fn query_parameter(uri: &Uri) {
    let seen = Mutex::new(None);
    let service = LAYER.layer(service_fn(async |request: Request<()>| {
        use portcullis::RequestIdentity as _;
        let who = request.optional_identity().unwrap().map(|it| it.subject().unwrap().to_owned());
        *seen.lock().unwrap() = Some((who, request.uri().clone()));
        Ok::<_, Infallible>(Response::new(Vec::new()))
    }));
    let mut request = Request::new(());
    *request.uri_mut() = uri.clone();
    let response = ready(service.oneshot(request)).unwrap_or_else(|never| match never {});
    let pairs = |uri: &Uri| -> Vec<(String, String)> {
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
    };
    let (tokens, others): (Vec<_>, Vec<_>) =
        pairs(uri).into_iter().partition(|(name, _)| name == "access_token");
    match seen.into_inner().unwrap() {
        Some((who, inner)) => {
            assert!(!has_parameter(inner.query().unwrap_or_default(), "access_token"));
            // Some servers also separate parameters by semicolons, so tokens after one are removed too.
            let has_semicolon = uri.query().is_some_and(|query| query.contains(';'));
            if !has_semicolon {
                assert_eq!(pairs(&inner), others, "other parameters stay");
            }
            assert_eq!(inner.path(), uri.path());
            match (who, &*tokens) {
                (None, []) => assert!(has_semicolon || inner == *uri, "{inner}"),
                (Some(who), [(_, token)]) => assert_eq!(who, *token),
                (who, tokens) => panic!("{who:?} by {tokens:?}"),
            }
        }
        None => {
            assert_eq!(response.status(), 400);
            let shown = portcullis_fuzz::strict_json::object(response.body()).expect("JSON");
            let shown = shown["uri"].as_str().unwrap();
            let query = shown.split_once('?').map_or("", |(_, query)| query);
            assert!(!has_parameter(query, "access_token"), "{shown}");
        }
    }
}
