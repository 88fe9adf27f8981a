//! Presents a bound token with any DPoP proof. The token is accepted only with a proof that follows RFC 9449 §4.3, as
//! an independent check over serde_json reads it.
#![cfg_attr(fuzzing, no_main)]

use std::{convert::Infallible, sync::LazyLock, time::Duration};

use arbitrary::Arbitrary;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer, JwtVerifier, RequestIdentity,
    binding::Dpop,
    testing::{DpopClient, TestClock},
};
use portcullis_fuzz::{
    ready,
    strict_json::{self, Json},
    tokens::{AUDIENCE, NOW, OURS, verifier},
};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

#[derive(Arbitrary, Debug)]
struct Input {
    is_bound: bool,
    is_dpop_scheme: bool,
    method: u8,
    target: String,
    proofs: Vec<Proof>,
}

#[derive(Arbitrary, Debug)]
enum Proof {
    /// A signed proof with changes.
    Signed {
        algorithm: u8,
        by_other_key: bool,
        changes: Vec<Change>,
        edits: Vec<(u16, u8)>,
    },
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Change {
    Claim(u8, u8),
    WithoutClaim(u8),
    Header(u8, u8),
    WithoutHeader(u8),
    Url(String),
    IssuedAt(i16),
    Text(u8, String),
}

const CLAIMS: [&str; 8] = ["jti", "htm", "htu", "iat", "ath", "nonce", "exp", "nbf"];
const HEADER: [&str; 8] = ["typ", "alg", "jwk", "kid", "crit", "b64", "cty", "x5c"];
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
const METHODS: [Method; 4] = [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS];
const ORIGIN: &str = "https://api.test";

static VALUES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    vec![
        json!(""),
        json!(null),
        json!(1),
        json!([]),
        json!({}),
        json!(true),
        json!("GET"),
        json!("get"),
        json!("POST"),
        json!("https://api.test/orders"),
        json!("https://API.test:443/orders"),
        json!("https://api.test/orders/"),
        json!("http://api.test/orders"),
        json!("dpop+jwt"),
        json!("DPOP+JWT"),
        json!("at+jwt"),
        json!("none"),
        json!("ES256"),
        json!("HS256"),
        json!({ "kty": "oct", "k": "AAAA" }),
        json!("x"),
        json!(NOW),
        json!(-1),
        json!(1e300),
    ]
});

/// The clients, one per algorithm, and others with the same algorithms.
static CLIENTS: LazyLock<[[DpopClient; 3]; 2]> =
    LazyLock::new(|| [(); 2].map(|()| ALGORITHMS.map(|it| DpopClient::new(it, clock()))));

static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| verifier().build().unwrap());

static TOKENS: LazyLock<[String; 4]> = LazyLock::new(|| {
    let token = || OURS.token().algorithm(Algorithm::Hs256).audience(AUDIENCE).subject("alice");
    let bound = |at: usize| token().claim("cnf", CLIENTS[0][at].confirmation()).mint();
    [bound(0), bound(1), bound(2), token().mint()]
});

fn clock() -> TestClock {
    OURS.clock()
}

portcullis_fuzz::target!(|input: Input| run(&input));

fn run(input: &Input) -> Option<()> {
    let uri: Uri = format!("/{}", input.target).parse().ok()?;
    let method = &METHODS[usize::from(input.method) % METHODS.len()];
    let first = input.proofs.first().map_or(0, |proof| match proof {
        Proof::Signed { algorithm, .. } => usize::from(*algorithm) % ALGORITHMS.len(),
        Proof::Bytes(_) => 0,
    });
    let token = &TOKENS[if input.is_bound { first } else { 3 }];
    let url = format!("{ORIGIN}{}", uri.path());
    let mut request = Request::new(());
    *request.method_mut() = method.clone();
    *request.uri_mut() = uri.clone();
    let scheme = if input.is_dpop_scheme { "DPoP" } else { "Bearer" };
    request.headers_mut().insert(AUTHORIZATION, format!("{scheme} {token}").parse().ok()?);
    for proof in &input.proofs {
        let line = line(proof, method.as_str(), &url, token)?;
        request.headers_mut().append("dpop", line);
    }
    let sent: Vec<_> = request.headers().get_all("dpop").iter().cloned().collect();

    let dpop = Dpop::builder(ORIGIN).clock(clock()).build().unwrap();
    let layer = AuthenticateLayer::bearer(VERIFIER.clone()).dpop(dpop);
    let service = layer.layer(service_fn(async |request: Request<()>| {
        assert_eq!(request.identity().unwrap().subject(), Some("alice"));
        Ok::<_, Infallible>(Response::new(Vec::new()))
    }));
    let ask = |request: Request<()>| {
        ready(service.clone().oneshot(request)).unwrap_or_else(|never| match never {})
    };
    let response = ask(request.clone());
    if response.status() != StatusCode::OK {
        assert!(matches!(response.status().as_u16(), 400 | 401), "{}", response.status());
        return Some(());
    }
    if !input.is_bound {
        assert!(!input.is_dpop_scheme, "an unbound token as a DPoP token");
        return Some(());
    }
    assert!(input.is_dpop_scheme, "a bound token as a Bearer token");
    let [proof] = &*sent else { panic!("{} proofs", sent.len()) };
    check(proof, first, method.as_str(), &url, token);
    assert_eq!(ask(request).status(), StatusCode::UNAUTHORIZED, "a replay is accepted");
    Some(())
}

