//! The issuer whose tokens all rows send, with its keys on loopback.

use std::net::Ipv4Addr;

use axum::{Router, extract::Path, http::header::CONTENT_TYPE, routing::get};
use portcullis::Algorithm;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{fixture::Fixture, fixture::current_thread, issuer::Issuer, raw};

/// The algorithms of the tokens that are sent.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

/// A fixture whose issuer serves one JWK Set for each algorithm, each with one key that says its
/// `alg`: a key of another kind voids the whole set for some of the peers, as does one without.
pub fn fixture(pool_size: usize) -> Fixture {
    let runtime = current_thread();
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let listener = listener.expect("a port on loopback");
    let address = listener.local_addr().expect("an address");
    let issuer = Issuer::called(&format!("http://{address}"), pool_size);
    let sets = ALGORITHMS.map(|algorithm| (algorithm.name(), jwk_set(&issuer, algorithm)));
    let serve = async move |Path(name): Path<String>| {
        let set = sets.iter().find(|(algorithm, _)| *algorithm == name);
        let text = set.map(|(_, set)| set.to_string()).unwrap_or_default();
        ([(CONTENT_TYPE, "application/json")], text)
    };
    let app = Router::new().route("/jwks/{name}", get(serve));
    runtime.spawn(async { axum::serve(listener, app).await });
    Fixture::of(runtime, issuer, pool_size)
}

/// Where a peer fetches its keys.
pub fn jwks_uri(issuer: &Issuer, algorithm: Algorithm) -> String {
    format!("{}/jwks/{algorithm}", issuer.name())
}

/// The key that signs with that algorithm.
pub fn jwk_set(issuer: &Issuer, algorithm: Algorithm) -> Value {
    let mut jwk = issuer.jwk(raw::kty(algorithm).expect("a public key"), algorithm);
    jwk["alg"] = json!(algorithm.name());
    json!({ "keys": [jwk] })
}
