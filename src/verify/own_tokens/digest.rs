//! The SHA-256 digest of a token.

use std::{fmt, hash, str::FromStr};

use subtle::ConstantTimeEq;

use crate::digest::sha256;

/// The SHA-256 digest of a token, which a [`TokenStore`](super::TokenStore) contains instead of the
/// token.
///
/// The digest doesn't reveal the token. It needs neither a salt nor a slow hash, because a token has 256
/// random bits and can't be guessed. `Display` and `FromStr` use 64 hexadecimal digits, and `Debug` shows
/// the first eight. Digests are compared in constant time.
///
/// ```
/// use portcullis::own_tokens::TokenDigest;
///
/// let digest = TokenDigest::of("abc");
/// let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// assert_eq!(digest.to_string(), hex);
/// assert_eq!(hex.parse(), Ok(digest));
/// assert_eq!(format!("{digest:?}"), "TokenDigest(ba7816bf..)");
/// ```
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Computes the digest of a token without validating its format. See
    /// [`OwnTokenFormat::digest`](super::OwnTokenFormat::digest) for a method that does.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(sha256(token.as_bytes()))
    }

    /// Returns the digest as bytes, for a binary column in a database. `From<[u8; 32]>` is the inverse.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for TokenDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for TokenDigest {
    type Err = InvalidTokenDigest;

    fn from_str(hex: &str) -> Result<Self, InvalidTokenDigest> {
        let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(InvalidTokenDigest(()));
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Ok(Self(bytes))
    }
}

fn nibble(digit: u8) -> Result<u8, InvalidTokenDigest> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
        .ok_or(InvalidTokenDigest(()))
}

/// Compares in constant time.
impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenDigest {}

impl hash::Hash for TokenDigest {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        hash::Hash::hash(&self.0, state);
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("..)")
    }
}

/// The error of parsing a [`TokenDigest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid token digest: expected 64 hexadecimal digits")]
pub struct InvalidTokenDigest(());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_hexadecimal_digits_are_parsed() {
        let hex = TokenDigest::of("a").to_string();
        for (text, valid) in [
            (hex.clone(), true),
            (hex.to_uppercase(), true),
            (hex[..62].to_owned(), false),
            (hex[..63].to_owned(), false),
            (format!("{hex}0"), false),
            (format!("{hex}00"), false),
            (format!("+{}", &hex[1..]), false),
            (format!("g{}", &hex[1..]), false),
            (format!("\u{e9}{}", &hex[2..]), false),
            (String::new(), false),
        ] {
            let digest: Result<TokenDigest, _> = text.parse();
            assert_eq!(digest.is_ok_and(|digest| digest == TokenDigest::of("a")), valid, "{text}");
        }
    }
}
