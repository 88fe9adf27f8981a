//! Required claims and their values.

use portcullis::{Algorithm, error::TokenFault, testing::TestIssuer};
use serde_json::{Value, json};

use super::{accepts, hmac_verifier, outcome, token, verifier};
use crate::support::{API, jws, outcome::verify_token};

// Verifies rfc7519-4.1.1-iss, rfc9068-4-iss.
#[tokio::test]
async fn iss_is_compared_byte_for_byte() {
    for name in ["https://issuer.test", "https://issuer.test/", "https://issuer.test/realms/One"] {
        let issuer = TestIssuer::named(name);
        let verifier = verifier(&issuer);
        assert!(accepts(&verifier, &token(&issuer).mint()).await, "{name}");
        for iss in [
            json!("https://issuer.test//"),
            json!("https://issuer.tes"),
            json!("https://issuer.testx"),
            json!("https://ISSUER.test"),
            json!("HTTPS://issuer.test"),
            json!("http://issuer.test"),
            json!("https://issuer.test:443"),
            json!("https://issuer.test/realms/one"),
            json!("https://issuer.test/realms/One/"),
            json!("https://issuer.test/realms/%4fne"),
            json!("issuer.test"),
            json!(" https://issuer.test"),
            json!("https://issuer.test\n"),
            json!("https://issuer.test\0"),
            json!("https://\u{457}ssuer.test"),
            json!(""),
        ] {
            let token = token(&issuer).claim("iss", iss.clone()).mint();
            assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Issuer), "{name}: {iss}");
        }
        let other =
            if name.ends_with('/') { name.trim_end_matches('/') } else { "https://issuer.test/x" };
        let token = token(&issuer).claim("iss", json!(other)).mint();
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Issuer), "{name}: {other}");
    }
}

// Verifies rfc7519-4.1.1-iss.
#[tokio::test]
async fn iss_must_be_a_string() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    for iss in [json!(null), json!(1), json!([issuer.issuer()]), json!({}), json!(true)] {
        assert!(
            !accepts(&verifier, &token(&issuer).claim("iss", iss.clone()).mint()).await,
            "{iss}"
        );
    }
}

// Verifies rfc7519-7.3-comparison.
#[tokio::test]
async fn json_escapes_in_claims_are_decoded() {
    let issuer = TestIssuer::new();
    let claims = jws::forged_claims(&issuer).to_string();
    let escaped = claims
        .replace("\"iss\"", "\"\\u0069ss\"")
        .replace("https://issuer.test", "https:\\/\\/issuer\\u002etest")
        .replace(API, "https:\\/\\/api.example")
        .replace("mallory", "m\\u0061llory");
    assert_ne!(claims, escaped);
    let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, escaped);
    assert_eq!(outcome(&hmac_verifier(&issuer), &token).await.as_deref(), Ok("mallory"));
}

// Verifies rfc7519-4.1.3-aud, rfc8725-3.9-aud, rfc9068-4-aud, rfc9700-2.3-audience,
// Verifies rfc9700-4.9.3-audience.
#[tokio::test]
async fn aud_must_contain_the_audience_of_the_service() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    for (aud, fault) in [
        (json!(API), None),
        (json!([API]), None),
        (json!(["https://other.example", API]), None),
        (json!([API, "https://other.example"]), None),
        (json!(""), Some(TokenFault::Audience)),
        (json!([]), Some(TokenFault::Audience)),
        (json!([""]), Some(TokenFault::Audience)),
        (json!("https://api.example/"), Some(TokenFault::Audience)),
        (json!("https://api.exampl"), Some(TokenFault::Audience)),
        (json!("https://API.example"), Some(TokenFault::Audience)),
        (json!("https://api.example https://other.example"), Some(TokenFault::Audience)),
        (json!("*"), Some(TokenFault::Audience)),
        (json!(null), Some(TokenFault::Claims)),
        (json!(1), Some(TokenFault::Claims)),
        (json!(true), Some(TokenFault::Claims)),
        (json!({ "0": API }), Some(TokenFault::Claims)),
        (json!([API, 1]), Some(TokenFault::Claims)),
        (json!([[API]]), Some(TokenFault::Claims)),
        (json!([null, API]), Some(TokenFault::Claims)),
    ] {
        let token = token(&issuer).claim("aud", aud.clone()).mint();
        assert_eq!(outcome(&verifier, &token).await.err(), fault, "{aud}");
    }
    assert_eq!(outcome(&verifier, &issuer.token().mint()).await, Err(TokenFault::Audience));
}

