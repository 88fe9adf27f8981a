//! The limit on the number of keys in a set.

use portcullis::testing::TestIssuer;
use serde_json::{Value, json};

use crate::support::{
    API,
    network::Network,
    outcome::{ACCEPTED, UNAVAILABLE, outcome},
};

const JWKS: &str = "https://issuer.test/jwks";

/// The keys of `issuer` at the end of a set of that many.
fn set(issuer: &TestIssuer, len: usize) -> Value {
    let set: Value = serde_json::from_str(&issuer.jwk_set()).unwrap();
    let own = set["keys"].as_array().unwrap().clone();
    let mut keys: Vec<_> = (own.len()..len)
        .map(|number| {
            let mut key = own[0].clone();
            key["kid"] = json!(format!("other-{number}"));
            key["x5c"] = json!(["M".repeat(2000)]);
            key
        })
        .collect();
    keys.extend(own);
    json!({ "keys": keys })
}

#[tokio::test(start_paused = true)]
async fn a_set_has_at_most_100_keys_unless_the_service_says_otherwise() {
    for (len, limit, accepted) in [
        (100, None, true),
        (101, None, false),
        (101, Some(101), true),
        (1000, Some(1000), true),
        (1001, Some(1000), false),
        (2, Some(2), true),
        (3, Some(2), false),
    ] {
        let (issuer, network) = (TestIssuer::new(), Network::default());
        let set = set(&issuer, len);
        network.json(JWKS, &set);
        let builder = || {
            let builder = issuer.verifier().audience(API);
            limit.map_or(builder.http_client(network.client()), |limit| {
                issuer.verifier().audience(API).http_client(network.client()).max_keys(limit)
            })
        };
        let verifier = builder().jwks_uri(JWKS).build().unwrap();
        let token = issuer.token().audience(API).mint();
        let expected = if accepted { ACCEPTED } else { UNAVAILABLE };
        assert_eq!(outcome(&verifier, &token).await, expected, "{len} {limit:?}");

        let error = (!accepted).then(|| {
            let limit = limit.unwrap_or(100);
            format!("JWK Set `…`: it has {len} keys, which is more than {limit}; see `max_keys`")
        });
        let given = builder().jwk_set(set.to_string()).build();
        assert_eq!(given.err().map(|error| error.to_string()), error);
    }
}

#[test]
fn a_limit_of_no_keys_is_rejected() {
    let error = TestIssuer::new().verifier().audience(API).max_keys(0).build().unwrap_err();
    assert_eq!(error.to_string(), "maximum number of keys `0`: at least one is needed");
}
