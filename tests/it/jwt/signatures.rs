//! Invalid signatures.

use portcullis::{Algorithm, error::TokenFault, testing::TestIssuer};

use super::{accepts, builder, outcome, token, verifier};
use crate::support::{issuer_with, jws, openssl};

const ALL: [Algorithm; 13] = [
    Algorithm::EdDsa,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::Hs256,
    Algorithm::Hs384,
    Algorithm::Hs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
];

/// An issuer with keys for all algorithms, and its verifier.
fn issuer_and_verifier() -> (TestIssuer, portcullis::JwtVerifier) {
    let issuer = issuer_with(ALL);
    let hmacs = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    let builder = hmacs.into_iter().fold(builder(&issuer), |builder, algorithm| {
        builder.hmac_secret(algorithm, issuer.hmac_secret(algorithm))
    });
    let verifier = builder.build().unwrap();
    (issuer, verifier)
}

#[tokio::test]
async fn signatures_of_wrong_length_or_constant_bytes_are_rejected() {
    let (issuer, verifier) = issuer_and_verifier();
    for algorithm in ALL {
        let valid = token(&issuer).algorithm(algorithm).mint();
        assert_eq!(outcome(&verifier, &valid).await.as_deref(), Ok("alice"), "{algorithm}");
        let signature = jws::decode(jws::parts(&valid)[2]);
        let len = signature.len();
        for (case, forged) in [
            ("none", vec![]),
            ("one byte", vec![1]),
            ("zeros", vec![0; len]),
            ("ones", vec![0xff; len]),
            ("cut", signature[..len - 1].to_vec()),
            ("cut in front", signature[1..].to_vec()),
            ("half", signature[..len / 2].to_vec()),
            ("a zero behind", [&signature[..], &[0]].concat()),
            ("a zero in front", [&[0], &signature[..]].concat()),
            ("twice", signature.repeat(2)),
            ("20 KB", vec![0xa5; 20_000]),
            ("20 KB that start with the signature", [signature.clone(), vec![0; 20_000]].concat()),
            ("1 MiB", vec![1; 1 << 20]),
        ] {
            let token = jws::with_signature(&valid, forged);
            assert_eq!(
                outcome(&verifier, &token).await,
                Err(TokenFault::Signature),
                "{algorithm}, {case}"
            );
        }
    }
}

// Verifies rfc7515-5.2-signature.
#[tokio::test]
async fn a_signature_with_any_flipped_bit_is_rejected() {
    let (issuer, verifier) = issuer_and_verifier();
    for algorithm in ALL {
        let valid = token(&issuer).algorithm(algorithm).mint();
        let signature = jws::decode(jws::parts(&valid)[2]);
        for at in [0, 1, signature.len() / 2 - 1, signature.len() / 2, signature.len() - 1] {
            for bit in [0, 7] {
                let mut flipped = signature.clone();
                flipped[at] ^= 1 << bit;
                let token = jws::with_signature(&valid, flipped);
                assert!(!accepts(&verifier, &token).await, "{algorithm}, byte {at}, bit {bit}");
            }
        }
    }
}

#[tokio::test]
async fn a_signature_of_another_token_is_rejected() {
    let (issuer, verifier) = issuer_and_verifier();
    for algorithm in ALL {
        let (mine, admins) =
            (token(&issuer).algorithm(algorithm), token(&issuer).algorithm(algorithm));
        let (mine, admins) = (mine.mint(), admins.subject("admin").mint());
        let [header, _, signature] = jws::parts(&mine);
        let [_, claims, _] = jws::parts(&admins);
        let spliced = format!("{header}.{claims}.{signature}");
        assert_eq!(outcome(&verifier, &spliced).await, Err(TokenFault::Signature), "{algorithm}");

        // The dot between header and claims is also signed.
        let (header, claims) = (jws::parts(&mine)[0], jws::parts(&mine)[1]);
        let (start, end) = claims.split_at(4);
        let moved = format!("{header}{start}.{end}.{signature}");
        assert!(!accepts(&verifier, &moved).await, "{algorithm}");
    }
}

#[tokio::test]
async fn an_ecdsa_signature_in_der_is_rejected() {
    let (issuer, verifier) = issuer_and_verifier();
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let valid = token(&issuer).algorithm(algorithm).mint();
        let signature = jws::decode(jws::parts(&valid)[2]);
        let (r, s) = signature.split_at(signature.len() / 2);
        let der = sequence(&[integer(r), integer(s)].concat());
        assert_eq!(der[0], 0x30);
        let token = jws::with_signature(&valid, der);
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Signature), "{algorithm}");
    }
}

