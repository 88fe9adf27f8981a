//! Serves a key set with any `Cache-Control` and `Age`, again and again. The verifier requests it once four fifths of
//! the lifetime have passed that an independent reading of RFC 9111 gives, and not before.
#![cfg_attr(fuzzing, no_main)]

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use arbitrary::Arbitrary;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};
use portcullis::{
    Algorithm, BearerToken, JwtVerifier, Verify,
    testing::{TestClient, TestClock},
};
use portcullis_fuzz::{
    block_on,
    tokens::{AUDIENCE, ISSUER, NOW, OURS},
};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Served(Vec<Served>),
    /// A `Cache-Control` line as it was recorded.
    Line(&'a str),
}

#[derive(Arbitrary, Debug)]
struct Served {
    cache_control: Vec<Vec<Piece>>,
    age: Vec<Vec<Piece>>,
    is_unchanged: bool,
}

#[derive(Arbitrary, Debug)]
enum Piece {
    Word(u8),
    Number(u16),
    Large(u64),
    Bytes(Vec<u8>),
}

const WORDS: [&str; 24] = [
    "max-age=",
    ", ",
    ",",
    "=",
    "\"",
    "\\",
    " ",
    "\t",
    "no-store",
    "no-cache",
    "Max-Age=",
    "s-maxage=",
    "private",
    "public",
    "must-revalidate",
    "no-cache=\"set-cookie\"",
    "private=\"a, max-age=7\"",
    "max-age",
    "-",
    "+",
    "86400",
    "99999999999999999999",
    "4294967296",
    "stale-while-revalidate=60",
];

/// A token that outlives every key set here.
static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let token = OURS.token().algorithm(Algorithm::Es256).audience(AUDIENCE);
    token.claim("exp", (NOW + 100_000_000).into()).mint()
});
static KEYS: LazyLock<Vec<u8>> = LazyLock::new(|| OURS.jwk_set().into_bytes());

portcullis_fuzz::target!(|input: Input| run(&input));

fn run(input: &Input) -> Option<()> {
    let served: Vec<(HeaderMap, bool)> = match input {
        Input::Served(served) => served.iter().take(4).map(headers).collect::<Option<Vec<_>>>()?,
        Input::Line(line) => {
            let line = HeaderValue::from_str(line).ok()?;
            vec![(HeaderMap::from_iter([(CACHE_CONTROL, line)]), false)]
        }
    };
    let (first, _) = served.first()?;
    let mut lifetime = freshness(first);
    let clock = TestClock::at(std::time::UNIX_EPOCH + Duration::from_secs(NOW));
    let requested = Arc::new(Mutex::new(0));
    let client = client(served.clone(), Arc::clone(&requested));
    let verifier = JwtVerifier::builder(ISSUER)
        .audience(AUDIENCE)
        .jwks_uri("https://issuer.test/jwks")
        .http_client(client)
        .clock(clock.clone())
        .token_cache(0)
        .build()
        .unwrap();
    let requests = || *requested.lock().unwrap();
    for place in 0..served.len() {
        // In the first round, this fetches the keys. The others have just been fetched.
        verify(&verifier);
        assert_eq!(requests(), place + 1);
        let Some(seconds) = lifetime.map(bounded) else { return Some(()) };
        let due = seconds * 4 / 5;
        clock.advance(Duration::from_secs(due - 1));
        verify(&verifier);
        let line = &served[place].0;
        assert_eq!(requests(), place + 1, "requested within {due} s of {seconds}: {line:?}");
        clock.advance(Duration::from_secs(2));
        verify(&verifier);
        assert_eq!(requests(), place + 2, "not requested after {due} s of {seconds}: {line:?}");
        if let Some((next, is_unchanged)) = served.get(place + 1) {
            // A response without a body keeps the lifetime, unless it says another one (RFC 9111 §4.3.4).
            lifetime = match freshness(next) {
                Freshness::Unspecified if *is_unchanged => lifetime,
                other => other,
            };
        }
    }
    Some(())
}

fn headers(served: &Served) -> Option<(HeaderMap, bool)> {
    let mut headers = HeaderMap::new();
    for (name, lines) in [(CACHE_CONTROL, &served.cache_control), (AGE, &served.age)] {
        for line in lines.iter().take(3) {
            let mut bytes = Vec::new();
            for piece in line {
                match piece {
                    Piece::Word(at) => bytes.extend(WORDS[usize::from(*at) % WORDS.len()].bytes()),
                    Piece::Number(number) => bytes.extend(number.to_string().bytes()),
                    Piece::Large(number) => bytes.extend(number.to_string().bytes()),
                    Piece::Bytes(other) => bytes.extend(other),
                }
            }
            headers.append(&name, HeaderValue::from_bytes(&bytes).ok()?);
        }
    }
    Some((headers, served.is_unchanged))
}

