//! The JOSE header.

use portcullis::{Algorithm, error::TokenFault, testing::TestIssuer};
use serde_json::json;

use super::{accepts, hmac_verifier, jwk, outcome, token, verifier};
use crate::support::jws;

// Verifies rfc7515-4.1.11-crit.
#[tokio::test]
async fn a_token_with_crit_is_rejected() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    for crit in [
        json!(["exp"]),
        json!(["x-custom-policy"]),
        json!(["http://example.invalid/UNDEFINED"]),
        json!(["b64"]),
        json!(["alg", "kid", "typ"]),
        json!(["jwk"]),
        json!([]),
        json!(""),
        json!("exp"),
        json!({}),
        json!(0),
        json!(false),
    ] {
        let token = token(&issuer).header("crit", crit.clone()).header("exp", json!(1)).mint();
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Malformed), "{crit}");
    }
    // `TokenBuilder::header` would omit null.
    let token = token(&issuer).mint_with_raw_header(r#"{"alg":"ES256","crit":null}"#);
    assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Malformed));
}

#[tokio::test]
async fn an_unencoded_payload_is_rejected_with_and_without_crit() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    for b64 in [json!(false), json!("false"), json!("true"), json!(0), json!(1), json!([])] {
        let alone = token(&issuer).header("b64", b64.clone());
        let critical = alone.clone().header("crit", json!(["b64"]));
        for token in [alone, critical] {
            assert_eq!(
                outcome(&verifier, &token.mint()).await,
                Err(TokenFault::Malformed),
                "{b64}"
            );
        }
    }
    assert!(accepts(&verifier, &token(&issuer).header("b64", json!(true)).mint()).await);
}

