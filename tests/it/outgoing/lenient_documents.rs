//! Documents from configured places are read leniently. What tokens contain is not.

use http::{Response, header::CONTENT_TYPE};
use portcullis::{
    Algorithm,
    http_client::HttpError,
    testing::{TestClient, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{
    API, issuer_with, jws,
    network::Network,
    outcome::{ACCEPTED, UNAVAILABLE, outcome},
};

const ISSUER: &str = "https://issuer.test";
const METADATA: &str = "https://issuer.test/.well-known/openid-configuration";
const JWKS: &str = "https://issuer.test/jwks";
const BOM: &str = "\u{feff}";

fn document(content_type: Option<&str>, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
    }
    response
}

#[tokio::test(start_paused = true)]
async fn byte_order_marks_and_types_of_plain_stores_are_accepted() {
    let json = Some("application/json");
    for (content_type, mark, accepted) in [
        (json, "", true),
        (json, BOM, true),
        (json, "\u{feff} \n", true),
        (json, "\u{feff}\u{feff}", false),
        (None, "", true),
        (Some("text/plain"), "", true),
        (Some("application/octet-stream"), "", true),
        (Some("binary/octet-stream"), BOM, true),
        (Some("Binary/Octet-Stream"), "", true),
        (Some("image/octet-stream"), "", false),
        (Some("application/x-javascript"), "", false),
    ] {
        for at in [METADATA, JWKS] {
            let issuer = TestIssuer::named(ISSUER);
            let network = Network::default();
            let metadata = json!({ "issuer": ISSUER, "jwks_uri": JWKS }).to_string();
            for (url, text) in [(METADATA, metadata), (JWKS, issuer.jwk_set())] {
                let response = if at == url {
                    document(content_type, format!("{mark}{text}"))
                } else {
                    document(json, text)
                };
                network.put(url, response);
            }
            let verifier = issuer.verifier().http_client(network.client()).audience(API);
            let token = issuer.token().audience(API).mint();
            let found = outcome(&verifier.build().unwrap(), &token).await;
            let expected = if accepted { ACCEPTED } else { UNAVAILABLE };
            assert_eq!(found, expected, "{content_type:?} {mark:?} {at}");
        }
    }
}

fn issuer() -> TestIssuer {
    issuer_with([Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa])
}

fn key(issuer: &TestIssuer, kty: &str) -> Value {
    let set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let keys = set["keys"].as_array().unwrap();
    keys.iter().find(|key| key["kty"] == kty).unwrap().clone()
}

/// The number in standard base64 with padding, after a zero byte.
fn standard(number: &Value) -> Value {
    let bytes = [&[0], &*jws::decode(number.as_str().unwrap())].concat();
    json!(base64_simd::STANDARD.encode_to_string(bytes))
}

fn padded(number: &Value) -> Value {
    json!(base64_simd::URL_SAFE.encode_to_string(jws::decode(number.as_str().unwrap())))
}

#[tokio::test]
async fn numbers_of_keys_may_be_padded_or_in_standard_base64() {
    let issuer = issuer();
    let (rsa, ec, okp) = (key(&issuer, "RSA"), key(&issuer, "EC"), key(&issuer, "OKP"));
    let mut cases = Vec::new();
    for (algorithm, key, names) in [
        (Algorithm::Rs256, &rsa, &["n", "e"][..]),
        (Algorithm::Es256, &ec, &["x", "y"]),
        (Algorithm::EdDsa, &okp, &["x"]),
    ] {
        for name in names {
            let mut changed = key.clone();
            changed[name] = padded(&key[name]);
            cases.push((algorithm, changed));
        }
    }
    let mut standard_rsa = rsa.clone();
    standard_rsa["n"] = standard(&rsa["n"]);
    standard_rsa["e"] = standard(&rsa["e"]);
    cases.push((Algorithm::Rs256, standard_rsa));
    for (algorithm, key) in cases {
        let set = json!({ "keys": [key] }).to_string();
        let verifier = issuer.verifier().audience(API).jwk_set(set).build().unwrap();
        let token = issuer.token().audience(API).algorithm(algorithm).mint();
        assert_eq!(outcome(&verifier, &token).await, ACCEPTED, "{key}");
    }
}

#[tokio::test]
async fn use_key_ops_and_kid_may_have_another_type() {
    let issuer = issuer();
    let ec = key(&issuer, "EC");
    for (name, value, kid) in [
        ("use", json!(["sig"]), None),
        ("key_ops", json!("verify"), None),
        ("key_ops", json!(["verify", 1]), None),
        ("kid", json!(7), Some("7")),
        ("kid", json!(u64::MAX), Some("18446744073709551615")),
        ("x5c", json!("MIIB"), None),
        ("x5t", json!(1), None),
    ] {
        let mut key = ec.clone();
        key[name] = value;
        let set = json!({ "keys": [key] }).to_string();
        let verifier = issuer.verifier().audience(API).jwk_set(set).build().unwrap();
        let token = issuer.token().audience(API).algorithm(Algorithm::Es256);
        let token = match kid {
            Some(kid) => token.header("kid", json!(kid)),
            None => token,
        };
        assert_eq!(outcome(&verifier, &token.mint()).await, ACCEPTED, "{name}");
    }
}

#[tokio::test]
async fn what_tokens_contain_is_read_strictly() {
    let issuer = issuer();
    let verifier = issuer.verifier().audience(API).jwk_set(issuer.jwk_set()).build().unwrap();
    let token = issuer.token().audience(API).algorithm(Algorithm::Es256).mint();
    assert_eq!(outcome(&verifier, &token).await, ACCEPTED);
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let again = |part: &str| base64_simd::URL_SAFE.encode_to_string(jws::decode(part));
    for token in [
        format!("{header}.{claims}.{}", again(signature)),
        format!("{}=.{claims}.{signature}", header.trim_end_matches('=')),
        format!("{header}.{claims}=.{signature}"),
    ] {
        assert!(outcome(&verifier, &token).await.is_err(), "{token}");
    }
    for name in ["kid", "alg", "typ"] {
        let token = issuer.token().audience(API).header(name, json!(7)).mint();
        assert!(outcome(&verifier, &token).await.is_err(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn compressed_responses_are_not_requested_and_are_reported() {
    for (encoding, accepted) in [
        (None, true),
        (Some("identity"), true),
        (Some("Identity"), true),
        (Some("gzip"), false),
        (Some("br"), false),
        (Some("gzip, identity"), false),
    ] {
        let issuer = TestIssuer::named(ISSUER);
        let set = issuer.jwk_set();
        let client = TestClient::new(move |request| {
            assert_eq!(request.headers()["accept-encoding"], "identity");
            let mut response = document(Some("application/json"), set.clone());
            if let Some(encoding) = encoding {
                response.headers_mut().insert("content-encoding", encoding.parse().unwrap());
            }
            async move { Ok::<_, HttpError>(response) }
        });
        let verifier = issuer.verifier().http_client(client).jwks_uri(JWKS).audience(API);
        let verifier = verifier.build().unwrap();
        let token = issuer.token().audience(API).mint();
        assert_eq!(outcome(&verifier, &token).await.is_ok(), accepted, "{encoding:?}");
        let readiness = verifier.readiness();
        let error = encoding.filter(|_| !accepted).map(|encoding| {
            format!(
                "could not fetch `{JWKS}`: the response is compressed ({encoding}), although it was requested \
                 uncompressed"
            )
        });
        assert_eq!(readiness.last_error(), error.as_deref());
    }
}
