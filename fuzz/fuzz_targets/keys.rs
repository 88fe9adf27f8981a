//! Loads JWK Sets and PEM texts, and verifies signatures with their keys. Both back ends have to agree, and a token is
//! accepted only with the key that signed it.
#![cfg_attr(fuzzing, no_main)]

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arbitrary::Arbitrary;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use portcullis::{
    Algorithm,
    testing::{TestClock, TestIssuer},
};
use portcullis_fuzz::{
    ready,
    tokens::{AUDIENCE, ISSUER, NOW},
};
use serde_json::{Map, Value, json};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Set(Vec<Key>, Vec<Forgery>),
    Text(&'a str),
    Pem(u8, Vec<Edit>, Vec<Edit>),
    PemText(&'a str),
}

/// One of the issuer's keys, with changes.
#[derive(Arbitrary, Debug)]
struct Key {
    which: u8,
    changes: Vec<Change>,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Set(u8, u8),
    Remove(u8),
    Flip(u8, u16, u8),
    ZerosBefore(u8, u8),
    Cut(u8, u16),
    Longer(u8, u8),
    From(u8, u8),
    Text(u8, String),
}

#[derive(Arbitrary, Debug)]
struct Edit {
    at: u16,
    byte: u8,
    kind: u8,
}

/// A change to the signature of a token.
#[derive(Arbitrary, Debug)]
struct Forgery {
    token: u8,
    edits: Vec<Edit>,
}

const NAMES: [&str; 18] = [
    "kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "kid", "d", "k", "x5c", "p", "ext",
    "oth", "pub", "priv",
];
static VALUES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    vec![
        json!("RSA"),
        json!("EC"),
        json!("OKP"),
        json!("oct"),
        json!("P-256"),
        json!("P-384"),
        json!("P-521"),
        json!("secp256k1"),
        json!("Ed25519"),
        json!("X25519"),
        json!("RS256"),
        json!("PS256"),
        json!("ES256"),
        json!("ES512"),
        json!("EdDSA"),
        json!("Ed25519"),
        json!("HS256"),
        json!("none"),
        json!("sig"),
        json!("enc"),
        json!(["verify"]),
        json!(["sign"]),
        json!([]),
        json!("AQAB"),
        json!("Aw"),
        json!("AQ"),
        json!(""),
        json!(null),
        json!(1),
        json!("AAAA"),
        json!(["verify", "sign"]),
        json!("__________8"),
        json!("AKP"),
        json!("ML-DSA-44"),
        json!("ML-DSA-65"),
    ]
});

const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::Rs256,
    Algorithm::Ps256,
    Algorithm::Rs512,
    Algorithm::Ps384,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::EdDsa,
    Algorithm::MlDsa44,
];

struct Fixed {
    jwks: Vec<Map<String, Value>>,
    /// With `kid`, and without.
    tokens: Vec<(Algorithm, String)>,
}

static FIXED: LazyLock<Fixed> = LazyLock::new(|| {
    let issuer = TestIssuer::with_clock(ISSUER, TestClock::at(now()));
    let tokens = ALGORITHMS.iter().flat_map(|algorithm| {
        let token = issuer.token().algorithm(*algorithm).audience(AUDIENCE);
        [(*algorithm, token.clone().mint()), (*algorithm, token.without_header("kid").mint())]
    });
    let tokens = tokens.collect();
    let set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let jwks = set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key.as_object().unwrap().clone())
        .collect();
    Fixed { jwks, tokens }
});

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

#[derive(Debug, Clone)]
struct Still;

impl portcullis::Clock for Still {
    fn now(&self) -> SystemTime {
        now()
    }
}

impl portcullis_pure::Clock for Still {
    fn now(&self) -> SystemTime {
        now()
    }
}

/// The same verifier with both back ends.
struct Both(portcullis::JwtVerifier, portcullis_pure::JwtVerifier);

impl Both {
    fn new(set: Option<&str>, pem: Option<&str>) -> Option<Self> {
        let mut one =
            portcullis::JwtVerifier::builder(ISSUER).audience(AUDIENCE).clock(Still).token_cache(0);
        let mut other = portcullis_pure::JwtVerifier::builder(ISSUER)
            .audience(AUDIENCE)
            .clock(Still)
            .token_cache(0);
        if let Some(set) = set {
            (one, other) = (one.jwk_set(set), other.jwk_set(set));
        }
        if let Some(pem) = pem {
            (one, other) = (one.pem_key(pem), other.pem_key(pem));
        }
        match (one.build(), other.build()) {
            (Ok(one), Ok(other)) => {
                assert_eq!(
                    one.readiness().keys(),
                    other.readiness().keys(),
                    "different numbers of keys"
                );
                Some(Self(one, other))
            }
            (Err(one), Err(other)) => {
                assert_eq!(one.to_string(), other.to_string());
                None
            }
            (Ok(_), Err(error)) => panic!("only the pure back end rejects: {error}"),
            (Err(error), Ok(_)) => panic!("only aws-lc-rs rejects: {error}"),
        }
    }