#[tokio::test]
async fn several_audiences_may_be_accepted() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let builder = issuer.verifier().audience(API).audience("api").jwk_set(issuer.jwk_set());
    let verifier = builder.build().unwrap();
    for (aud, accepted) in [
        (json!(API), true),
        (json!("api"), true),
        (json!(["x", "api"]), true),
        (json!("x"), false),
        (json!("https://api.exampleapi"), false),
    ] {
        let token = issuer.token().claim("aud", aud.clone()).mint();
        assert_eq!(accepts(&verifier, &token).await, accepted, "{aud}");
    }
}

#[tokio::test]
async fn any_audience_must_be_enabled_as_dangerous() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let verifier = issuer.verifier().jwk_set(issuer.jwk_set()).dangerous().any_audience();
    let verifier = verifier.build().unwrap();
    for token in
        [issuer.token(), issuer.token().audience("x"), issuer.token().claim("aud", json!([]))]
    {
        assert!(accepts(&verifier, &token.mint()).await);
    }
    let malformed = issuer.token().claim("aud", json!({})).mint();
    assert_eq!(outcome(&verifier, &malformed).await, Err(TokenFault::Claims));
}

#[tokio::test]
async fn string_claims_must_be_strings() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    for claim in ["sub", "jti", "client_id"] {
        for value in [json!(null), json!(7), json!(true), json!([]), json!(["alice"]), json!({})] {
            let token = token(&issuer).claim(claim, value.clone()).mint();
            assert_eq!(
                outcome(&verifier, &token).await,
                Err(TokenFault::Claims),
                "{claim} {value}"
            );
        }
    }
}

