//! bcrypt hashes of passwords: `$2b$12$`, then 22 characters of salt and 31 of the hash.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ConfigError;

/// bcrypt's own base64 alphabet.
const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const SALT: usize = 16;
const HASH: usize = 23;

/// bcrypt uses this many bytes of a password and its terminating NUL, and ignores the rest.
const MAX_PASSWORD: usize = 72;

/// A hash in the format of OpenBSD: `$2a$`, `$2b$` or `$2y$`, which differ only in bugs of old
/// implementations.
pub(super) struct BcryptHash {
    text: Box<str>,
    cost: u32,
    salt: [u8; SALT],
    hash: [u8; HASH],
}

impl BcryptHash {
    /// Returns whether `text` claims to be a bcrypt hash.
    pub(super) fn is_bcrypt(text: &str) -> bool {
        text.starts_with("$2")
    }

    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::read(text).map_err(|problem| ConfigError::new("password hash", "[redacted]", problem))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let rest = ["$2a$", "$2b$", "$2y$"]
            .iter()
            .find_map(|version| text.strip_prefix(version))
            .ok_or("bcrypt version must be 2a, 2b or 2y")?;
        let (cost, digits) = rest.split_once('$').ok_or("bcrypt cost is missing")?;
        let cost = match cost.as_bytes() {
            [b'0'..=b'3', b'0'..=b'9'] => cost.parse().ok(),
            _ => None,
        };
        let cost = cost
            .filter(|cost| (4..=31).contains(cost))
            .ok_or("bcrypt cost must be between 04 and 31")?;
        let (salt, hash) =
            digits.split_at_checked(22).ok_or("bcrypt salt must be 22 characters long")?;
        let salt = decode(salt).ok_or("bcrypt salt contains an invalid character")?;
        let hash = decode(hash).ok_or("bcrypt hash must be 31 characters of its alphabet")?;
        Ok(Self { text: text.into(), cost, salt, hash })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether this is the hash of the first 72 bytes of `password`.
    pub(super) fn matches(&self, password: &str) -> bool {
        let bytes = password.bytes().chain([0]).take(MAX_PASSWORD);
        let mut key = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD));
        key.extend(bytes);
        let computed = bcrypt::bcrypt(self.cost, self.salt, &key);
        computed.get(..HASH).is_some_and(|computed| computed.ct_eq(&self.hash).into())
    }
}

/// Decodes `N` bytes. Ignores the unused bits of the last character, which implementations set differently.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N.saturating_mul(4).div_ceil(3) {
        return None;
    }
    let mut bytes = [0; N];
    let mut to = bytes.iter_mut();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for character in text.bytes() {
        let value = ALPHABET.iter().position(|&one| one == character)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        count = count.saturating_add(6);
        if let Some(rest) = count.checked_sub(8) {
            // The output is full once only the unused bits are left.
            if let Some(byte) = to.next() {
                *byte = u8::try_from((bits >> rest) & 0xff).ok()?;
            }
            count = rest;
        }
    }
    Some(bytes)
}

impl fmt::Debug for BcryptHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bcrypt")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(hash: &str, password: &str) -> bool {
        BcryptHash::parse(hash).unwrap().matches(password)
    }

    #[test]
    fn hashes_of_other_implementations_are_verified() {
        // From the tests of jBCrypt.
        for (hash, password) in [
            ("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", ""),
            ("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"),
            ("$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc"),
            (
                "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC",
                "abcdefghijklmnopqrstuvwxyz",
            ),
            (
                "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
                "~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
            ),
        ] {
            for version in ["$2a$", "$2b$", "$2y$"] {
                let hash = hash.replacen("$2a$", version, 1);
                assert!(matches(&hash, password), "{hash}");
                assert!(!matches(&hash, "Abc"), "{hash}");
            }
        }
    }

    #[test]
    fn bytes_after_the_72nd_are_ignored() {
        // From the tests of OpenBSD's implementation in Openwall's crypt_blowfish.
        let hash = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
        let password = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\
            0123456789chars after 72 are ignored";
        assert!(matches(hash, password));
        assert!(matches(hash, &password[..72]));
        assert!(!matches(hash, &password[..71]));
    }

    #[test]
    fn unused_bits_of_the_last_character_are_ignored() {
        let hash = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
        // `u` and `v` differ in the lowest bit, of which the salt uses none.
        assert!(matches(&hash.replacen("eDu0", "eDv0", 1), "abc"));
        assert!(!matches(&hash.replacen("eDu0", "eEu0", 1), "abc"));
    }

    #[test]
    fn other_text_is_rejected() {
        const REST: &str = "If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
        for text in [
            "$2",
            "$2$06$",
            &format!("$2x$06${REST}"),
            &format!("$2a${REST}"),
            &format!("$2a$03${REST}"),
            &format!("$2a$32${REST}"),
            &format!("$2a$6${REST}"),
            &format!("$2a$+6${REST}"),
            &format!("$2a$006${REST}"),
            &format!("$2a$06${REST}a"),
            &format!("$2a$06${}", &REST[1..]),
            &format!("$2a$06${}", REST.replace('.', "+")),
            &format!("$2a$06$\u{e9}{}", &REST[2..]),
        ] {
            let error = BcryptHash::parse(text).expect_err(text).to_string();
            assert!(error.starts_with("password hash `[redacted]`: bcrypt "), "{error}");
        }
    }
}
