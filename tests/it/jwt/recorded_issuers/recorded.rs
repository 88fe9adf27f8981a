//! An issuer with recorded documents and tokens, in which keys and names are replaced.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
    time::UNIX_EPOCH,
};

use http::{Response, header::CONTENT_TYPE};
use portcullis::{
    Algorithm, BearerToken, Clock, Error, ErrorKind, Identity, JwtVerifier, Verify,
    error::TokenFault,
    http_client::HttpError,
    jwt::{AudienceGiven, JwtVerifierBuilder},
    testing::{TestClient, TestClock, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{issuer_with, outcome::verify_token};

/// A placeholder for certificates, which are not read.
pub const CERTIFICATE: &str = "MIIC/zCCAeegAwIBAgIJYTQ5nnqWLXxqMA0GCSqGSIb3DQEBCwUAMA==";

/// Signs for the recorded issuers. Shared, because generating an RSA key is slow.
static SIGNER: LazyLock<TestIssuer> = LazyLock::new(|| issuer_with([Algorithm::Rs256]));

/// Signs with another key.
static OTHER: LazyLock<TestIssuer> = LazyLock::new(|| issuer_with([Algorithm::Rs256]));

/// An issuer: a signing key, and documents by URL.
pub struct Recorded {
    signer: &'static TestIssuer,
    documents: BTreeMap<String, Value>,
}

/// The header and claims of a token, before they are signed.
#[derive(Clone)]
pub struct Token {
    pub header: Value,
    pub claims: Value,
}

/// A token that differs from a valid one in these members of header and claims (`null` removes one), and
/// why it is rejected.
pub type NearMiss = (&'static str, Value, Value, TokenFault);

impl Recorded {
    pub fn new() -> Self {
        Self { signer: &SIGNER, documents: BTreeMap::new() }
    }

    /// An issuer with another key.
    pub fn with_other_key() -> Self {
        Self { signer: &OTHER, ..Self::new() }
    }

    /// Serves `document` at `url`. All other URLs respond with 404.
    pub fn serving(mut self, url: &str, document: Value) -> Self {
        self.documents.insert(url.to_owned(), document);
        self
    }

    /// The public key of the signing key, with additional members.
    pub fn jwk(&self, members: Value) -> Value {
        let set: Value = serde_json::from_str(&self.signer.jwk_set()).unwrap();
        let keys = set["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["kty"] == "RSA").unwrap();
        changed(&json!({ "kty": "RSA", "n": key["n"], "e": key["e"] }), &members)
    }

    /// The public key of the ES256 signing key, with additional members.
    pub fn ec_jwk(&self, members: Value) -> Value {
        self.signer.publish(Algorithm::Es256);
        let set: Value = serde_json::from_str(&self.signer.jwk_set()).unwrap();
        let keys = set["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["kty"] == "EC").unwrap();
        let (curve, x, y) = (&key["crv"], &key["x"], &key["y"]);
        changed(&json!({ "kty": "EC", "crv": curve, "x": x, "y": y }), &members)
    }

    /// The verifier, with a network that consists of this issuer.
    pub fn online(&self, verifier: JwtVerifierBuilder<AudienceGiven>) -> JwtVerifier {
        verifier.http_client(self.client()).clock(self.clock()).build().unwrap()
    }

    pub fn client(&self) -> TestClient {
        let documents = self.documents.clone();
        TestClient::new(move |request| {
            let document = documents.get(&request.uri().to_string()).map(Value::to_string);
            async move {
                let response = match document {
                    Some(document) => Response::builder()
                        .header(CONTENT_TYPE, "application/json; charset=utf-8")
                        .body(document.into_bytes()),
                    None => Response::builder().status(404).body(Vec::new()),
                };
                response.map_err(HttpError::transport)
            }
        })
    }

    pub fn clock(&self) -> TestClock {
        self.signer.clock()
    }

    /// The issuer's time in seconds.
    pub fn now(&self) -> u64 {
        self.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    /// Signs the token with the algorithm in its header.
    pub fn mint(&self, token: &Token) -> String {
        mint_with(self.signer, token)
    }

    /// Asserts that each near-miss is rejected for its reason, and also the near-misses that are common to all
    /// issuers.
    pub async fn assert_rejected<V>(&self, verifier: &V, valid: &Token, near_misses: Vec<NearMiss>)
    where
        V: for<'a> Verify<BearerToken<'a>>,
    {
        assert!(verify_token(verifier, &self.mint(valid)).await.is_ok());
        for (case, header, claims, fault) in
            near_misses.into_iter().chain(self.common_near_misses(valid))
        {
            let token = Token {
                header: changed(&valid.header, &header),
                claims: changed(&valid.claims, &claims),
            };
            assert_eq!(
                outcome(verify_token(verifier, &self.mint(&token)).await),
                Err(fault),
                "{case}"
            );
        }
        let forged = mint_with(&OTHER, valid);
        let forged = outcome(verify_token(verifier, &forged).await);
        assert_eq!(forged, Err(TokenFault::Signature), "signed with another key with the same kid");
    }

    fn common_near_misses(&self, valid: &Token) -> Vec<NearMiss> {
        use TokenFault::{
            Algorithm, Audience, Claims, Expired, Issuer, NotYetValid, Type, UnknownKey,
        };
        let (now, issuer) = (self.now(), valid.claims["iss"].as_str().unwrap());
        let slash = match issuer.strip_suffix('/') {
            Some(bare) => bare.to_owned(),
            None => format!("{issuer}/"),
        };
        let same = || json!({});
        vec![
            ("expired", same(), json!({ "exp": now - 61 }), Expired),
            ("without exp", same(), json!({ "exp": null }), Claims),
            ("not yet valid", same(), json!({ "nbf": now + 61 }), NotYetValid),
            ("issued in the future", same(), json!({ "iat": now + 61 }), NotYetValid),
            ("a slash more or less", same(), json!({ "iss": slash }), Issuer),
            ("another issuer", same(), json!({ "iss": "https://evil.example/" }), Issuer),
            ("without issuer", same(), json!({ "iss": null }), Issuer),
            ("another audience", same(), json!({ "aud": "https://other.example" }), Audience),
            ("an empty audience", same(), json!({ "aud": [] }), Audience),
            ("with at_hash", same(), json!({ "at_hash": "MTIzNDU2Nzg5MDEyMzQ1Ng" }), Type),
            ("a logout token", json!({ "typ": "logout+jwt" }), same(), Type),
            ("an unknown key", json!({ "kid": "no-such-key" }), same(), UnknownKey),
            ("by PS256", json!({ "alg": "PS256" }), same(), Algorithm),
            ("by a secret", json!({ "alg": "HS256" }), same(), Algorithm),
            ("unsigned", json!({ "alg": "none" }), same(), Algorithm),
        ]
    }
}

fn mint_with(signer: &TestIssuer, token: &Token) -> String {
    let algorithm = token.header["alg"].as_str().and_then(|name| name.parse().ok());
    let bare = signer.token().algorithm(algorithm.unwrap_or(Algorithm::Rs256));
    let bare = bare.without_header("typ").without_header("kid");
    let header = token.header.as_object().unwrap().iter();
    let signed = header.fold(bare, |token, (name, value)| token.header(name, value.clone()));
    signed.mint_raw(&token.claims.to_string())
}

/// The scopes of the token, or why it is rejected.
pub fn outcome(result: Result<Identity, Error>) -> Result<String, TokenFault> {
    result.map(|identity| scopes(&identity)).map_err(|error| match error.kind() {
        ErrorKind::InvalidToken(fault) => fault,
        other => panic!("the token was not rejected: {other:?}, {error:?}"),
    })
}

/// The distinct scopes in alphabetical order.
pub fn scopes(identity: &Identity) -> String {
    let scopes: BTreeSet<_> = identity.scopes().iter().collect();
    Vec::from_iter(scopes).join(" ")
}

/// Both changes, in this order.
pub fn both(one: &Value, other: Value) -> Value {
    let mut members = one.as_object().unwrap().clone();
    members.extend(other.as_object().unwrap().clone());
    members.into()
}

/// `base` with the members of `changes`. `null` removes a member.
pub fn changed(base: &Value, changes: &Value) -> Value {
    let mut object = both(base, changes.clone());
    object.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    object
}
