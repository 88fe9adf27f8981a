//! The JWS compact serialization, and its base64url encoding.

use portcullis::{Algorithm, ErrorKind, error::TokenFault, testing::TestIssuer};

use super::{accepts, hmac_verifier, outcome, token, verifier};
use crate::support::{jws, verify};

// Verifies rfc7519-7.2-reject.
#[tokio::test]
async fn a_token_has_three_parts() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    let valid = token(&issuer).mint();
    let [header, claims, signature] = jws::parts(&valid);
    assert!(accepts(&verifier, &valid).await);
    for (case, token) in [
        ("one", header.to_owned()),
        ("two", format!("{header}.{claims}")),
        ("four", format!("{valid}.{signature}")),
        ("five, a JWE", format!("{valid}.{claims}.{signature}")),
        ("a dot at the end", format!("{valid}.")),
        ("a dot at the start", format!(".{valid}")),
        ("two dots between", format!("{header}..{claims}.{signature}")),
        ("no header", format!(".{claims}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("dots alone", "..".to_owned()),
        ("a dot", ".".to_owned()),
        ("the valid one twice", format!("{valid}.{valid}")),
    ] {
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Malformed), "{case}");
    }
    assert_eq!(
        outcome(&verifier, &format!("{header}.{claims}.")).await,
        Err(TokenFault::Signature)
    );
}

#[tokio::test]
async fn a_jwe_is_rejected() {
    let issuer = TestIssuer::new();
    // The complete example of RFC 7516 A.3.
    let jwe = "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.\
        6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.\
        AxY8DCtDaGlsbGljb3RoZQ.\
        KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.\
        U0m_YmjN04DJvceFICbCVQ";
    assert_eq!(outcome(&verifier(&issuer), jwe).await, Err(TokenFault::Malformed));
}

// Verifies rfc7515-7.2-rejected.
#[tokio::test]
async fn the_json_serializations_are_rejected() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    let valid = token(&issuer).mint();
    let [header, claims, signature] = jws::parts(&valid);
    let flattened =
        format!(r#"{{"payload":"{claims}","protected":"{header}","signature":"{signature}"}}"#);
    let general = format!(
        r#"{{"payload":"{claims}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#
    );
    for json in [flattened, general] {
        let error = verify(&verifier, &json).await.unwrap_err();
        assert!(matches!(error, ErrorKind::InvalidRequest(_)), "{error:?}");
        let encoded = jws::encode(&json);
        assert_eq!(outcome(&verifier, &encoded).await, Err(TokenFault::Malformed));
    }
}

/// Encodings of the same bytes that are not canonical, if there are any.
fn other_encodings(text: &str) -> Vec<(&'static str, String)> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (start, last) = text.split_at(text.len() - 1);
    let digit = ALPHABET.iter().position(|digit| *digit == last.as_bytes()[0]).unwrap();
    let trailing = char::from(ALPHABET[digit ^ 1]);
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    let mut others = vec![
        ("one digit more", format!("{text}A")),
        ("a space", format!("{start} {last}")),
        ("a tab before", format!("\t{text}")),
        ("a tilde", format!("{start}~{last}")),
        ("an escape", format!("{start}%41{last}")),
    ];
    if !padding.is_empty() {
        others.push(("padding", format!("{text}{padding}")));
        others.push(("trailing bits", format!("{start}{trailing}")));
    }
    if text.contains(['-', '_']) {
        others.push(("the other alphabet", text.replace('-', "+").replace('_', "/")));
    }
    others
}

// Verifies rfc7515-5.2-encoding.
#[tokio::test]
async fn only_the_canonical_encoding_of_each_part_is_accepted() {
    let issuer = TestIssuer::new();
    let verifier = hmac_verifier(&issuer);
    let mut seen = std::collections::BTreeSet::new();
    // Headers and claims of every length modulo 3, and with characters of both alphabets.
    for filler in ["", "~", "~~", "\u{fffe}?>~\u{fff}"] {
        let header = jws::encode(format!(r#"{{"alg":"HS256","x":"{filler}"}}"#));
        let mut claims = jws::forged_claims(&issuer);
        claims["x"] = filler.into();
        let claims = jws::encode(claims.to_string());
        let valid = jws::sign_parts(jws::SECRET, &header, &claims);
        assert_eq!(outcome(&verifier, &valid).await.as_deref(), Ok("mallory"), "{filler}");
        let signature = jws::parts(&valid)[2];

        // The other encoding is signed, so the signature is valid.
        for (case, other) in other_encodings(&header) {
            let token = jws::sign_parts(jws::SECRET, &other, &claims);
            assert!(!accepts(&verifier, &token).await, "header, {case}: {token}");
            seen.insert(("header", case));
        }
        for (case, other) in other_encodings(&claims) {
            let token = jws::sign_parts(jws::SECRET, &header, &other);
            assert!(!accepts(&verifier, &token).await, "claims, {case}: {token}");
            seen.insert(("claims", case));
        }
        for (case, other) in other_encodings(signature) {
            let token = format!("{header}.{claims}.{other}");
            assert!(!accepts(&verifier, &token).await, "signature, {case}: {token}");
            seen.insert(("signature", case));
        }
    }
    for part in ["header", "claims", "signature"] {
        for case in ["padding", "trailing bits", "the other alphabet"] {
            assert!(seen.contains(&(part, case)) || case == "the other alphabet", "{part}, {case}");
        }
    }
}

// Verifies rfc7515-5.2-encoding.
#[tokio::test]
async fn trailing_bits_of_a_signature_must_be_zero() {
    let issuer = TestIssuer::new();
    issuer.publish(Algorithm::EdDsa);
    let verifier = verifier(&issuer);
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let valid = token(&issuer).algorithm(algorithm).mint();
        let (start, last) = valid.split_at(valid.len() - 1);
        let mut accepted = 0;
        for digit in ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']) {
            let is_accepted = accepts(&verifier, &format!("{start}{digit}")).await;
            assert_eq!(is_accepted, digit.to_string() == last, "{algorithm}, {digit}");
            accepted += u32::from(is_accepted);
        }
        assert_eq!(accepted, 1);
    }
}
