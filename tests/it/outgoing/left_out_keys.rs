//! Keys of a set that can't be used are reported once per set.

use portcullis::{Algorithm, testing::TestIssuer};
use serde_json::{Value, json};
use tracing::Level;

use crate::{
    support::{
        API, issuer_with, jws,
        network::Network,
        outcome::{ACCEPTED, DAY, UNAVAILABLE, UNKNOWN_KEY, outcome, seconds},
    },
    telemetry::capture::Capture,
};

const JWKS: &str = "https://issuer.test/jwks";

fn issuer() -> TestIssuer {
    issuer_with([Algorithm::Es256, Algorithm::Rs256])
}

/// The set of `issuer` with an RSA key of 1024 bits, and one more key.
fn set(issuer: &TestIssuer, more: &Value) -> Value {
    let mut set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let keys = set["keys"].as_array_mut().unwrap();
    let rsa = keys.iter_mut().find(|key| key["kty"] == "RSA").unwrap();
    rsa["kid"] = json!("weak");
    rsa["n"] = json!(jws::encode(&jws::decode(rsa["n"].as_str().unwrap())[..128]));
    keys.push(more.clone());
    set
}

fn left_out(capture: &Capture) -> Vec<String> {
    let lines = capture.take();
    let lines = lines.into_iter().filter(|line| line.text.contains("left out"));
    let lines = lines.map(|line| {
        assert_eq!((line.level, &*line.target), (Level::INFO, "portcullis"));
        line.text
    });
    lines.collect()
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_left_out_is_reported_once_per_set() {
    let (issuer, network) = (issuer(), Network::default());
    let other = json!({ "kty": "oct", "k": "AA" });
    network.json(JWKS, &set(&issuer, &other));
    let verifier = issuer.verifier().http_client(network.client()).jwks_uri(JWKS).audience(API);
    let verifier = verifier.build().unwrap();
    let token = issuer.token().audience(API).algorithm(Algorithm::Es256).expires_in(DAY).mint();
    let weak =
        issuer.token().audience(API).header("kid", json!("weak")).algorithm(Algorithm::Rs256);
    let weak = weak.expires_in(DAY).mint();

    let (capture, _guard) = Capture::start();
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    let name = issuer.issuer();
    let weak_line = format!(
        "key left out issuer=\"{name}\" kid=\"weak\" reason=\"the key is too weak: it has 1024 bits, but at \
         least 2048 are required\""
    );
    let oct = format!("key left out issuer=\"{name}\" reason=\"`kty` isn't supported\"");
    assert_eq!(left_out(&capture), [weak_line.clone(), oct]);

    // Neither requests nor fetches of the same set report it again.
    for _ in 0..5 {
        assert_eq!(outcome(&verifier, &weak).await, UNKNOWN_KEY);
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
        issuer.clock().advance(seconds(600));
    }
    assert_eq!(left_out(&capture), [""; 0]);

    network.json(JWKS, &set(&issuer, &json!({ "kty": "EC", "crv": "P-256", "kid": "half" })));
    issuer.clock().advance(seconds(600));
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    let half = format!(
        "key left out issuer=\"{name}\" kid=\"half\" reason=\"`x` is missing or malformed\""
    );
    assert_eq!(left_out(&capture), [weak_line, half]);
}

#[tokio::test(start_paused = true)]
async fn many_skipped_keys_are_reported_in_a_few_lines() {
    let issuer = issuer();
    let mut set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    for kid in 0..50 {
        set["keys"].as_array_mut().unwrap().push(json!({ "kty": "oct", "kid": kid }));
    }
    let (capture, _guard) = Capture::start();
    issuer.verifier().audience(API).jwk_set(set.to_string()).build().unwrap();
    let lines = left_out(&capture);
    assert_eq!(lines.len(), 17);
    assert_eq!(lines[16], format!("more keys left out issuer=\"{}\" keys=34", issuer.issuer()));
}

#[tokio::test(start_paused = true)]
async fn a_set_without_a_usable_key_is_an_error_with_reasons() {
    let (issuer, network) = (issuer(), Network::default());
    network.json(JWKS, &json!({ "keys": [{ "kty": "oct", "kid": "one" }, { "use": "enc" }] }));
    let verifier = issuer.verifier().http_client(network.client()).jwks_uri(JWKS).audience(API);
    let verifier = verifier.build().unwrap();
    let token = issuer.token().audience(API).mint();
    let (capture, _guard) = Capture::start();
    assert_eq!(outcome(&verifier, &token).await, UNAVAILABLE);
    let reasons = "it has no key that verifies signatures (key `one`: `kty` isn't supported; a key without \
                   `kid`: `use` doesn't allow it to verify signatures)";
    assert!(verifier.readiness().last_error().unwrap().ends_with(reasons));
    assert!(capture.take().iter().any(|line| line.text.contains(reasons)));
}
