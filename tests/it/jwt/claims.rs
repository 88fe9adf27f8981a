//! What the claims must say, and how.

use portcullis::{Algorithm, TokenFault, testing::TestIssuer};
use serde_json::{Value, json};

use super::{accepts, hmac_verifier, outcome, token, verifier};
use crate::support::{API, jws};

#[tokio::test]
async fn the_issuer_is_compared_byte_for_byte() {
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

#[tokio::test]
async fn an_issuer_that_is_no_string_is_rejected() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    for iss in [json!(null), json!(1), json!([issuer.issuer()]), json!({}), json!(true)] {
        assert!(
            !accepts(&verifier, &token(&issuer).claim("iss", iss.clone()).mint()).await,
            "{iss}"
        );
    }
}

#[tokio::test]
async fn an_escaped_claim_says_what_it_says() {
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

#[tokio::test]
async fn the_audience_must_contain_ours() {
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
async fn a_service_may_have_several_names() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let builder = issuer.verifier().audience(API).audience("api").jwk_set(issuer.jwk_set());
    let verifier = builder.build().unwrap();
    for (aud, is_ours) in [
        (json!(API), true),
        (json!("api"), true),
        (json!(["x", "api"]), true),
        (json!("x"), false),
        (json!("https://api.exampleapi"), false),
    ] {
        let token = issuer.token().claim("aud", aud.clone()).mint();
        assert_eq!(accepts(&verifier, &token).await, is_ours, "{aud}");
    }
}

#[tokio::test]
async fn any_audience_is_a_danger_that_must_be_spelt() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let verifier = issuer.verifier().jwk_set(issuer.jwk_set()).dangerous().any_audience();
    let verifier = verifier.build().unwrap();
    for token in
        [issuer.token(), issuer.token().audience("x"), issuer.token().claim("aud", json!([]))]
    {
        assert!(accepts(&verifier, &token.mint()).await);
    }
    let odd = issuer.token().claim("aud", json!({})).mint();
    assert_eq!(outcome(&verifier, &odd).await, Err(TokenFault::Claims));
}

#[tokio::test]
async fn texts_must_be_strings() {
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

#[tokio::test]
async fn claims_are_one_json_object_in_utf_8_without_duplicates() {
    let issuer = TestIssuer::new();
    let verifier = hmac_verifier(&issuer);
    let good = jws::forged_claims(&issuer).to_string();
    let with = |more: &str| good.replacen('{', &format!("{{{more},"), 1).into_bytes();
    let deep = format!("\"x\":{}{}", "[".repeat(1000), "]".repeat(1000));
    let deep_objects = format!("\"x\":{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000));
    let mut latin_1 = with("\"name\":\"Andr?\"");
    *latin_1.iter_mut().find(|byte| **byte == b'?').unwrap() = 0xe9;
    for (case, claims) in [
        ("iss twice", with(r#""iss":"https://evil.example""#)),
        ("exp twice, first escaped", with(r#""\u0065xp":1"#)),
        ("aud twice", with(&format!(r#""aud":"{API}""#))),
        ("a claim of one's own twice", with(r#""x":1,"x":1"#)),
        ("twice further down", with(r#""x":{"y":1,"y":1}"#)),
        ("twice in an array", with(r#""x":[{"y":1,"y":1}]"#)),
        ("deep", with(&deep)),
        ("deep objects", with(&deep_objects)),
        ("latin 1", latin_1),
        ("UTF-16", good.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("a BOM", format!("\u{feff}{good}").into_bytes()),
        ("half a surrogate", with(r#""x":"\ud800""#)),
        ("a control character", with("\"x\":\"\u{1}\"")),
        ("cut off", good.as_bytes()[..good.len() - 1].to_vec()),
        ("something behind", format!("{good} x").into_bytes()),
        ("two objects", format!("{good}{good}").into_bytes()),
        ("an array", format!("[{good}]").into_bytes()),
        ("a string", json!(good).to_string().into_bytes()),
        ("empty", b" ".to_vec()),
        ("not a number", with("\"exp\":NaN")),
        ("a comment", with("/* */\"x\":1")),
    ] {
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, &claims);
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Malformed), "{case}");
    }
    for (case, claims) in [
        ("as it is", good.clone().into_bytes()),
        ("white space around", format!(" \r\n\t{good}\n").into_bytes()),
        ("any text", with("\"\u{65e5}\u{672c}\":\"\\ud83d\\ude00 \u{1f600}\"")),
        ("the same name at two depths", with(r#""x":{"iss":"https://evil.example","x":{}}"#)),
    ] {
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, &claims);
        assert_eq!(outcome(&verifier, &token).await.as_deref(), Ok("mallory"), "{case}");
    }
}

#[tokio::test]
async fn a_claim_further_down_is_no_claim_of_the_token() {
    let issuer = TestIssuer::new();
    let verifier = hmac_verifier(&issuer);
    let good = jws::forged_claims(&issuer);
    for claim in ["iss", "aud", "exp"] {
        let mut claims = good.clone();
        let moved = claims.as_object_mut().unwrap().remove(claim).unwrap();
        claims["nested"] = Value::from_iter([(claim.to_owned(), moved)]);
        let token = jws::sign(jws::SECRET, r#"{"alg":"HS256"}"#, claims.to_string());
        assert!(!accepts(&verifier, &token).await, "{claim}");
    }
}

#[tokio::test]
async fn a_claim_may_be_asked_for_by_its_text() {
    let issuer = TestIssuer::new();
    let verifier = super::builder(&issuer).require_claim("token_use", "access").build().unwrap();
    for (token_use, fault) in [
        (json!("access"), None),
        (json!("Access"), Some(TokenFault::Claims)),
        (json!("management"), Some(TokenFault::Claims)),
        // Another kind of token is recognized before the claims that were configured are compared.
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
async fn a_token_without_audience_is_known_by_its_client() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::Es256);
    let builder = issuer.verifier().client("app").client("web").jwk_set(issuer.jwk_set());
    let verifier = builder.build().unwrap();
    let by = |client: &str| issuer.token().claim("client_id", json!(client));
    for (case, token, is_good) in [
        ("app", by("app"), true),
        ("web", by("web"), true),
        ("a stranger", by("apps"), false),
        ("no client", issuer.token().without_claim("client_id"), false),
        (
            "a client by another name",
            issuer.token().without_claim("client_id").claim("azp", json!("app")),
            false,
        ),
        ("for someone", by("app").audience(API), false),
        ("for the client", by("app").audience("app"), false),
        ("for nobody", by("app").claim("aud", json!([])), false),
    ] {
        assert_eq!(accepts(&verifier, &token.mint()).await, is_good, "{case}");
    }
}
