//! Invalid signatures, with every algorithm.

use std::sync::LazyLock;

use crate::jose::algorithm::Algorithm;
use crate::jose::crypto::{Curve, PublicParts, SigningKey, VerifyingKey, der, supports};

const MESSAGE: &[u8] = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UifQ";

/// Generated once, because it is slow.
static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Rs256));

/// A signature of the message with each algorithm, and a key that verifies it.
static SIGNED: LazyLock<Vec<(Algorithm, VerifyingKey, Vec<u8>)>> = LazyLock::new(|| signed(&RSA));

fn signed(rsa: &SigningKey) -> Vec<(Algorithm, VerifyingKey, Vec<u8>)> {
    let by = |key: &SigningKey, algorithm| {
        (algorithm, key.verifying_key(algorithm), key.sign(algorithm, MESSAGE))
    };
    let of_rsa = rsa.verifying_key(Algorithm::Rs256).algorithms();
    let all = Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::SYMMETRIC);
    all.filter(|algorithm| supports(*algorithm))
        .map(|algorithm| {
            if of_rsa.contains(algorithm) {
                by(rsa, algorithm)
            } else {
                by(&SigningKey::generate(algorithm), algorithm)
            }
        })
        .collect()
}

#[test]
fn a_signature_verifies_only_with_its_key_algorithm_and_message() {
    for (algorithm, own, signature) in &*SIGNED {
        for (_, key, _) in &*SIGNED {
            // The six RSA algorithms share a key.
            let its_key = key.algorithms() == own.algorithms();
            for (used, ..) in &*SIGNED {
                assert_eq!(
                    key.verify(*used, MESSAGE, signature),
                    its_key && used == algorithm,
                    "{algorithm} as {used} with {key:?}"
                );
            }
        }
        assert!(!own.verify(*algorithm, b"another message", signature));
        assert!(!own.verify(*algorithm, b"", signature));
    }
}

#[test]
fn a_signature_by_another_key_of_the_same_type_is_rejected() {
    let others = signed(&SigningKey::generate(Algorithm::Rs256));
    for ((algorithm, key, _), (_, _, signature)) in SIGNED.iter().zip(&others) {
        assert!(!key.verify(*algorithm, MESSAGE, signature), "{algorithm}");
    }
}

#[test]
fn a_signature_with_a_flipped_bit_is_rejected() {
    for (algorithm, key, signature) in &*SIGNED {
        for at in (0..signature.len()).step_by(signature.len().div_ceil(256)) {
            let mut flipped = signature.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(!key.verify(*algorithm, MESSAGE, &flipped), "{algorithm}, byte {at}");
        }
    }
}

#[test]
fn a_signature_of_another_length_is_rejected() {
    let zeros = vec![0; 20_000];
    for (algorithm, key, signature) in &*SIGNED {
        let cases = [
            ("empty", vec![]),
            ("one byte", vec![1]),
            ("cut", signature[..signature.len() - 1].to_vec()),
            ("cut in front", signature[1..].to_vec()),
            ("cut in half", signature[..signature.len() / 2].to_vec()),
            ("extended", [signature, &zeros[..1]].concat()),
            ("extended in front", [&zeros[..1], signature].concat()),
            ("doubled", [&**signature, signature].concat()),
            ("20 KB", vec![0xa5; 20_000]),
            ("20 KB that begin right", [signature, &*zeros].concat()),
            ("20 KB that end right", [&*zeros, signature].concat()),
        ];
        for (name, signature) in cases {
            assert!(!key.verify(*algorithm, MESSAGE, &signature), "{algorithm}, {name}");
        }
    }
}

#[test]
fn a_signature_of_constant_bytes_is_rejected() {
    for (algorithm, key, signature) in &*SIGNED {
        for byte in [0x00, 0x01, 0x7f, 0xff] {
            let signature = vec![byte; signature.len()];
            assert!(!key.verify(*algorithm, MESSAGE, &signature), "{algorithm}, {byte}");
        }
    }
}

