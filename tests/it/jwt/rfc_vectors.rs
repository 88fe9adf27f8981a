//! The examples in the RFCs.
//!
//! Examples whose payload isn't a set of claims are rejected here. Their signatures are verified in the unit
//! tests of `jose/crypto`.

use std::time::{Duration, SystemTime};

use portcullis::{
    Algorithm, ErrorKind, JwtVerifier,
    error::TokenFault,
    jwt::Profile,
    testing::{TestClock, TestIssuer},
};
use serde_json::{Value, json};

use crate::support::{jws, verify};

/// `{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}`
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y\
    b290Ijp0cnVlfQ";
const EXP: u64 = 1_300_819_380;

/// The keys of RFC 7515 A.1 to A.4.
const SECRET: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ\
    PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0\
    LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\
    Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2\
    PAcDTW9gb54h4FRWyuXpoQ";
const P256: [&str; 2] =
    ["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"];
const P521: [&str; 2] = [
    "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxc\
    WceqwQGk",
    "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf6\
    3e3kyMj2",
];

const A_1: (&str, &str) =
    ("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
const A_2: (&str, &str) = (
    "eyJhbGciOiJSUzI1NiJ9",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF\
    5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK\
    5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt\
    FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
    p0igcN_IoypGlUPQGe77Rw",
);
const A_3: (&str, &str) = (
    "eyJhbGciOiJFUzI1NiJ9",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA\
    pmWQxfKTUJqPP3-Kg6NU1Q",
);
const A_4: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZq\
    wqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp\
    EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";

fn token((header, signature): (&str, &str)) -> String {
    format!("{header}.{CLAIMS}.{signature}")
}

fn key_set() -> Value {
    json!({ "keys": [
        { "kty": "RSA", "n": RSA_N, "e": "AQAB" },
        { "kty": "EC", "crv": "P-256", "x": P256[0], "y": P256[1] },
        { "kty": "EC", "crv": "P-521", "x": P521[0], "y": P521[1] },
    ] })
}

fn clock_at(seconds: u64) -> TestClock {
    TestClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A verifier of tokens by joe with all keys of RFC 7515, at that time.
fn joe(seconds: u64) -> JwtVerifier {
    let builder = JwtVerifier::builder("joe").dangerous().any_audience();
    let builder = builder.hmac_secret(Algorithm::Hs256, jws::decode(SECRET));
    builder.jwk_set(key_set().to_string()).clock(clock_at(seconds)).build().unwrap()
}

// Verifies rfc7519-8-hs256, rfc7519-8-rs256-es256.
#[tokio::test]
async fn rfc_7515_a_1_to_a_3_are_accepted_before_they_expire() {
    for (name, example) in [("A.1", A_1), ("A.2", A_2), ("A.3", A_3)] {
        let identity = verify(&joe(EXP - 1), &token(example)).await;
        let identity = identity.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(identity.issuer(), Some("joe"), "{name}");
        let expires_at = SystemTime::UNIX_EPOCH + Duration::from_secs(EXP);
        assert_eq!(identity.expires_at(), Some(expires_at), "{name}");
        let claims = identity.claims::<Value>().unwrap();
        assert_eq!(claims["http://example.com/is_root"], true, "{name}");
    }
}

#[tokio::test]
async fn rfc_7515_a_1_to_a_3_expire() {
    for (now, fault) in [
        (EXP + 59, None),
        (EXP + 60, Some(TokenFault::Expired)),
        (EXP * 2, Some(TokenFault::Expired)),
    ] {
        for example in [A_1, A_2, A_3] {
            let rejection = verify(&joe(now), &token(example)).await.err();
            assert_eq!(rejection, fault.map(ErrorKind::from), "{now}");
        }
    }
}

#[tokio::test]
async fn rfc_7515_a_1_to_a_3_lack_the_audience_and_typ_of_rfc_9068() {
    let builder = JwtVerifier::builder("joe").hmac_secret(Algorithm::Hs256, jws::decode(SECRET));
    let builder = builder.jwk_set(key_set().to_string()).clock(clock_at(EXP - 1));
    let for_us = builder.audience("joe").build().unwrap();
    let builder = JwtVerifier::builder("joe").dangerous().any_audience();
    let builder = builder.hmac_secret(Algorithm::Hs256, jws::decode(SECRET));
    let builder = builder.jwk_set(key_set().to_string()).clock(clock_at(EXP - 1));
    let strict = builder.profile(Profile::Rfc9068).build().unwrap();
    for example in [A_1, A_2, A_3] {
        let rejection = verify(&for_us, &token(example)).await.map(drop);
        assert_eq!(rejection, Err(TokenFault::Audience.into()));
        let rejection = verify(&strict, &token(example)).await.map(drop);
        assert_eq!(rejection, Err(TokenFault::Type.into()));
    }
}

#[tokio::test]
async fn the_signature_of_another_example_is_rejected() {
    for (header, _) in [A_1, A_2, A_3] {
        for (other, signature) in [A_1, A_2, A_3] {
            let is_accepted = verify(&joe(EXP - 1), &token((header, signature))).await.is_ok();
            assert_eq!(is_accepted, header == other);
        }
    }
}

#[tokio::test]
async fn rfc_7515_a_4_is_rejected_without_claims() {
    let rejection = verify(&joe(EXP - 1), A_4).await.map(drop);
    assert_eq!(rejection, Err(TokenFault::Malformed.into()));
}

// Verifies rfc7519-8-none.
#[tokio::test]
async fn rfc_7515_a_5_and_rfc_7519_6_1_are_rejected_as_unsecured() {
    let rejection = verify(&joe(EXP - 1), &token(("eyJhbGciOiJub25lIn0", ""))).await.map(drop);
    assert_eq!(rejection, Err(TokenFault::Algorithm.into()));
}

// Verifies rfc7515-7.2-rejected.
#[tokio::test]
async fn rfc_7515_a_6_and_a_7_are_rejected_as_json_serializations() {
    let flattened = format!(
        r#"{{"payload":"{CLAIMS}","protected":"{}","header":{{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"}},"signature":"{}"}}"#,
        A_3.0, A_3.1
    );
    let general = format!(
        r#"{{"payload":"{CLAIMS}","signatures":[{{"protected":"{}","header":{{"kid":"2010-12-29"}},"signature":"{}"}}]}}"#,
        A_2.0, A_2.1
    );
    for json in [flattened, general] {
        let rejection = verify(&joe(EXP - 1), &json).await.map(drop);
        assert!(matches!(rejection, Err(ErrorKind::InvalidRequest(_))), "{rejection:?}");
    }
}

// Verifies rfc7515-4.1.11-crit.
#[tokio::test]
async fn rfc_7515_appendix_e_is_rejected() {
    let token = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERU\
        ZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.\
        RkFJTA.";
    let rejection = verify(&joe(EXP - 1), token).await.map(drop);
    assert_eq!(rejection, Err(TokenFault::Malformed.into()));
}

// Verifies rfc7515-4.1.11-crit.
#[tokio::test]
async fn rfc_7797_4_1_and_4_2_are_rejected_as_unencoded() {
    let detached = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..\
        A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";
    for token in [detached.to_owned(), detached.replace("..", ".JC4wMg.")] {
        let rejection = verify(&joe(EXP - 1), &token).await.map(drop);
        assert_eq!(rejection, Err(TokenFault::Malformed.into()), "{token}");
    }
    let as_it_is = detached.replace("..", ".$.02.");
    let rejection = verify(&joe(EXP - 1), &as_it_is).await.map(drop);
    assert!(matches!(rejection, Err(ErrorKind::InvalidRequest(_))), "{rejection:?}");
}

#[tokio::test]
async fn rfc_8037_a_4_is_rejected_without_claims_but_has_a_usable_key() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let verifier = JwtVerifier::builder("joe").dangerous().any_audience();
    let verifier = verifier.jwk_set(json!({ "keys": [key] }).to_string()).build().unwrap();
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
        hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B\
        hVsPt9g7sVvpAr_MuM0KAg";
    let rejection = verify(&verifier, token).await.map(drop);
    assert_eq!(rejection, Err(TokenFault::Malformed.into()));
}

#[test]
fn rfc_7517_a_1_is_a_key_set_with_one_key_that_verifies() {
    let rsa = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1\
        L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4\
        QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO\
        pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF\
        Cur-kEgU8awapJzKnqDKgw";
    let for_encryption = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "use": "enc",
        "kid": "1",
    });
    let rsa = json!({ "kty": "RSA", "n": rsa, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    let build = |keys: Value| {
        let builder = JwtVerifier::builder("https://as.example").audience("api");
        builder.jwk_set(json!({ "keys": keys }).to_string()).build()
    };
    assert_eq!(build(json!([for_encryption, rsa])).unwrap().readiness().keys(), 1);
    assert!(build(json!([for_encryption])).is_err());
}

// Verifies rfc9068-4-typ.
#[tokio::test]
async fn rfc_9068_2_2_is_accepted_in_the_strict_profile() {
    let issuer = TestIssuer::named("https://authorization-server.example.com/");
    issuer.clock().set(SystemTime::UNIX_EPOCH + Duration::from_secs(1_618_354_090));
    let verifier = issuer.verifier().audience("https://rs.example.com/").profile(Profile::Rfc9068);
    let verifier = verifier.build().unwrap();
    let header = json!({ "typ": "at+JWT", "alg": "RS256", "kid": "rsa-0" });
    let example = issuer
        .token()
        .algorithm(Algorithm::Rs256)
        .subject("5ba552d67")
        .audience("https://rs.example.com/")
        .claim("exp", json!(1_639_528_912))
        .claim("iat", json!(1_618_354_090))
        .claim("jti", json!("dbe39bf3a3ba4238a513f51d6e1691c4"))
        .claim("client_id", json!("s6BhdRkqt3"))
        .scope("openid profile reademail")
        .mint_with_raw_header(&header.to_string());
    let identity = verify(&verifier, &example).await.unwrap();
    assert_eq!(identity.subject(), Some("5ba552d67"));
    assert_eq!(identity.client_id(), Some("s6BhdRkqt3"));
    assert!(identity.scopes().contains("reademail"));
}