fn client(served: Vec<(HeaderMap, bool)>, requested: Arc<Mutex<usize>>) -> TestClient {
    TestClient::new(move |request| {
        let mut requested = requested.lock().unwrap();
        let last = served.len() - 1;
        let (headers, is_unchanged) = &served[(*requested).min(last)];
        *requested += 1;
        let mut response = Response::new(KEYS.clone());
        *response.headers_mut() = headers.clone();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(ETAG, HeaderValue::from_static("\"1\""));
        if *is_unchanged && request.headers().contains_key(IF_NONE_MATCH) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.body_mut().clear();
        }
        async { Ok(response) }
    })
}

/// Presents the token, and lets a refresh complete that it started.
fn verify(verifier: &JwtVerifier) {
    let line = HeaderValue::try_from(format!("Bearer {}", *TOKEN)).unwrap();
    let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
    let token = BearerToken::from_headers(&headers).unwrap();
    block_on(async {
        verifier.verify(token).wait().await.expect("a valid token");
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    });
}

/// What a response says about its lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Seconds(u64),
    Unspecified,
    /// The RFC leaves it open.
    Open,
}

impl Freshness {
    fn map(self, bounded: impl Fn(u64) -> u64) -> Option<u64> {
        match self {
            Self::Seconds(seconds) => Some(bounded(seconds)),
            Self::Unspecified => Some(600),
            Self::Open => None,
        }
    }
}

/// Between a minute and a day.
fn bounded(seconds: u64) -> u64 {
    seconds.clamp(60, 86_400)
}

/// Reads the lifetime (RFC 9111 §4.2.1, §5.1, §5.2.2), byte by byte.
fn freshness(headers: &HeaderMap) -> Freshness {
    let mut max_age = None;
    for line in headers.get_all(CACHE_CONTROL) {
        let Some(directives) = directives(line.as_bytes()) else { return Freshness::Open };
        for (name, value) in directives {
            match (&*name, value) {
                ("no-store" | "no-cache", _) => return Freshness::Seconds(0),
                ("max-age", Some(value)) => {
                    // What isn't a number may be ignored, or stands for a stale response.
                    let Some(seconds) = delta_seconds(&value) else { return Freshness::Open };
                    max_age = max_age.or(Some(seconds));
                }
                ("max-age", None) => return Freshness::Open,
                _ => {}
            }
        }
    }
    let Some(max_age) = max_age else { return Freshness::Unspecified };
    let age = match headers.get(AGE).map(HeaderValue::as_bytes) {
        None => 0,
        Some(age) => match delta_seconds(age.trim_ascii()) {
            Some(age) => age,
            None => return Freshness::Open,
        },
    };
    Freshness::Seconds(max_age.saturating_sub(age))
}

/// Returns names in lower case, and values without their quotes. `None` if the line doesn't follow the grammar.
fn directives(line: &[u8]) -> Option<Vec<(String, Option<Vec<u8>>)>> {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(|byte| !is_token(byte)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after;
        if !name.is_empty() {
            let mut value = None;
            if let Some(after) = rest.strip_prefix(b"=") {
                let mut text = Vec::new();
                if let Some(quoted) = after.strip_prefix(b"\"") {
                    rest = quoted;
                    loop {
                        match rest {
                            [b'"', after @ ..] => {
                                rest = after;
                                break;
                            }
                            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                                text.push(*byte);
                                rest = after;
                            }
                            [] => return None,
                        }
                    }
                } else {
                    let end = after.iter().position(|byte| !is_token(byte)).unwrap_or(after.len());
                    text.extend(&after[..end]);
                    rest = &after[end..];
                    if text.is_empty() {
                        return None;
                    }
                }
                value = Some(text);
            }
            found.push((String::from_utf8(name.to_ascii_lowercase()).ok()?, value));
        }
        rest = rest.trim_ascii_start();
        match rest {
            [] => return Some(found),
            [b',', after @ ..] => rest = after,
            _ => return None,
        }
    }
}

/// Reads a number of seconds. One that is too large counts as the largest (RFC 9111 §1.2.2).
fn delta_seconds(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let digit =
        |number: u64, byte: &u8| number.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
    is_number.then(|| text.iter().fold(0, digit))
}