// Verifies rfc8725-3.4-inputs.
#[tokio::test]
async fn ecdsa_numbers_of_zero_or_at_least_the_order_are_rejected() {
    let (issuer, verifier) = issuer_and_verifier();
    for (algorithm, len, order) in [
        (Algorithm::Es256, 32, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"),
        (
            Algorithm::Es384,
            48,
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        ),
        (
            Algorithm::Es512,
            66,
            "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        ),
    ] {
        let valid = token(&issuer).algorithm(algorithm).mint();
        let signature = jws::decode(jws::parts(&valid)[2]);
        let (r, s) = signature.split_at(len);
        let n: Vec<_> = (0..len)
            .map(|at| u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let (zero, most) = (vec![0; len], vec![0xff; len]);
        let mut one = zero.clone();
        one[len - 1] = 1;
        for (case, r, s) in [
            ("both 0", &*zero, &*zero),
            ("r 0", &zero, s),
            ("s 0", r, &zero),
            ("both the order", &n, &n),
            ("r the order", &n, s),
            ("s the order", r, &n),
            ("both the largest", &most, &most),
            ("r the largest", &most, s),
            ("s the largest", r, &most),
            ("both 1", &one, &one),
            ("swapped", s, r),
        ] {
            let token = jws::with_signature(&valid, [r, s].concat());
            assert!(!accepts(&verifier, &token).await, "{algorithm}, {case}");
        }
    }
}

#[tokio::test]
async fn an_ed25519_scalar_of_at_least_the_order_is_rejected() {
    // RFC 8032 §5.1: L, in little endian. Without a range check, s + L is as valid as s.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (issuer, verifier) = issuer_and_verifier();
    let valid = token(&issuer).algorithm(Algorithm::EdDsa).mint();
    let mut signature = jws::decode(jws::parts(&valid)[2]);
    for _ in 0..7 {
        let mut carry = 0;
        for (digit, order) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*digit) + u16::from(order) + carry;
            [*digit, _] = sum.to_le_bytes();
            carry = sum >> 8;
        }
        let token = jws::with_signature(&valid, &signature);
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Signature));
    }
}

// Verifies rfc7515-10.6-digest-info.
#[tokio::test]
async fn rsa_signatures_with_disallowed_parameters_are_rejected() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().audience(crate::support::API).pem_key(openssl::RSA);
    let verifier = verifier.build().unwrap();
    let (_, _, valid) = openssl::TOKENS[0];
    assert!(accepts(&verifier, valid).await);
    for (case, algorithm, signature) in openssl::DISALLOWED_RSA_SIGNATURES {
        let header = jws::encode(format!(r#"{{"alg":"{algorithm}","typ":"at+jwt"}}"#));
        let token = format!("{header}.{}.{signature}", jws::parts(valid)[1]);
        assert_eq!(outcome(&verifier, &token).await, Err(TokenFault::Signature), "{case}");
    }
}

// Verifies rfc9068-4-signature.
#[tokio::test]
async fn a_valid_signature_with_the_key_of_an_attacker_is_rejected() {
    let (issuer, verifier) = issuer_and_verifier();
    let attacker = TestIssuer::new();
    attacker.clock().set(portcullis::Clock::now(&issuer.clock()));
    for algorithm in ALL {
        for forged in [token(&attacker), token(&attacker).without_header("kid")] {
            let forged = forged.algorithm(algorithm).mint();
            assert_eq!(
                outcome(&verifier, &forged).await,
                Err(TokenFault::Signature),
                "{algorithm}"
            );
        }
    }
}

#[tokio::test]
async fn a_signature_is_verified_only_if_the_claims_are_valid() {
    let issuer = TestIssuer::new();
    let verifier = verifier(&issuer);
    let expired = token(&issuer).claim("exp", serde_json::json!(1)).mint();
    let forged = jws::with_signature(&expired, [0; 64]);
    assert_eq!(outcome(&verifier, &forged).await, Err(TokenFault::Expired));
}

/// A DER INTEGER.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let sign: &[u8] = if number[zeros] >= 0x80 { &[0] } else { &[] };
    value(2, &[sign, &number[zeros..]].concat())
}

/// A DER SEQUENCE.
fn sequence(items: &[u8]) -> Vec<u8> {
    value(0x30, items)
}

fn value(tag: u8, value: &[u8]) -> Vec<u8> {
    let len = u8::try_from(value.len()).expect("a short value");
    let header = if len < 0x80 { vec![tag, len] } else { vec![tag, 0x81, len] };
    [&header, value].concat()
}