    fn accepts(&self, token: &str) -> bool {
        let line = HeaderValue::try_from(format!("Bearer {token}")).expect("a header value");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
        let one = {
            use portcullis::Verify as _;
            let token = portcullis::BearerToken::from_headers(&headers).expect("a token");
            ready(self.0.verify(token).wait()).map(drop).map_err(|error| error.to_string())
        };
        let other = {
            use portcullis_pure::Verify as _;
            let token = portcullis_pure::BearerToken::from_headers(&headers).expect("a token");
            ready(self.1.verify(token).wait()).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(one, other, "{token}");
        one.is_ok()
    }
}

portcullis_fuzz::target!(|input: Input| {
    match input {
        Input::Set(keys, forgeries) => {
            if keys.len() > 6 {
                return;
            }
            let keys: Vec<Value> = keys.iter().map(changed).collect();
            let Some(both) = Both::new(Some(&json!({ "keys": keys }).to_string()), None) else {
                return;
            };
            // A quarter of the tokens each time, which is four times as fast as all of them.
            let first = keys.len() + forgeries.first().map_or(0, |it| usize::from(it.token));
            for (algorithm, token) in FIXED.tokens.iter().skip(first % 4).step_by(4) {
                if both.accepts(token) {
                    assert!(
                        keys.iter().any(|key| is_real(key, *algorithm)),
                        "{algorithm:?} under {keys:?}"
                    );
                }
            }
            for forgery in forgeries.iter().take(4) {
                let (_, token) = &FIXED.tokens[usize::from(forgery.token) % FIXED.tokens.len()];
                let (message, signature) = token.rsplit_once('.').unwrap();
                let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
                let mut forged = good.clone();
                edit(&mut forged, &forgery.edits);
                let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&forged));
                if both.accepts(&token) {
                    assert_eq!(forged, good, "a forged signature");
                }
            }
        }
        Input::Text(text) => {
            Both::new(Some(text), None);
        }
        Input::Pem(which, in_der, in_text) => {
            let algorithm = ALGORITHMS[usize::from(which) % ALGORITHMS.len()];
            let mut der = spki(algorithm);
            edit(&mut der, &in_der);
            let mut pem = b"-----BEGIN PUBLIC KEY-----\n".to_vec();
            for line in STANDARD.encode(&der).as_bytes().chunks(64) {
                pem.extend(line);
                pem.push(b'\n');
            }
            pem.extend(b"-----END PUBLIC KEY-----\n");
            edit(&mut pem, &in_text);
            let Ok(pem) = String::from_utf8(pem) else { return };
            let Some(both) = Both::new(None, Some(&pem)) else {
                assert!(
                    !in_der.is_empty() || !in_text.is_empty(),
                    "a valid key is rejected: {pem}"
                );
                return;
            };
            for (of, token) in &FIXED.tokens {
                let same = jwk(*of) == jwk(algorithm);
                let accepts = both.accepts(token);
                assert!(!accepts || same);
                assert!(accepts || !same || !in_der.is_empty() || !in_text.is_empty());
            }
        }
        Input::PemText(text) => {
            Both::new(None, Some(text));
        }
    }
});

fn jwk(algorithm: Algorithm) -> &'static Map<String, Value> {
    let kid = match algorithm {
        Algorithm::Es256 => "p256-0",
        Algorithm::Es384 => "p384-0",
        Algorithm::Es512 => "p521-0",
        Algorithm::EdDsa => "ed25519-0",
        Algorithm::MlDsa44 => "ml-dsa-44-0",
        _ => "rsa-0",
    };
    FIXED.jwks.iter().find(|jwk| jwk["kid"] == kid).expect("a key")
}