fn line(proof: &Proof, method: &str, url: &str, token: &str) -> Option<HeaderValue> {
    let Proof::Signed { algorithm, by_other_key, changes, edits } = proof else {
        let Proof::Bytes(bytes) = proof else { return None };
        return HeaderValue::from_bytes(bytes).ok();
    };
    let algorithm = usize::from(*algorithm) % ALGORITHMS.len();
    let mut builder = CLIENTS[0][algorithm].proof(method, url, token);
    for change in changes.iter().take(6) {
        let value = |at: &u8| VALUES[usize::from(*at) % VALUES.len()].clone();
        let claim = |at: &u8| CLAIMS[usize::from(*at) % CLAIMS.len()];
        let header = |at: &u8| HEADER[usize::from(*at) % HEADER.len()];
        builder = match change {
            Change::Claim(name, at) => builder.claim(claim(name), value(at)),
            Change::WithoutClaim(name) => builder.without_claim(claim(name)),
            Change::Header(name, at) => builder.header(header(name), value(at)),
            Change::WithoutHeader(name) => builder.without_header(header(name)),
            Change::Url(text) => builder.claim("htu", json!(text)),
            Change::IssuedAt(offset) => {
                builder.claim("iat", json!(NOW.saturating_add_signed(i64::from(*offset))))
            }
            Change::Text(name, text) => builder.claim(claim(name), json!(text)),
        };
    }
    let mut text =
        if *by_other_key { builder.sign_with(&CLIENTS[1][algorithm]) } else { builder.sign() }
            .into_bytes();
    for (at, byte) in edits.iter().take(4) {
        let len = text.len();
        text[usize::from(*at) % len] = *byte;
    }
    HeaderValue::from_bytes(&text).ok()
}

/// Checks an accepted proof (RFC 9449 §4.3).
fn check(proof: &HeaderValue, client: usize, method: &str, url: &str, token: &str) {
    let text = proof.to_str().unwrap();
    let parts: Vec<_> = text.split('.').collect();
    let [header, claims, _] = &*parts else { panic!("{} parts", parts.len()) };
    let read = |part: &str| strict_json::object(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, claims) = (read(header), read(claims));
    let text = |object: &std::collections::BTreeMap<String, Json>, name: &str| {
        object.get(name).and_then(Json::as_str).map(str::to_owned)
    };
    assert!(text(&header, "typ").unwrap().eq_ignore_ascii_case("dpop+jwt"));
    assert_eq!(text(&header, "alg").unwrap(), ALGORITHMS[client].name());
    assert!(!header.contains_key("crit"));
    // The key is that of the token, which no other proof has.
    let own = CLIENTS[0][client].proof(method, url, token).sign();
    let own = read(own.split('.').next().unwrap());
    assert_eq!(header.get("jwk"), own.get("jwk"));
    assert!(text(&claims, "jti").is_some_and(|id| !id.is_empty()));
    assert_eq!(text(&claims, "htm").unwrap(), method);
    let htu: Uri = text(&claims, "htu").unwrap().parse().unwrap();
    assert_eq!(htu.scheme_str().map(str::to_ascii_lowercase).as_deref(), Some("https"));
    assert_eq!(htu.host().map(str::to_ascii_lowercase).as_deref(), Some("api.test"));
    assert!(matches!(htu.port_u16(), None | Some(443)));
    let decode = |path: &str| percent_encoding::percent_decode_str(path).collect::<Vec<u8>>();
    let path = &url[ORIGIN.len()..];
    assert_eq!(decode(htu.path()), decode(path), "another path");
    let issued_at = match claims.get("iat") {
        Some(Json::Whole(seconds)) => *seconds as f64,
        Some(Json::Number(seconds)) => *seconds,
        other => panic!("{other:?}"),
    };
    let window = Duration::from_secs(65).as_secs_f64();
    assert!((issued_at - NOW as f64).abs() <= window, "{issued_at}");
    use sha2::{Digest as _, Sha256};
    assert_eq!(text(&claims, "ath").unwrap(), URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
}
