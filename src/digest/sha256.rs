//! SHA-256 (FIPS 180-4).

/// Returns the SHA-256 digest of `bytes`.
#[cfg(feature = "aws-lc-rs")]
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    digest
}

/// Returns the SHA-256 digest of `bytes`.
#[cfg(all(not(feature = "aws-lc-rs"), not(feature = "_sha2")))]
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    hmac_sha256::Hash::hash(bytes)
}

/// Returns the SHA-256 digest of `bytes`.
#[cfg(all(not(feature = "aws-lc-rs"), feature = "_sha2"))]
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;

    sha2::Sha256::digest(bytes).into()
}

/// Returns the SHA-256 digest of these parts, one after the other.
#[cfg(all(feature = "dpop", feature = "_jwt"))]
pub(crate) fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    // Each call of a back end costs more than a copy, and most texts are short.
    let mut buffer = [0; 256];
    let mut free = &mut buffer[..];
    for part in parts {
        let Some((place, rest)) = free.split_at_mut_checked(part.len()) else {
            return sha256(&parts.concat());
        };
        place.copy_from_slice(part);
        free = rest;
    }
    let free = free.len();
    sha256(buffer.get(..buffer.len().saturating_sub(free)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_nist_are_correct() {
        for (message, hash) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
        ] {
            let hex: String = sha256(message.as_bytes()).map(|byte| format!("{byte:02x}")).concat();
            assert_eq!(hex, hash, "{message:?}");
            #[cfg(all(feature = "dpop", feature = "_jwt"))]
            assert_eq!(
                sha256_of_parts(&[message.as_bytes(), &[b'a'; 300]]),
                sha256(&[message.as_bytes(), &[b'a'; 300]].concat())
            );
            #[cfg(all(feature = "dpop", feature = "_jwt"))]
            for end in 0..=message.len() {
                let (one, other) = message.as_bytes().split_at(end);
                assert_eq!(sha256_of_parts(&[one, other]), sha256(message.as_bytes()), "{end}");
            }
        }
    }
}