fn changed(key: &Key) -> Value {
    let jwks = &FIXED.jwks;
    let mut jwk = jwks[usize::from(key.which) % jwks.len()].clone();
    let name = |at: u8| NAMES[usize::from(at) % NAMES.len()];
    for change in key.changes.iter().take(8) {
        let mut bytes = |at: u8, change: &dyn Fn(&mut Vec<u8>)| {
            if let Some(Value::String(text)) = jwk.get_mut(name(at))
                && let Ok(mut bytes) = URL_SAFE_NO_PAD.decode(&*text)
            {
                change(&mut bytes);
                *text = URL_SAFE_NO_PAD.encode(bytes);
            }
        };
        match *change {
            Change::Set(at, value) => {
                jwk.insert(name(at).to_owned(), VALUES[usize::from(value) % VALUES.len()].clone());
            }
            Change::Remove(at) => drop(jwk.remove(name(at))),
            Change::Flip(at, place, mask) => bytes(at, &|bytes| {
                let len = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(usize::from(place) % len) {
                    *byte ^= mask;
                }
            }),
            Change::ZerosBefore(at, count) => {
                bytes(at, &|bytes| drop(bytes.splice(0..0, vec![0; usize::from(count % 70)])));
            }
            Change::Cut(at, len) => bytes(at, &|bytes| bytes.truncate(usize::from(len))),
            Change::Longer(at, byte) => bytes(at, &|bytes| bytes.push(byte)),
            Change::From(at, other) => {
                let other = &jwks[usize::from(other) % jwks.len()];
                if let Some(value) = other.get(name(at)) {
                    jwk.insert(name(at).to_owned(), value.clone());
                }
            }
            Change::Text(at, ref text) => drop(jwk.insert(name(at).to_owned(), json!(text))),
        }
    }
    jwk.into()
}

/// Returns whether a JWK has the numbers of the key that signs with this algorithm.
fn is_real(key: &Value, algorithm: Algorithm) -> bool {
    let real = jwk(algorithm);
    let number = |value: Option<&Value>, pads: bool| -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(value?.as_str()?).ok()?;
        let zeros = if pads { bytes.iter().take_while(|byte| **byte == 0).count() } else { 0 };
        Some(bytes[zeros..].to_vec())
    };
    let same = |name: &str, pads| {
        let (theirs, ours) = (number(key.get(name), pads), number(real.get(name), pads));
        theirs.is_some() && theirs == ours
    };
    key["kty"] == real["kty"]
        && (!["EC", "OKP"].contains(&real["kty"].as_str().unwrap())
            || key.get("crv") == real.get("crv"))
        && matches!(key.get("use"), None | Some(Value::Null)) | (key["use"] == "sig")
        && match real["kty"].as_str().unwrap() {
            "RSA" => same("n", true) && same("e", true),
            "EC" => same("x", true) && same("y", true),
            "AKP" => same("pub", false) && key.get("alg") == real.get("alg"),
            _ => same("x", false),
        }
}

fn edit(bytes: &mut Vec<u8>, edits: &[Edit]) {
    for &Edit { at, byte, kind } in edits.iter().take(8) {
        let len = bytes.len().max(1);
        let at = usize::from(at) % len;
        match kind % 5 {
            0 => {
                if let Some(there) = bytes.get_mut(at) {
                    *there = byte;
                }
            }
            1 => bytes.insert(at.min(bytes.len()), byte),
            2 => drop((at < bytes.len()).then(|| bytes.remove(at))),
            3 => bytes.truncate(at),
            _ => {
                if let Some(there) = bytes.get_mut(at) {
                    *there ^= byte;
                }
            }
        }
    }
}

/// Encodes the key as a SubjectPublicKeyInfo (RFC 5280 §4.1).
fn spki(algorithm: Algorithm) -> Vec<u8> {
    let jwk = jwk(algorithm);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let oid = |bytes: &[u8]| der(6, bytes);
    const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    let (id, key) = match jwk["kty"].as_str().unwrap() {
        "RSA" => {
            let integer = |name: &str| {
                let mut bytes = bytes(name);
                if bytes[0] >= 0x80 {
                    bytes.insert(0, 0);
                }
                der(2, &bytes)
            };
            let id = [oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]), der(5, &[])].concat();
            (id, der(0x30, &[integer("n"), integer("e")].concat()))
        }
        "EC" => {
            let curve: &[u8] = match jwk["crv"].as_str().unwrap() {
                "P-256" => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
                "P-384" => &[0x2b, 0x81, 4, 0, 0x22],
                _ => &[0x2b, 0x81, 4, 0, 0x23],
            };
            ([oid(EC), oid(curve)].concat(), [vec![4], bytes("x"), bytes("y")].concat())
        }
        "AKP" => (oid(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 0x11]), bytes("pub")),
        _ => (oid(&[0x2b, 0x65, 0x70]), bytes("x")),
    };
    der(0x30, &[der(0x30, &id), der(3, &[vec![0], key].concat())].concat())
}

fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len()).unwrap();
    let head = match len.to_be_bytes() {
        [0, len @ 0..0x80] => vec![tag, len],
        [0, len] => vec![tag, 0x81, len],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [head, value.to_vec()].concat()
}
