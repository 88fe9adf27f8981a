//! Serves any metadata, key set and response headers of an issuer. The verifier requests only permitted URLs, a bounded
//! number of them, and accepts a token only with the issuer's key.
#![cfg_attr(fuzzing, no_main)]

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use arbitrary::Arbitrary;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode, Uri,
    header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use portcullis::{
    Algorithm, BearerToken, Identity, JwtVerifier, Verify,
    testing::{TestClient, TestClock, TestIssuer},
};
use portcullis_fuzz::{
    block_on,
    tokens::{AUDIENCE, ISSUER, NOW, OURS, THEIRS},
};

#[derive(Arbitrary, Debug)]
struct Input {
    metadata: Document,
    keys: Keys,
    status: [Option<u16>; 2],
    cache_control: Vec<Piece>,
    retry_after: Option<Vec<u8>>,
    content_type: Option<Vec<u8>>,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Document {
    JwksUri(Vec<Piece>),
    Members(Vec<(u8, u8)>),
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Keys {
    Own,
    Others,
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Piece {
    Word(u8),
    Text(String),
    Number(u64),
}

#[derive(Arbitrary, Debug)]
enum Step {
    Own,
    Others,
    UnknownKey,
    Wait(u16),
}

const WORDS: [&str; 26] = [
    "https://",
    "http://",
    "issuer.test",
    "/jwks",
    "127.0.0.1",
    "[::1]",
    "10.0.0.5",
    "169.254.169.254",
    "[fd00::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
    ":6379",
    "@",
    "?",
    "#",
    "..",
    "%2f",
    "max-age=",
    "s-maxage=",
    "no-store",
    ", ",
    "no-cache",
    "must-revalidate",
    "immutable",
    "2130706433",
    "0x7f.1",
];
const NAMES: [&str; 6] = [
    "issuer",
    "jwks_uri",
    "introspection_endpoint",
    "authorization_endpoint",
    "x",
    "\\u006awks_uri",
];
const VALUES: [&str; 9] = [
    "\"https://issuer.test\"",
    "\"https://issuer.test/\"",
    "\"https://issuer.test/jwks\"",
    "null",
    "1",
    "[]",
    "\"\"",
    "\"http://127.0.0.1/jwks\"",
    "\"https://keys.test/jwks?a=b\"",
];

/// One token of each issuer, with keys of the same names.
static TOKENS: LazyLock<[String; 2]> = LazyLock::new(|| {
    [&*OURS, &*THEIRS].map(|issuer: &TestIssuer| {
        issuer.token().algorithm(Algorithm::Es256).audience(AUDIENCE).subject("alice").mint()
    })
});
static UNKNOWN_KEY: LazyLock<String> = LazyLock::new(|| {
    let token = THEIRS.token().algorithm(Algorithm::Es256).audience(AUDIENCE);
    token.header("kid", "unknown".into()).mint()
});

portcullis_fuzz::target!(|input: Input| {
    let clock = TestClock::at(std::time::UNIX_EPOCH + Duration::from_secs(NOW));
    let requested = Arc::new(Mutex::new(Vec::<Uri>::new()));
    let client = client(&input, Arc::clone(&requested));
    let verifier = JwtVerifier::builder(ISSUER)
        .audience(AUDIENCE)
        .http_client(client)
        .clock(clock.clone())
        .build()
        .unwrap();
    let mut seconds = 0_u64;
    for step in input.steps.iter().take(12) {
        match step {
            Step::Own => {
                if let Some(identity) = verify(&verifier, &TOKENS[0]) {
                    assert_eq!(identity.subject(), Some("alice"));
                    assert!(!matches!(input.keys, Keys::Others), "accepted with another key");
                }
            }
            Step::Others => {
                let accepted = verify(&verifier, &TOKENS[1]).is_some();
                assert!(
                    !accepted || !matches!(input.keys, Keys::Own),
                    "a token of others is accepted"
                );
            }
            Step::UnknownKey => assert!(verify(&verifier, &UNKNOWN_KEY).is_none()),
            Step::Wait(time) => {
                clock.advance(Duration::from_secs(u64::from(*time)));
                seconds += u64::from(*time);
            }
        }
    }
    let requested = requested.lock().unwrap();
    for uri in requested.iter() {
        assert_eq!(uri.scheme_str(), Some("https"), "{uri}");
        let host = uri.host().unwrap().trim_matches(['[', ']']);
        if let Ok(address) = host.parse::<IpAddr>() {
            assert!(!is_special(address), "{uri}");
        }
        assert!(!host.eq_ignore_ascii_case("localhost"), "{uri}");
    }
    // At most metadata and keys per step and minute, with their retries.
    let bound = 8 * (input.steps.len().min(12) + 1) + usize::try_from(seconds / 10).unwrap();
    assert!(requested.len() <= bound, "{} requests in {seconds} s", requested.len());
});

fn client(input: &Input, requested: Arc<Mutex<Vec<Uri>>>) -> TestClient {
    let text = |pieces: &[Piece]| -> String {
        let part = |piece: &Piece| match piece {
            Piece::Word(at) => WORDS[usize::from(*at) % WORDS.len()].to_owned(),
            Piece::Text(text) => text.clone(),
            Piece::Number(number) => number.to_string(),
        };
        pieces.iter().map(part).collect()
    };
    let metadata = match &input.metadata {
        Document::JwksUri(pieces) => {
            serde_json::json!({ "issuer": ISSUER, "jwks_uri": text(pieces) })
                .to_string()
                .into_bytes()
        }
        Document::Members(members) => {
            let member = |(name, value): &(u8, u8)| {
                let name = NAMES[usize::from(*name) % NAMES.len()];
                format!("\"{name}\":{}", VALUES[usize::from(*value) % VALUES.len()])
            };
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(",")).into_bytes()
        }
        Document::Bytes(bytes) => bytes.clone(),
    };
    let keys = match &input.keys {
        Keys::Own => OURS.jwk_set().into_bytes(),
        Keys::Others => THEIRS.jwk_set().into_bytes(),
        Keys::Bytes(bytes) => bytes.clone(),
    };
    let mut headers = HeaderMap::new();
    let cache_control = HeaderValue::try_from(text(&input.cache_control));
    headers.extend(cache_control.ok().map(|value| (CACHE_CONTROL, value)));
    for (name, bytes) in [(RETRY_AFTER, &input.retry_after), (CONTENT_TYPE, &input.content_type)] {
        let value = bytes.as_ref().and_then(|bytes| HeaderValue::from_bytes(bytes).ok());
        headers.extend(value.map(|value| (name, value)));
    }
    let status = input.status.map(|status| {
        let code = status.map_or(200, |status| 200 + status % 400);
        StatusCode::from_u16(code).unwrap()
    });
    TestClient::new(move |request| {
        requested.lock().unwrap().push(request.uri().clone());
        let is_metadata = request.uri().path().contains("/.well-known/");
        let mut response = Response::new(if is_metadata { metadata.clone() } else { keys.clone() });
        *response.status_mut() = status[usize::from(!is_metadata)];
        *response.headers_mut() = headers.clone();
        async { Ok(response) }
    })
}

fn verify(verifier: &JwtVerifier, token: &str) -> Option<Identity> {
    let line = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    let token = BearerToken::from_headers(&headers).unwrap();
    let result = block_on(async { verifier.verify(token).wait().await });
    if let Err(error) = &result {
        assert!(matches!(error.status().as_u16(), 401 | 500 | 503), "{error:?}");
    }
    result.ok()
}

fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => {
            it.is_loopback() || it.is_private() || it.is_link_local() || it.is_unspecified()
        }
        IpAddr::V6(it) => {
            it.is_loopback()
                || it.is_unspecified()
                || it.is_unique_local()
                || it.is_unicast_link_local()
                || it.to_ipv4_mapped().is_some_and(|it| is_special(it.into()))
        }
    }
}