// Verifies rfc7519-4-duplicates, rfc8725-3.7-utf8.
#[tokio::test]
async fn claims_are_one_json_object_in_utf_8_without_duplicates() {
    let issuer = TestIssuer::new();
    let verifier = hmac_verifier(&issuer);
    let valid = jws::forged_claims(&issuer).to_string();
    let with = |more: &str| valid.replacen('{', &format!("{{{more},"), 1).into_bytes();
    let deep = format!("\"x\":{}{}", "[".repeat(1000), "]".repeat(1000));
    let deep_objects = format!("\"x\":{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000));
    let mut latin_1 = with("\"name\":\"Andr?\"");
    *latin_1.iter_mut().find(|byte| **byte == b'?').unwrap() = 0xe9;
    for (case, claims) in [
        ("iss twice", with(r#""iss":"https://evil.example""#)),
        ("exp twice, first escaped", with(r#""\u0065xp":1"#)),
        ("aud twice", with(&format!(r#""aud":"{API}""#))),
        ("a custom claim twice", with(r#""x":1,"x":1"#)),
        ("twice further down", with(r#""x":{"y":1,"y":1}"#)),
        ("twice in an array", with(r#""x":[{"y":1,"y":1}]"#)),
        ("deep", with(&deep)),
        ("deep objects", with(&deep_objects)),
        ("latin 1", latin_1),
        ("UTF-16", valid.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("a BOM", format!("\u{feff}{valid}").into_bytes()),
        ("half a surrogate", with(r#""x":"\ud800""#)),
        ("a control character", with("\"x\":\"\u{1}\"")),
        ("truncated", valid.as_bytes()[..valid.len() - 1].to_vec()),
        ("text after the object", format!("{valid} x").into_bytes()),
        ("two objects", format!("{valid}{valid}").into_bytes()),
        ("an array", format!("[{valid}]").into_bytes()),
        ("a string", json!(valid).to_string().into_bytes()),
        ("empty", b" ".to_vec()),
        ("not a number", with("\"exp\":NaN")),
        ("a comment", with("/* */\"x\":1")),
    ] {
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, &claims);
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Malformed), "{case}");
    }
    for (case, claims) in [
        ("unchanged", valid.clone().into_bytes()),
        ("white space around", format!(" \r\n\t{valid}\n").into_bytes()),
        ("any text", with("\"\u{65e5}\u{672c}\":\"\\ud83d\\ude00 \u{1f600}\"")),
        ("the same name at two depths", with(r#""x":{"iss":"https://evil.example","x":{}}"#)),
    ] {
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, &claims);
        assert_eq!(outcome(&verifier, &token).await.as_deref(), Ok("mallory"), "{case}");
    }
}

#[tokio::test]
async fn nested_claims_do_not_count_as_claims_of_the_token() {
    let issuer = TestIssuer::new();
    let verifier = hmac_verifier(&issuer);
    let valid = jws::forged_claims(&issuer);
    for claim in ["iss", "aud", "exp"] {
        let mut claims = valid.clone();
        let moved = claims.as_object_mut().unwrap().remove(claim).unwrap();
        claims["nested"] = Value::from_iter([(claim.to_owned(), moved)]);
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, claims.to_string());
        assert!(!accepts(&verifier, &token).await, "{claim}");
    }
}

#[tokio::test]
async fn require_claim_compares_the_string_value() {
    let issuer = TestIssuer::new();
    let verifier = super::builder(&issuer).require_claim("token_use", "access").build().unwrap();
    for (token_use, fault) in [
        (json!("access"), None),
        (json!("Access"), Some(TokenFault::Claims)),
        (json!("management"), Some(TokenFault::Claims)),
        // Other kinds of tokens are rejected before the required claims are compared.
        (json!("refresh"), Some(TokenFault::Type)),
        (json!(["access"]), Some(TokenFault::Claims)),
        (json!(true), Some(TokenFault::Claims)),
    ] {
        let token = token(&issuer).claim("token_use", token_use.clone()).mint();
        assert_eq!(outcome(&verifier, &token).await.err(), fault, "{token_use}");
    }
    assert_eq!(outcome(&verifier, &token(&issuer).mint()).await, Err(TokenFault::Claims));
}

#[tokio::test]
async fn a_token_without_audience_is_accepted_by_its_client_id() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let builder = issuer.verifier().client("app").client("web").jwk_set(issuer.jwk_set());
    let verifier = builder.build().unwrap();
    let by = |client: &str| issuer.token().claim("client_id", json!(client));
    for (case, token, accepted) in [
        ("app", by("app"), true),
        ("web", by("web"), true),
        ("another client", by("apps"), false),
        ("no client", issuer.token().without_claim("client_id"), false),
        (
            "a client by another name",
            issuer.token().without_claim("client_id").claim("azp", json!("app")),
            false,
        ),
        ("with an audience", by("app").audience(API), false),
        ("for the client", by("app").audience("app"), false),
        ("with an empty audience", by("app").claim("aud", json!([])), false),
    ] {
        assert_eq!(accepts(&verifier, &token.mint()).await, accepted, "{case}");
    }
}

#[tokio::test]
async fn the_identity_has_the_methods_of_the_authentication() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    for (amr, methods) in [
        (json!(["pwd", "otp"]), &["pwd", "otp"] as &[_]),
        (json!([]), &[]),
        (json!(null), &[]),
        (json!({"pwd": true}), &[]),
    ] {
        let token = token(&issuer).claim("amr", amr.clone()).mint();
        let identity = verify_token(&verifier, &token).await.unwrap();
        assert_eq!(identity.amr().collect::<Vec<_>>(), methods, "{amr}");
    }
}