// Verifies rfc7515-4.1.2-unused, rfc8725-3.10-jku.
#[tokio::test]
async fn keys_and_key_urls_in_the_header_are_never_used() {
    let issuer = TestIssuer::new();
    let mallory = TestIssuer::new();
    mallory.clock().set(portcullis::Clock::now(&issuer.clock()));
    mallory.publish(Algorithm::Es256);
    let verifier = verifier(&issuer);
    let key = jwk(&mallory, "p256-0");
    for (name, value) in [
        ("jwk", key.clone()),
        ("jku", json!("https://mallory.test/jwks")),
        ("x5u", json!("https://mallory.test/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("dGh1bWI")),
        ("x5t#S256", json!("dGh1bWI")),
    ] {
        let forged = token(&mallory).header(name, value.clone());
        assert_eq!(
            outcome(&verifier, &forged.clone().mint()).await,
            Err(TokenFault::Signature),
            "{name}"
        );
        let unnamed = forged.without_header("kid");
        assert_eq!(outcome(&verifier, &unnamed.mint()).await, Err(TokenFault::Signature), "{name}");
        // A valid token stays valid with this header.
        assert!(accepts(&verifier, &token(&issuer).header(name, value).mint()).await, "{name}");
    }
}

// Verifies rfc7515-4-unknown.
#[tokio::test]
async fn unknown_header_members_are_ignored() {
    let issuer = TestIssuer::new();
    let token = token(&issuer)
        .header("nonce", json!("n"))
        .header("cty", json!("JWT"))
        .header("ver", json!(2.0))
        .header("org.example.deep", json!({ "a": [{ "b": null }] }));
    assert!(accepts(&verifier(&issuer), &token.mint()).await);
}

/// eIDAS services and some banks send `x5c`. Three certificates with RSA keys have 4 to 6 KB.
#[tokio::test]
async fn a_certificate_chain_is_accepted_up_to_8_kib() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    let chain = |sizes: &[usize]| sizes.iter().map(|size| "M".repeat(*size)).collect::<Vec<_>>();
    for (sizes, accepted) in [
        (vec![1480, 1372, 1208], true),
        (vec![1824, 2056, 1892], true),
        (vec![2000, 2000, 2000, 2000], true),
        (vec![2000, 2000, 2000, 2200], false),
        (vec![8192], false),
        (vec![9000], false),
    ] {
        let token = token(&issuer).header("x5c", json!(chain(&sizes))).mint();
        let expected = if accepted { Ok("alice".to_owned()) } else { Err(TokenFault::Malformed) };
        assert_eq!(outcome(&verifier, &token).await, expected, "{sizes:?}");
    }
}

// Verifies rfc7515-4.1.4-kid.
#[tokio::test]
async fn alg_kid_and_typ_must_be_strings() {
    let issuer = TestIssuer::new();
    let verifier = hmac_verifier(&issuer);
    let claims = jws::forged_claims(&issuer).to_string();
    for name in ["alg", "kid", "typ"] {
        for value in ["null", "1", "true", "[]", "{}", r#"["HS256"]"#] {
            let header = match name {
                "alg" => format!(r#"{{"alg":{value}}}"#),
                _ => format!(r#"{{"alg":"HS256","{name}":{value}}}"#),
            };
            let token = jws::sign(jws::SECRET, &header, &claims);
            assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Malformed), "{header}");
        }
    }
}

#[tokio::test]
async fn a_header_of_8_kib_is_read_and_a_longer_one_is_not() {
    // The buffer has this size, and base64 is decoded in groups of three bytes.
    const LIMIT: usize = 8 * 1024;
    let issuer = TestIssuer::new();
    let verifier = hmac_verifier(&issuer);
    let claims = jws::forged_claims(&issuer).to_string();
    for (length, expected) in
        [(600, None), (LIMIT - 2, None), (LIMIT + 1, Some(TokenFault::Malformed))]
    {
        let empty = r#"{"alg":"HS256","x":""}"#;
        let padding = "x".repeat(length - empty.len());
        let header = empty.replace(r#""""#, &format!(r#""{padding}""#));
        assert_eq!(header.len(), length);
        let token = jws::sign(jws::SECRET, header, &claims);
        assert_eq!(outcome(&verifier, &token).await.err(), expected, "{length}");
    }
}

// Verifies rfc7515-4-duplicates, rfc8725-3.7-utf8.
#[tokio::test]
async fn a_header_is_one_json_object_in_utf_8_without_duplicates() {
    let issuer = TestIssuer::new();
    let verifier = hmac_verifier(&issuer);
    let claims = jws::forged_claims(&issuer).to_string();
    let deep = format!(r#"{{"alg":"HS256","x":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let long = format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(100_000));
    let invalid: [&[u8]; 20] = [
        b"",
        b" ",
        b"{}",
        b"[]",
        b"null",
        b"\"HS256\"",
        b"{\"alg\":\"HS256\"",
        b"{\"alg\":\"HS256\"}}",
        b"{\"alg\":\"HS256\"} x",
        b"{\"alg\":\"HS256\",}",
        b"{alg:\"HS256\"}",
        b"{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        b"{\"alg\":\"none\",\"alg\":\"HS256\"}",
        b"{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}",
        b"{\"alg\":\"HS256\",\"x\":{\"y\":1,\"y\":2}}",
        b"\xef\xbb\xbf{\"alg\":\"HS256\"}",
        b"{\"alg\":\"HS256\",\"x\":\"\xff\"}",
        b"{\"alg\":\"HS256\",\"x\":\"\xed\xa0\x80\"}",
        deep.as_bytes(),
        long.as_bytes(),
    ];
    for header in invalid {
        let token = jws::sign(jws::SECRET, header, &claims);
        let shown = String::from_utf8_lossy(&header[..header.len().min(80)]);
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Malformed), "{shown}");
    }
    for header in
        ["{\"alg\":\"HS256\"}", " {\r\n\t\"alg\" : \"HS256\" } ", "{\"\\u0061lg\":\"HS\\u003256\"}"]
    {
        assert!(accepts(&verifier, &jws::sign(jws::SECRET, header, &claims)).await, "{header}");
    }
}

// Verifies rfc7515-4.1.1-alg.
#[tokio::test]
async fn a_header_without_alg_is_rejected() {
    let issuer = TestIssuer::new();
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let token = token(&issuer).algorithm(algorithm).without_header("alg").mint();
        let outcome = outcome(&verifier(&issuer), &token).await;
        assert_eq!(outcome, Err(TokenFault::Malformed), "{algorithm}");
    }
}
