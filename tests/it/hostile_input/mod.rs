//! Arbitrary input from an attacker gets 200, 400 or 401: no panic, no 500.

mod headers;
mod key_sets;
mod sizes;
mod tokens;

use std::sync::LazyLock;

use axum::{Router, body::Body};
use http::{HeaderValue, Request, header::AUTHORIZATION};
use portcullis::{
    Algorithm, AuthenticateLayer, JwtVerifier,
    testing::{TestIssuer, TokenBuilder},
};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::support::{API, jws, send, whoami};

/// One issuer for all cases, because generating keys is slow.
static ISSUER: LazyLock<TestIssuer> = LazyLock::new(|| {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    issuer.publish(Algorithm::EdDsa);
    issuer
});

/// `GET /` behind a layer without a maximum token length.
static SERVICE: LazyLock<Router> = LazyLock::new(|| {
    whoami().layer(AuthenticateLayer::bearer(verifier()).max_token_length(usize::MAX))
});

/// Runs one case, which needs no I/O.
fn run<T>(case: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_current_thread().build().unwrap());
    RUNTIME.block_on(case)
}

/// Accepts tokens of [`ISSUER`], and those that are signed with [`jws::SECRET`].
fn verifier() -> JwtVerifier {
    let builder = ISSUER.verifier().audience(API).jwk_set(ISSUER.jwk_set());
    builder.hmac_secret(Algorithm::Hs256, jws::SECRET).build().unwrap()
}

fn valid_token() -> TokenBuilder {
    ISSUER.token().audience(API)
}

/// The status of a request with that `Authorization`, which must be 200, 400 or 401.
async fn status(app: &Router, line: &[u8]) -> u16 {
    let mut request = Request::new(Body::empty());
    let line = HeaderValue::from_bytes(line).expect("a header value");
    request.headers_mut().insert(AUTHORIZATION, line.clone());
    let response = send(app, request).await;
    let status = response.status.as_u16();
    assert!([200, 400, 401].contains(&status), "{status} for {line:?}");
    assert_eq!(response.challenge().is_some(), status != 200, "{line:?}");
    status
}

/// A byte that a header may contain.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xff_u8]
}

/// A byte that a token may contain, or a similar one.
fn token_byte() -> impl Strategy<Value = u8> {
    let near = prop::sample::select(&b".-_=+/~, \t\"{}"[..]);
    prop_oneof![4 => prop::char::range('a', 'z').prop_map(|char| char as u8), 2 => near, 1 => byte()]
}

/// Up to three changes: the position, how many bytes are removed, and what is inserted.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, Vec<u8>)>> {
    let inserted = prop::collection::vec(token_byte(), 0..3);
    prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, inserted), 1..4)
}

fn edited(bytes: &[u8], edits: Vec<(prop::sample::Index, usize, Vec<u8>)>) -> Vec<u8> {
    edits.into_iter().fold(bytes.to_vec(), |mut bytes, (index, removed, inserted)| {
        let at = index.index(bytes.len() + 1);
        let end = bytes.len().min(at + removed);
        bytes.splice(at..end, inserted);
        bytes
    })
}