#[test]
fn ecdsa_numbers_outside_1_to_n_are_rejected() {
    for (curve, n) in Curve::ALL.into_iter().zip(ORDERS) {
        let len = curve.coordinate_len();
        let (algorithm, key, signature) =
            SIGNED.iter().find(|(algorithm, ..)| *algorithm == curve.algorithm()).unwrap();
        let (r, s) = signature.split_at(len);
        let (zero, n, most) = (vec![0; len], bytes(n), vec![0xff; len]);
        let mut one = zero.clone();
        one[len - 1] = 1;

        let cases = [
            // CVE-2022-21449
            ("r and s 0", [&*zero, &zero]),
            ("r 0", [&zero, s]),
            ("s 0", [r, &zero]),
            ("r and s n", [&n, &n]),
            ("r n", [&n, s]),
            ("s n", [r, &n]),
            ("r the largest", [&most, s]),
            ("s the largest", [r, &most]),
            ("r 0 and s 1", [&zero, &one]),
            ("r 1 and s 0", [&one, &zero]),
            ("r and s swapped", [s, r]),
        ];
        for (name, signature) in cases {
            assert!(!key.verify(*algorithm, MESSAGE, &signature.concat()), "{algorithm}, {name}");
        }
        // The same number modulo n. It fits into curves whose coordinates have unused bits.
        for [r, s] in [[&*sum(r, &n).0, s], [r, &sum(s, &n).0]] {
            assert!(!key.verify(*algorithm, MESSAGE, &[r, s].concat()), "{algorithm}");
        }
    }
}

#[test]
fn an_ecdsa_signature_in_der_is_rejected() {
    for (algorithm, key, signature) in &*SIGNED {
        let halves = signature.split_at(signature.len() / 2);
        let [r, s] = [halves.0, halves.1].map(|number| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            let sign: &[u8] = if number[zeros] >= 0x80 { &[0] } else { &[] };
            der::write(der::INTEGER, &[sign, &number[zeros..]].concat()).unwrap()
        });
        let der = der::write(der::SEQUENCE, &[r, s].concat()).unwrap();
        assert!(!key.verify(*algorithm, MESSAGE, &der), "{algorithm}");
        if let Some(cut) = der.get(..signature.len()) {
            assert!(!key.verify(*algorithm, MESSAGE, cut), "{algorithm}");
        }
    }
}

#[test]
fn an_rsa_signature_of_at_least_the_modulus_is_rejected() {
    let PublicParts::Rsa { n, .. } = RSA.public_parts() else { unreachable!() };
    let key = RSA.verifying_key(Algorithm::Rs256);
    for algorithm in [Algorithm::Ps256, Algorithm::Rs256] {
        assert!(!key.verify(algorithm, MESSAGE, &n));
        // The same number modulo n, if the signature is small enough.
        let (message, signature) = (0..1000_u32)
            .map(|number| (number.to_be_bytes(), RSA.sign(algorithm, &number.to_be_bytes())))
            .find(|(_, signature)| !sum(signature, &n).1)
            .unwrap();
        assert!(key.verify(algorithm, &message, &signature));
        assert!(!key.verify(algorithm, &message, &sum(&signature, &n).0), "{algorithm}");
    }
}

/// The orders of the curves: SEC 2, 2.4.2, 2.5.1 and 2.6.1.
const ORDERS: [&str; 3] = [
    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\
     C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
    "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\
     FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// The sum of two numbers of the same length, and whether it overflows.
fn sum(one: &[u8], other: &[u8]) -> (Vec<u8>, bool) {
    let (mut sum, mut carry) = (one.to_vec(), false);
    for (digit, other) in sum.iter_mut().zip(other).rev() {
        let (plus, over) = digit.overflowing_add(*other);
        let (plus_carry, over_carry) = plus.overflowing_add(u8::from(carry));
        (*digit, carry) = (plus_carry, over || over_carry);
    }
    (sum, carry)
}
