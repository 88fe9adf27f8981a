//! Signatures that no key has verified yet: those that no key can verify, those of tokens that don't name
//! their key, and those of a key that was replaced.

use portcullis::{
    Algorithm, Clock, ErrorKind, JwtVerifier,
    error::TokenFault,
    testing::{Fault, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{
    API, issuer_with, jws,
    network::Network,
    outcome::{
        ACCEPTED, DAY, Outcome, UNAVAILABLE, immediate_outcome, outcome, pass, run_until_idle,
        seconds,
    },
    wire::Wire,
};

const INVALID: Outcome = Err(ErrorKind::InvalidToken(TokenFault::Signature));

fn token(issuer: &TestIssuer) -> String {
    issuer.token().audience(API).expires_in(DAY).mint()
}

#[tokio::test(start_paused = true)]
async fn an_impossible_signature_is_401_while_keys_are_unreachable() {
    let issuer = issuer_with([]);
    issuer.fail(Fault::Unreachable);
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    for (algorithm, lens) in [
        (Algorithm::EdDsa, 64..=64),
        (Algorithm::Es256, 64..=64),
        (Algorithm::Es384, 96..=96),
        (Algorithm::Es512, 132..=132),
        (Algorithm::Ps256, 256..=1024),
        (Algorithm::Rs256, 256..=1024),
        (Algorithm::Rs512, 256..=1024),
    ] {
        let signed = issuer.token().algorithm(algorithm).audience(API).mint();
        for len in [0, 1, lens.start() - 1, lens.end() + 1, 2 * lens.end(), 20_000] {
            let forged = jws::with_signature(&signed, vec![0xa5; len]);
            assert_eq!(
                immediate_outcome(&verifier, &forged),
                Some(INVALID),
                "{algorithm}, {len} B"
            );
        }
        let [header, claims, signature] = jws::parts(&signed);
        for malformed in [format!("{signature}=="), format!("+{}", &signature[1..])] {
            let forged = format!("{header}.{claims}.{malformed}");
            assert_eq!(immediate_outcome(&verifier, &forged), Some(INVALID), "{algorithm}");
        }
    }
    assert_eq!(wire.requests().len(), 0);
    // One of the right length may be valid.
    assert_eq!(outcome(&verifier, &token(&issuer)).await, UNAVAILABLE);
}

/// Issuers with the same name, each with its own ES256 key.
fn signers<const N: usize>() -> [TestIssuer; N] {
    let first = TestIssuer::new();
    std::array::from_fn(|_| {
        let signer = issuer_with([Algorithm::Es256]);
        signer.clock().set(first.clock().now());
        signer
    })
}

/// A key set of all signers' keys, whose names are in the order of the signers.
fn joint_set(signers: &[TestIssuer]) -> Value {
    let keys = signers.iter().enumerate().map(|(number, signer)| {
        let mut set: Value = serde_json::from_str(&signer.jwk_set()).unwrap();
        let mut key = set["keys"][0].take();
        key["kid"] = json!(format!("key-{number:02}"));
        key
    });
    json!({ "keys": keys.collect::<Vec<_>>() })
}

fn without_kid(signer: &TestIssuer, number: usize) -> String {
    let token = signer.token().audience(API).claim("number", json!(number));
    token.without_header("kid").mint()
}

#[tokio::test]
async fn a_token_without_kid_may_be_signed_by_any_of_sixteen_keys() {
    let signers: [_; 16] = signers();
    let set = joint_set(&signers).to_string();
    let verifier = signers[0].verifier().audience(API).jwk_set(set).build().unwrap();
    for signer in &signers {
        assert_eq!(outcome(&verifier, &without_kid(signer, 0)).await, ACCEPTED);
    }
    assert_eq!(outcome(&verifier, &without_kid(&TestIssuer::new(), 0)).await, INVALID);
}

#[tokio::test]
async fn a_flood_without_kid_keeps_out_no_token_of_the_key_that_signs() {
    let signers: [_; 16] = signers();
    let set = joint_set(&signers).to_string();
    let verifier = signers[0].verifier().audience(API).jwk_set(set).build().unwrap();
    let signer = &signers[12];
    assert_eq!(outcome(&verifier, &without_kid(signer, 0)).await, ACCEPTED);

    let forged = jws::with_signature(&without_kid(signer, 0), [0xa5; 64]);
    let flood: Vec<_> = {
        let mut verdicts = Vec::new();
        for _ in 0..200 {
            verdicts.push(outcome(&verifier, &forged).await);
        }
        verdicts
    };
    // 1,000 keys are tried beyond the first four and the last that matched, eleven for each token.
    let (tried, limited) = flood.split_at(90);
    assert!(tried.iter().all(|outcome| *outcome == INVALID));
    assert!(limited.iter().all(|outcome| *outcome == UNAVAILABLE));
    for number in 1..10 {
        assert_eq!(outcome(&verifier, &without_kid(signer, number)).await, ACCEPTED);
        assert_eq!(outcome(&verifier, &without_kid(&signers[2], number)).await, ACCEPTED);
    }
    assert_eq!(outcome(&verifier, &without_kid(&signers[15], 1)).await, UNAVAILABLE);

    signer.clock().advance(seconds(1));
    signers[15].clock().set(signer.clock().now());
    // The verifier's clock is that of the first signer.
    signers[0].clock().set(signer.clock().now());
    assert_eq!(outcome(&verifier, &without_kid(&signers[15], 1)).await, ACCEPTED);
}

/// An issuer that replaces its key under the same `kid`, and a verifier that has the key from before.
async fn replaced() -> (TestIssuer, Wire, JwtVerifier, String) {
    let (issuer, [new]) = (issuer_with([Algorithm::Es256]), signers());
    new.clock().set(issuer.clock().now());
    let network = Network::default();
    network.json(&issuer.jwks_uri(), &serde_json::from_str(&issuer.jwk_set()).unwrap());
    let wire = Wire::to(network.client());
    let builder = issuer.verifier().http_client(wire.clone()).jwks_uri(issuer.jwks_uri());
    let verifier = builder.audience(API).build().unwrap();
    assert_eq!(outcome(&verifier, &token(&issuer)).await, ACCEPTED);
    network.json(&issuer.jwks_uri(), &serde_json::from_str(&new.jwk_set()).unwrap());
    (issuer, wire, verifier, token(&new))
}

#[tokio::test(start_paused = true)]
async fn a_key_replaced_under_its_kid_is_fetched_with_its_first_token() {
    let (issuer, wire, verifier, new) = replaced().await;
    let old = token(&issuer);
    assert_eq!(outcome(&verifier, &new).await, ACCEPTED);
    assert_eq!(wire.requests_to("/jwks"), 2);
    assert_eq!(outcome(&verifier, &old).await, INVALID, "its key was withdrawn");
    assert_eq!(wire.requests_to("/jwks"), 2);
}

#[tokio::test(start_paused = true)]
async fn forged_signatures_cause_one_fetch_in_ten_seconds() {
    let issuer = issuer_with([Algorithm::Es256]);
    let wire = Wire::to(issuer.http_client());
    let verifier = issuer.verifier().http_client(wire.clone()).audience(API).build().unwrap();
    let good = token(&issuer);
    assert_eq!(outcome(&verifier, &good).await, ACCEPTED);
    let forged = jws::with_signature(&good, [0xa5; 64]);
    let unknown =
        issuer.token().audience(API).expires_in(DAY).header("kid", json!("made-up")).mint();
    for second in 0..40 {
        for _ in 0..10 {
            assert_eq!(outcome(&verifier, &forged).await, INVALID);
            assert!(outcome(&verifier, &unknown).await.is_err(), "in the same cool-down");
        }
        assert_eq!(wire.requests_to("/jwks"), 2 + second / 10, "after {second} s");
        assert_eq!(immediate_outcome(&verifier, &good), Some(ACCEPTED));
        pass(&issuer.clock(), seconds(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_signature_under_a_known_kid_is_401_in_an_outage() {
    let issuer = issuer_with([Algorithm::Es256]);
    let verifier = issuer.verifier().audience(API).build().unwrap();
    let good = token(&issuer);
    assert_eq!(outcome(&verifier, &good).await, ACCEPTED);
    let forged = jws::with_signature(&good, [0xa5; 64]);
    for fault in [Fault::Status(500), Fault::Unreachable, Fault::Hang] {
        issuer.fail(fault);
        issuer.clock().advance(seconds(60));
        assert_eq!(outcome(&verifier, &forged).await, INVALID, "{fault:?}");
        assert_eq!(
            immediate_outcome(&verifier, &forged),
            Some(INVALID),
            "{fault:?}: no second wait"
        );
        assert_eq!(immediate_outcome(&verifier, &good), Some(ACCEPTED), "{fault:?}");
        run_until_idle().await;
    }
}
